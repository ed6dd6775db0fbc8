import { type App, createApp, type Seams } from "./app.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { systemClock } from "./platform/clock.ts";
import { createDatabase, migrate } from "./platform/db/index.ts";
import { createLogger, type Logger } from "./platform/log.ts";

export type RunningServer = {
  config: Config;
  app: App;
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** Drains and closes everything that `startServer` opened; a second call waits for the first. */
  stop(): Promise<void>;
};

/** Opens everything in order; what was opened is closed again, last first, when a later step fails and on `stop`. */
export async function startServer(config: Config, log: Logger, seams: Seams = {}): Promise<RunningServer> {
  const releasers: { name: string; release: () => Promise<unknown> }[] = [];
  const unwind = async (): Promise<void> => {
    for (let next = releasers.pop(); next !== undefined; next = releasers.pop()) {
      try {
        await next.release();
      } catch (error) {
        log.error({ err: error, part: next.name }, "a part did not close cleanly");
      }
    }
  };
  try {
    const { applied } = await migrate(config.database.url);
    if (applied.length > 0) log.info({ applied }, "migrations applied");
    const db = createDatabase({ ...config.database, log });
    releasers.push({ name: "database", release: () => db.close() });
    const app = await createApp({ clock: systemClock, ...seams, config, log, db });
    releasers.push({ name: "app", release: () => app.close() });
    const url = await app.start();
    log.info({ url, role: config.role, payoutMode: config.payouts.mode }, "listening");
    let stopped: Promise<void> | undefined;
    return {
      config,
      app,
      url,
      stop: () => {
        stopped ??= unwind();
        return stopped;
      },
    };
  } catch (error) {
    await unwind();
    throw error;
  }
}

/** One line for what a person can mend; everything else with its stack. */
export function describeStartFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  if (code === "EADDRINUSE") return `port ${port} on ${address} is taken: set PORT to a free one`;
  if (code === "ECONNREFUSED") return `nothing answers at ${address}:${port}: is DATABASE_URL right?`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<void> {
  let server: RunningServer;
  try {
    const config = loadConfig(process.env);
    server = await startServer(config, createLogger({ level: config.logLevel }));
  } catch (error) {
    process.stderr.write(`coinclicker: ${describeStartFailure(error)}\n`);
    process.exit(1);
  }
  // The first signal drains; the second, from somebody who will not wait, ends at once.
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void server.stop().then(() => process.exit(0));
    });
  }
}

if (import.meta.main) await main();

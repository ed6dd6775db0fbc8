import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "../log.ts";

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const GOODBYE_MS = 500;

export type Listener = { close(): Promise<void> };

/**
 * Calls `heard` with the payload of every notification on a channel, and with null whenever it begins to listen: what
 * was said before, or while the connection was lost, is not said again. So a notification saves waiting, and nothing
 * may depend on it.
 */
export function listen(options: {
  url: string;
  channel: string;
  /** As which it is seen among the database's connections. */
  name: string;
  log: Logger;
  heard: (payload: string | null) => void;
  /** Called when the connection is lost, and each time that it cannot be had. */
  lost?: () => void;
}): Listener {
  const { url, channel, name, log, heard } = options;
  const closing = new AbortController();

  async function untilLost(onUp: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      application_name: name,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const lost = Promise.withResolvers<Error>();
    client.on("error", lost.resolve);
    client.on("end", () => lost.resolve(new Error("the connection was closed")));
    client.on("notification", ({ payload }) => heard(payload ?? null));
    const close = (): void => lost.resolve(new Error("it is not wanted any more"));
    closing.signal.addEventListener("abort", close, { once: true });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      onUp();
      heard(null);
      if (!closing.signal.aborted) throw await lost.promise;
    } finally {
      closing.signal.removeEventListener("abort", close);
      // A peer that vanished never answers the goodbye.
      await Promise.race([client.end().catch(() => undefined), sleep(GOODBYE_MS, undefined, { ref: false })]);
    }
  }

  async function run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!closing.signal.aborted) {
      try {
        await untilLost(() => {
          retryMs = FIRST_RETRY_MS;
        });
      } catch (error) {
        if (closing.signal.aborted) return;
        options.lost?.();
        log.warn(
          { err: error, channel, retryMs },
          "a listener lost its database connection and connects again",
        );
        await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = resolve(import.meta.dirname, "../..");

/** `npm start` as a person has it, minus the bootstrap: a process of its own that is read and signalled. */
export class Product {
  readonly child: ChildProcess;
  readonly port: number;
  output = "";

  constructor(env: { dataDir: string; port: number } & Record<string, string | number>) {
    const { dataDir, port, ...more } = env;
    this.port = port;
    this.child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(ROOT, "scripts/start.ts")],
      {
        cwd: ROOT,
        env: { ...withoutServices(process.env), DATA_DIR: dataDir, PORT: String(port), ...strings(more) },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async ready(timeoutMs = 90_000): Promise<this> {
    const deadline = performance.now() + timeoutMs;
    while (!this.output.includes("Ctrl-C stops everything")) {
      if (this.ended || performance.now() > deadline) throw new Error(`it did not start:\n${this.output}`);
      await sleep(50);
    }
    return this;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Sends a signal and waits for the end; gives the exit code, null where a signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.ended) this.child.kill(signal);
    return this.exit();
  }

  async exit(): Promise<number | null> {
    while (!this.ended) await sleep(20);
    return this.child.exitCode;
  }
}

/** Settings of the machine that runs the tests must not leak into the product under test. */
function withoutServices(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: _d,
    REDIS_URL: _r,
    FLARE_RPC_URLS: _f,
    XRPL_URLS: _x,
    PAYOUT_MODE: _p,
    ...rest
  } = env;
  return rest;
}

function strings(values: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

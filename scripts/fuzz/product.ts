import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hardhatWallets } from "../../src/config.ts";
import { freePort } from "../local/postgres.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { makeTempDir } from "../local/temp-dir.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const READY_TIMEOUT_MS = 90_000;
/** A server that keeps what requests leave behind ends here, which is a fault. */
const HEAP_MEGABYTES = 384;

/** Of the local approvers this one is an admin too; the others approve only. */
export const ADMIN = 1;

export type LogLine = { level: number; msg?: string; err?: { message?: string; stack?: string } };

/** The product as a deployment runs it: the server in a process of its own, on a real database and both chains. */
export type ServedProduct = {
  url: string;
  databaseUrl: string;
  /** What the server has logged since the last call. A line that is not one JSON object counts as `broken`. */
  takeLog(): { lines: LogLine[]; broken: string[] };
  get ended(): boolean;
  stop(): Promise<void>;
};

export async function serveProduct(onProgress: (text: string) => void): Promise<ServedProduct> {
  const dataDir = makeTempDir("fuzz");
  let stack: Stack | undefined;
  let server: ChildProcess | undefined;
  const hasEnded = (): boolean => server?.exitCode !== null || server.signalCode !== null;
  const abandon = (): void => {
    server?.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  const stop = async (): Promise<void> => {
    process.off("exit", abandon);
    if (server !== undefined && !hasEnded()) {
      const ended = new Promise((done) => server?.once("exit", done));
      server.kill("SIGTERM");
      await ended;
    }
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    stack = await startStack({ dataDir, volatile: true, onProgress });
    const url = `http://127.0.0.1:${await freePort()}`;
    const output = { unread: "" };
    const flags = [`--max-old-space-size=${HEAP_MEGABYTES}`, "--disable-warning=ExperimentalWarning"];
    server = spawn(process.execPath, [...flags, join(ROOT, "src/server.ts")], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        ...stack.env,
        PORT: new URL(url).port,
        PUBLIC_URL: url,
        LOG_LEVEL: "info",
        ADMIN_ADDRESSES: hardhatWallets()[ADMIN]?.address ?? "",
        // One address asks for thousands: what each request is counted as is up to its forwarded header.
        TRUST_PROXY: "true",
        API_REQUESTS_PER_MINUTE: "10000000",
      },
    });
    server.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output.unread += text;
    });
    await untilReady(url, stack, hasEnded);
    return {
      url,
      databaseUrl: stack.env.DATABASE_URL ?? "",
      takeLog: () => takeLines(output),
      get ended() {
        return hasEnded();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(url: string, stack: Stack, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (hasEnded() || performance.now() > deadline) throw new Error("the server did not get ready");
    const answer = await fetch(`${url}/ready`).catch(() => null);
    if (answer !== null && ((await answer.json()) as { status: string }).status === "ready") return;
    // Payouts wait some ledgers after a fresh start; a new ledger closes them at once.
    await stack.xrpl?.ledger.accept();
    await sleep(100);
  }
}

function takeLines(output: { unread: string }): { lines: LogLine[]; broken: string[] } {
  const end = output.unread.lastIndexOf("\n") + 1;
  const taken = output.unread.slice(0, end);
  output.unread = output.unread.slice(end);
  const lines: LogLine[] = [];
  const broken: string[] = [];
  for (const line of taken.split("\n").filter((text) => text !== "")) {
    try {
      lines.push(JSON.parse(line) as LogLine);
    } catch {
      broken.push(line);
    }
  }
  return { lines, broken };
}

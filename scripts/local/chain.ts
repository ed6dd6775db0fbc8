import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LocalContracts, PROJECT_ROOT } from "./chain-genesis.ts";
import type { ChainProcessMessage, ChainProcessOptions } from "./chain-process.ts";

export type ChainOptions = {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Where the chain is kept, so that it continues next time; null, the default, keeps nothing. */
  dataDir?: string | null;
  /** Default 1000. 0 mines on every transaction, and `evm_setAutomine(false)` then leaves all mining to `evm_mine`. */
  blockTimeMs?: number;
  onProgress?: (step: string) => void;
};

export type LocalChain = LocalContracts & {
  url: string;
  chainId: 31_337;
  pid: number;
  /** false when the chain continues where it was; true when it has only its first blocks. */
  fresh: boolean;
  /** Why an existing chain could not be continued. */
  freshReason: string | null;
  /** Resolves when the process has ended, whoever ended it. */
  exited: Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts a Flare-like chain on 127.0.0.1 in a process of its own, with the project's contracts deployed and funded. It is
 * in a process group of its own, so Ctrl-C in a terminal leaves it to the caller to stop it; it ends when the caller dies.
 */
export async function startChain(options: ChainOptions = {}): Promise<LocalChain> {
  const settings: ChainProcessOptions = {
    port: options.port ?? 0,
    dataDir: options.dataDir ?? null,
    blockTimeMs: options.blockTimeMs ?? 1_000,
  };
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "chain-process.ts"),
      JSON.stringify(settings),
    ],
    { cwd: PROJECT_ROOT, detached: true, stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  const exited = once(child, "exit").then(() => undefined);
  const ready = await untilReady(child, options.onProgress);
  // A caller that forgets to stop it can still end, and takes the chain along.
  child.unref();
  child.channel?.unref();
  return {
    ...ready.contracts,
    url: `http://127.0.0.1:${ready.port}`,
    chainId: 31_337,
    pid: child.pid ?? 0,
    fresh: ready.fresh,
    freshReason: ready.freshReason,
    exited,
    stop: () => stop(child, exited),
  };
}

type Ready = Extract<ChainProcessMessage, { ready: unknown }>["ready"];

function untilReady(child: ChildProcess, onProgress: ChainOptions["onProgress"]): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4_000);
    });
    child.on("message", (message: ChainProcessMessage) => {
      if ("ready" in message) resolve(message.ready);
      else if ("failed" in message) reject(new Error(message.failed));
      else onProgress?.(message.progress);
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`the local chain ended with code ${code}: ${errors}`.trim())),
    );
  });
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  child.kill("SIGTERM");
  const timeout = new AbortController();
  await Promise.race([
    exited,
    sleep(5_000, undefined, { signal: timeout.signal }).then(
      () => child.kill("SIGKILL"),
      () => undefined,
    ),
  ]);
  timeout.abort();
  await exited;
}

import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChainRecord } from "./chain-log.ts";

export const PROJECT_ROOT = join(import.meta.dirname, "../..");

/** Where everything lies on every local chain: accounts, their nonces and the steps are always the same. */
export type LocalContracts = {
  vault: string;
  token: string;
  registry: string;
  ftso: string;
  wnat: string;
  refusingPayee: string;
};

/** The first blocks of every local chain: all contracts deployed, registered and funded. */
export type Genesis = {
  contracts: LocalContracts;
  records: readonly ChainRecord[];
  /** Names these blocks; a log that continues other ones is another chain's. */
  digest: string;
};

/** What the first blocks are made from; they are made again when any of it changes. */
const SOURCES = [
  "contracts/**/*.sol",
  "ignition/modules/*.ts",
  "hardhat.config.ts",
  "package-lock.json",
  "scripts/local/chain-deployment.ts",
  "scripts/local/chain-genesis.ts",
];

/**
 * Returns the first blocks, from the cache when the sources have not changed, or else compiles and deploys. Several
 * processes may ask at once: one makes them, the others wait.
 */
export async function loadGenesis(onProgress: (step: string) => void): Promise<Genesis> {
  const directory = join(PROJECT_ROOT, "cache/local-chain");
  const path = join(directory, `${digestOfSources()}.json`);
  const lock = join(directory, "lock");
  mkdirSync(directory, { recursive: true });
  while (!existsSync(path)) {
    if (!takeLock(lock)) {
      onProgress("waiting for another process that deploys the contracts");
      await sleep(200);
      continue;
    }
    try {
      const { deployGenesis } = await import("./chain-deployment.ts");
      const made = await deployGenesis(onProgress);
      const digest = createHash("sha256").update(JSON.stringify(made)).digest("hex");
      writeFileSync(`${path}.${process.pid}`, JSON.stringify({ ...made, digest } satisfies Genesis));
      renameSync(`${path}.${process.pid}`, path);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return JSON.parse(readFileSync(path, "utf8")) as Genesis;
}

function digestOfSources(): string {
  const hash = createHash("sha256");
  for (const file of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: PROJECT_ROOT })).sort()) {
    if (file.endsWith(".t.sol")) continue;
    hash.update(`${file}\n`).update(readFileSync(join(PROJECT_ROOT, file)));
  }
  return hash.digest("hex").slice(0, 32);
}

/** A lock that a dead process left behind is taken over. */
function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const holder = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
    if (holder > 0 && !isRunning(holder)) rmSync(path, { force: true });
    return false;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ChainEngine } from "./chain-engine.ts";
import { type Genesis, isRunning, type LocalContracts, loadGenesis } from "./chain-genesis.ts";
import { type ChainLog, openChainLog } from "./chain-log.ts";
import { serveJsonRpc } from "./chain-server.ts";

/** What the parent asks for, as JSON in the first argument. */
export type ChainProcessOptions = { port: number; dataDir: string | null; blockTimeMs: number };

/** What the process tells its parent. */
export type ChainProcessMessage =
  | { progress: string }
  | { ready: { port: number; contracts: LocalContracts; fresh: boolean; freshReason: string | null } }
  | { failed: string };

function tell(message: ChainProcessMessage): void {
  process.send?.(message);
}

/** One process to a directory; a parent that was killed may have left one behind that is about to end. */
async function takeDirectory(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "chain.pid");
  const holder = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  for (let waitedMs = 0; holder > 0 && isChainProcess(holder); waitedMs += 50) {
    if (waitedMs >= 5_000) throw new Error(`process ${holder} runs a chain in ${dataDir} already`);
    await sleep(50);
  }
  writeFileSync(path, String(process.pid));
}

/** A number that another program has by now is no chain. Where there is no /proc, whatever runs counts as one. */
function isChainProcess(pid: number): boolean {
  if (pid === process.pid || !isRunning(pid)) return false;
  const path = `/proc/${pid}/cmdline`;
  return (
    !existsSync("/proc/self/cmdline") ||
    (existsSync(path) && readFileSync(path, "utf8").includes("chain-process"))
  );
}

type Started = { engine: ChainEngine; log: ChainLog | null; freshReason: string | null; fresh: boolean };

async function startEngine(genesis: Genesis, dataDir: string | null): Promise<Started> {
  const engine = await deployed(genesis);
  if (dataDir === null) return { engine, log: null, fresh: true, freshReason: null };
  await takeDirectory(dataDir);
  const path = join(dataDir, "chain.jsonl");
  const isFirst = !existsSync(path);
  const log = openChainLog(path, genesis.digest);
  if (log === null) return beginAnew(genesis, path, "the contracts changed or the chain's log is damaged");
  try {
    if (log.records.length > 0) tell({ progress: `continuing the chain (${log.records.length} records)` });
    await engine.replay(log.records);
    return { engine, log, fresh: isFirst, freshReason: null };
  } catch (error) {
    log.close();
    return beginAnew(genesis, path, `the chain's log does not lead to the same chain: ${String(error)}`);
  }
}

async function beginAnew(genesis: Genesis, path: string, freshReason: string): Promise<Started> {
  renameSync(path, `${path}.old`);
  const log = openChainLog(path, genesis.digest);
  return { engine: await deployed(genesis), log, fresh: true, freshReason };
}

async function deployed(genesis: Genesis): Promise<ChainEngine> {
  const engine = await ChainEngine.create();
  await engine.replay(genesis.records);
  return engine;
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? "{}") as ChainProcessOptions;
  const genesis = await loadGenesis((progress) => tell({ progress }));
  const { engine, log, fresh, freshReason } = await startEngine(genesis, options.dataDir);
  await engine.run(options.blockTimeMs, log === null ? null : (record) => log.append(record));
  const { port } = await serveJsonRpc(options.port, (method, params) => engine.request(method, params));
  tell({ ready: { port, contracts: genesis.contracts, fresh, freshReason } });
}

// What is not in the log was shown to nobody, so ending is safe at any moment. A parent that dies closes the channel.
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
main().catch((error: unknown) => {
  tell({ failed: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
});

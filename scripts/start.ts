import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { hardhatWallets, LOCAL_CHAIN_ID, loadConfig } from "../src/config.ts";
import { createLogger } from "../src/platform/log.ts";
import type { RunningServer } from "../src/server.ts";
import { buildWeb } from "./build-web.ts";
import { claimDataDir, DataDirInUse } from "./local/data-dir.ts";
import { LOCAL_APPROVERS, type Stack, startStack } from "./local/stack.ts";
import { type LocalXrpl, localXrplApprovers } from "./local/xrpl.ts";

const READY_TIMEOUT_MS = 15_000;
const READY_POLL_MS = 100;

/** In place of what is about to be started, so that what the environment does say can be checked before. */
const STAND_INS = {
  DATABASE_URL: "postgresql://stand-in",
  AUTH_SECRET: "stand-in".repeat(4),
  IP_HASH_KEY: "stand-in".repeat(4),
  FLARE_RPC_URLS: "http://127.0.0.1",
  FLARE_VAULT_ADDRESS: "0x0000000000000000000000000000000000000001",
  FLARE_OPERATOR_KEY: `0x${"1".repeat(64)}`,
};

/** The whole product on one machine: what the environment does not bring is started here, on loopback. */
async function main(): Promise<void> {
  const dataDir = process.env.DATA_DIR ?? ".data";
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1_000).toFixed(1).padStart(5);
  const progress = (text: string): void => {
    process.stdout.write(`${seconds()} s  ${text}\n`);
  };
  let release: () => void = () => undefined;
  let stack: Stack | null = null;
  let server: RunningServer | null = null;
  let stopping: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    await server?.stop();
    await stack?.stop();
    release();
  };
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(1);
      interrupted = true;
      process.stdout.write("\nstopping…\n");
      void stop().then(() => process.exit(0));
    });
  }
  try {
    // These come first: they are what goes wrong most, and cost nothing.
    loadConfig({ ...STAND_INS, ...process.env });
    await requireFreePort(process.env.HOST ?? "127.0.0.1", process.env.PORT ?? "3000");
    release = claimDataDir(dataDir);
    // Most of what there is to load, loaded while database and chains come up in processes of their own.
    const loading = import("../src/server.ts");
    stack = await startStack({ dataDir, env: process.env, onProgress: progress });
    if (interrupted) return;
    await buildWeb(progress);
    progress("server");
    const config = loadConfig({ LOG_LEVEL: "warn", ...stack.env });
    const { startServer } = await loading;
    server = await startServer(config, createLogger({ level: config.logLevel }));
    await untilReady(server.url, stack.xrpl);
    progress("ready");
    process.stdout.write(welcome(server, stack, dataDir));
  } catch (error) {
    // What was stopped half-way may well complain.
    if (interrupted) return;
    const { describeStartFailure } = await import("../src/server.ts");
    const message =
      error instanceof DataDirInUse || error instanceof PortTaken
        ? error.message
        : describeStartFailure(error);
    process.stderr.write(`coinclicker: ${message}\n`);
    await stop();
    process.exit(1);
  }
  // Without its database or chain the product is only half there; better to end than to look alive.
  const lost = await Promise.race([
    stack.postgres?.exited.then(() => "PostgreSQL") ?? new Promise<never>(() => undefined),
    stack.chain?.exited.then(() => "the local chain") ?? new Promise<never>(() => undefined),
  ]);
  if (interrupted) return;
  process.stderr.write(
    `coinclicker: ${lost} ended unexpectedly; stopping (npm start continues from ${dataDir})\n`,
  );
  await stop();
  process.exit(1);
}

/** Until the vault's money is on the ledger, so that whoever comes first can be paid. What stands in the way later, /ready says. */
async function untilReady(url: string, xrpl: LocalXrpl | null): Promise<void> {
  for (let waited = 0; waited < READY_TIMEOUT_MS; waited += READY_POLL_MS) {
    const { status } = (await (await fetch(`${url}/ready`)).json()) as { status: string };
    if (status === "ready") return;
    // Payouts wait some ledgers after a pause that may have been a restored backup; a new ledger closes them at once.
    if (xrpl?.fresh === true) await xrpl.ledger.accept();
    await sleep(READY_POLL_MS);
  }
}

class PortTaken extends Error {}

function requireFreePort(host: string, port: string): Promise<void> {
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      fail(
        error.code === "EADDRINUSE"
          ? new PortTaken(`port ${port} on ${host} is taken: set PORT to a free one`)
          : error,
      );
    });
    probe.listen(number, host, () => probe.close(() => done()));
  });
}

const HISTORY: Record<Stack["history"], string> = {
  new: "a new ledger and new chains",
  continued: "ledger and chains continue where they were",
  restarted: "ledger and chains all begin anew, because one of them was gone",
  external: "uses the services that the environment names",
};

function welcome(server: RunningServer, stack: Stack, dataDir: string): string {
  const { config, url } = server;
  const accounts = hardhatWallets();
  const lines = [
    "",
    `  CoinClicker   ${url}`,
    `  API           ${url}/docs   (${url}/openapi.json)`,
    `  Live feed     Socket.IO on ${url}, path /ws`,
    `  State         ${dataDir}: ${HISTORY[stack.history]}`,
  ];
  if (stack.chain !== null) {
    lines.push(
      `  Local chain   ${stack.chain.url}   chain id ${config.flare.chainId}, vault ${stack.chain.vault}`,
      "",
      "  Demo approvers (also admins; Hardhat's public keys, worth nothing elsewhere):",
      ...LOCAL_APPROVERS.map((index) => `    ${accounts[index]?.address}  ${accounts[index]?.privateKey}`),
    );
  }
  if (stack.xrpl !== null) {
    lines.push(
      "",
      `  XRP Ledger    ${stack.xrpl.ledger.url}   standalone, network id ${stack.xrpl.ledger.networkId}, treasury ${config.xrpl?.treasury}`,
      "",
      "  Demo approvers there (public seeds, worth nothing elsewhere):",
      ...localXrplApprovers().map(({ address, seed }) => `    ${address}  ${seed}`),
    );
  }
  lines.push(
    "",
    "  Try: npm run demo   25 players, 5,000 clicks, small and large payouts, verified on chain",
    "       docs/api.md    the same by hand, with curl",
    "  Ctrl-C stops everything.",
    "",
    "",
  );
  if (config.flare.chainId !== LOCAL_CHAIN_ID)
    lines.push(`  Payouts settle on chain ${config.flare.chainId}.\n`);
  return lines.join("\n");
}

await main();

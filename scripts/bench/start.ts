import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { ApiClient } from "../local/api-client.ts";
import { freePort } from "../local/postgres.ts";
import { makeTempDir } from "../local/temp-dir.ts";
import { median, printTable, targetAtMost } from "./harness.ts";

export const name = "start";
export const describe =
  "npm start to the first accepted click: on nothing, after a clean stop, after kill -9";

const ROOT = resolve(import.meta.dirname, "../..");
const ROUNDS = 5;
const GIVE_UP_MS = 60_000;
const POLL_MS = 10;
/** The lines by which `npm start` and its server tell how far they are. The first three come in any order. */
const MILESTONES = {
  postgres: "PostgreSQL is up",
  chain: "local Flare chain is up",
  xrpl: "standalone XRP Ledger is up",
  server: " s  server",
  migrated: '"msg":"migrations applied"',
  listening: '"msg":"listening"',
  ready: "Ctrl-C stops everything",
} as const;
type Milestone = keyof typeof MILESTONES;

type Kind = "fresh" | "warm, after a clean stop" | "warm, after kill -9";

/** Milliseconds since the command was given; a milestone that was not passed is absent. */
type Started = { atMs: ReadonlyMap<Milestone, number>; clickMs: number };

export async function run(): Promise<void> {
  const starts: Record<Kind, Started[]> = {
    fresh: [],
    "warm, after a clean stop": [],
    "warm, after kill -9": [],
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const base = makeTempDir("bench-start");
    const dataDir = join(base, "data");
    try {
      const fresh = await Product.start(dataDir);
      await fresh.stop();
      const stopped = await Product.start(dataDir);
      await stopped.kill();
      const killed = await Product.start(dataDir);
      await killed.stop();
      // The first round only fills the caches of the disk, and builds the page where it is stale.
      if (round === 0) continue;
      starts.fresh.push(fresh.started);
      starts["warm, after a clean stop"].push(stopped.started);
      starts["warm, after kill -9"].push(killed.started);
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  }
  report(starts);
}

function report(starts: Record<Kind, Started[]>): void {
  const entries = Object.entries(starts) as [Kind, Started[]][];
  const cells = (list: readonly Started[]): string[] => {
    const seconds = (of: (started: Started) => number): string => (median(list.map(of)) / 1_000).toFixed(2);
    const at = (milestone: Milestone) => (started: Started) => started.atMs.get(milestone) ?? Number.NaN;
    const wasMigrated = list.every(({ atMs }) => atMs.has("migrated"));
    return [
      seconds(at("postgres")),
      seconds(at("chain")),
      seconds(at("xrpl")),
      seconds(at("server")),
      wasMigrated ? seconds(at("migrated")) : "none due",
      seconds(at("listening")),
      seconds(({ clickMs }) => clickMs),
      (Math.max(...list.map(({ clickMs }) => clickMs)) / 1_000).toFixed(2),
      seconds(at("ready")),
    ];
  };
  printTable(
    `seconds from the command to each milestone, medians over ${ROUNDS} data folders`,
    ["", "PostgreSQL", "chain", "XRPL", "all three", "migrated", "listening", "click", "slowest", "can pay"],
    entries.map(([kind, list]) => [kind, ...cells(list)]),
  );
  for (const [kind, list] of entries) {
    if (kind === "fresh") continue;
    const clickSeconds = median(list.map(({ clickMs }) => clickMs)) / 1_000;
    targetAtMost(`${kind}, to the first accepted click`, clickSeconds, 5, "s");
  }
}

/** `npm start` as a person has it, in a data folder and on a port of its own, clicked as soon as it can be. */
class Product {
  readonly started: Started;
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(child: ChildProcess, dataDir: string, started: Started) {
    this.#child = child;
    this.#dataDir = dataDir;
    this.started = started;
  }

  static async start(dataDir: string): Promise<Product> {
    const port = await freePort();
    const wallet = Wallet.createRandom();
    const api = new ApiClient(`http://127.0.0.1:${port}`);
    const startedMs = performance.now();
    const since = (): number => performance.now() - startedMs;
    const child = spawn(process.execPath, [join(ROOT, "scripts/bootstrap.mjs"), "start"], {
      cwd: ROOT,
      env: { ...ownEnvironment(), DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: "info" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    // Whoever ends this benchmark early leaves nothing behind.
    const endWithUs = (): void => void child.kill("SIGTERM");
    process.on("exit", endWithUs);
    child.once("exit", () => process.off("exit", endWithUs));
    const atMs = new Map<Milestone, number>();
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const [milestone, line] of Object.entries(MILESTONES) as [Milestone, string][]) {
        if (output.includes(line) && !atMs.has(milestone)) atMs.set(milestone, since());
      }
    });
    const until = async (milestone: Milestone): Promise<void> => {
      while (!atMs.has(milestone)) {
        if (child.exitCode !== null || since() > GIVE_UP_MS) throw new Error(`it did not start:\n${output}`);
        await sleep(POLL_MS);
      }
    };
    await until("listening");
    await api.signIn(wallet);
    const { accepted } = await api.post<{ accepted: number }>("/click", { clientNonce: "first" });
    if (accepted !== 1) throw new Error("the first click did not count");
    const clickMs = since();
    await until("ready");
    return new Product(child, dataDir, { atMs, clickMs });
  }

  /** As Ctrl-C does; the bootstrap passes this signal on. */
  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }

  /** Ends the server without a word; what it had started is left to the next start. */
  async kill(): Promise<void> {
    const ended = once(this.#child, "exit");
    process.kill(Number(readFileSync(join(this.#dataDir, "pid"), "utf8")), "SIGKILL");
    await ended;
  }
}

/** What this machine's own services are must not leak into the product that is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: _database,
    REDIS_URL: _redis,
    FLARE_RPC_URLS: _flare,
    XRPL_URLS: _xrpl,
    PAYOUT_MODE: _mode,
    ...rest
  } = process.env;
  return rest;
}

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type LocalChain, startChain } from "../local/chain.ts";
import { type LocalPostgres, startPostgres } from "../local/postgres.ts";
import { createRedisServer, hasRedisServer } from "../local/redis.ts";
import { startStack } from "../local/stack.ts";
import { makeTempDir } from "../local/temp-dir.ts";
import { type LocalXrpl, startLocalXrpl } from "../local/xrpl.ts";
import { Child } from "./child.ts";
import { FaultyRpc } from "./rpc-proxy.ts";

/** Blocks on top of and including its own that make a receipt final: one more than the deepest reorganisation. */
export const CONFIRMATIONS = 6;
const BLOCK_TIME_MS = 400;
const STARTED_WITHIN_MS = 60_000;
/** The local chain slows down when nothing happens; final blocks must come all the same. */
const QUIET_BLOCK_MS = 1_000;

const SETTINGS: Record<string, string> = {
  PUBLIC_URL: "http://127.0.0.1:3000",
  LOG_LEVEL: "info",
  ACCESS_TOKEN_SECONDS: "86400",
  API_REQUESTS_PER_MINUTE: "10000000",
  CLICK_MAX_ENERGY: "1000000",
  DATABASE_MAX_CONNECTIONS: "12",
  // One of each for a COIN, so that players earn what approvers must sign.
  WEI_PER_COIN: String(10n ** 18n),
  DROPS_PER_COIN: String(10n ** 6n),
  FLARE_CONFIRMATIONS: String(CONFIRMATIONS),
  FLARE_POLL_MS: "200",
  FLARE_REPLACE_AFTER_SECONDS: "2",
  XRPL_POLL_MS: "300",
};

/** Everything that a deployment has, in processes of its own, with what it takes to break it. */
export class World {
  readonly dir: string;
  readonly apis: Child[] = [];
  readonly workers: Child[] = [];
  readonly rpcs: FaultyRpc[] = [];
  /** What ended without having been told to. */
  readonly falls: string[] = [];
  readonly redis: Awaited<ReturnType<typeof createRedisServer>> | null;
  #postgres: LocalPostgres | null = null;
  #chain: LocalChain | null = null;
  #xrpl: LocalXrpl | null = null;
  readonly #turns = new Map<string, Promise<unknown>>();
  #miner: NodeJS.Timeout | undefined;

  static async start(): Promise<World> {
    const redis = hasRedisServer ? await createRedisServer() : null;
    const world = new World(makeTempDir("fault-run"), redis);
    try {
      await world.#start();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  private constructor(dir: string, redis: World["redis"]) {
    this.dir = dir;
    this.redis = redis;
  }

  get postgres(): LocalPostgres {
    return present(this.#postgres, "PostgreSQL");
  }
  get chain(): LocalChain {
    return present(this.#chain, "the chain");
  }
  get xrpl(): LocalXrpl {
    return present(this.#xrpl, "the XRP Ledger");
  }
  get children(): Child[] {
    return [...this.apis, ...this.workers];
  }
  get urls(): string[] {
    return this.apis.map(({ url }) => url);
  }

  async #start(): Promise<void> {
    await this.redis?.start();
    const stack = await startStack({ dataDir: this.dir, blockTimeMs: BLOCK_TIME_MS });
    this.#postgres = stack.postgres;
    this.#chain = stack.chain;
    this.#xrpl = stack.xrpl;
    this.rpcs.push(new FaultyRpc(this.chain.url), new FaultyRpc(this.chain.url));
    const urls = await Promise.all(this.rpcs.map((rpc) => rpc.start()));
    const env = {
      ...stack.env,
      ...SETTINGS,
      FLARE_RPC_URLS: urls.join(","),
      ...(this.redis === null ? {} : { REDIS_URL: this.redis.url }),
    };
    const logs = join(this.dir, "logs");
    mkdirSync(logs);
    for (const role of ["api", "worker"] as const) {
      for (const number of [1, 2]) {
        const child = await Child.create({ name: `${role} ${number}`, role, dir: logs, env });
        child.onFall = (how) => this.falls.push(how);
        (role === "api" ? this.apis : this.workers).push(child);
      }
    }
    // The first one migrates; the others would wait for it anyway, with half the machine in hand.
    await this.apis[0]?.start();
    await this.startAll();
    // A program clicks here, which the policy would hold against it.
    await this.query("UPDATE payout_policies SET suspicion_delay_seconds = 0");
    this.#keepMining();
    await this.#untilFunded();
  }

  async startAll(): Promise<void> {
    await Promise.all(this.children.map((child) => child.start()));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
  }

  /** One request to the chain itself, past the misbehaving URLs. */
  async rpc<T = unknown>(method: string, params: readonly unknown[] = []): Promise<T> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(this.chain.url, { method: "POST", body, signal: AbortSignal.timeout(15_000) });
    const { result, error } = (await answer.json()) as { result: T; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async height(): Promise<number> {
    return Number(await this.rpc<string>("eth_blockNumber"));
  }

  /** What is done to the same thing is done one after the other: a reorganisation must not take another fault's blocks. */
  alone<T>(what: "chain" | "workers" | "database" | "ledger", work: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(what) ?? Promise.resolve()).then(work);
    this.#turns.set(
      what,
      done.catch(() => undefined),
    );
    return done;
  }

  async pauseMining(): Promise<void> {
    await this.rpc("evm_setIntervalMining", [0]);
  }

  async resumeMining(): Promise<void> {
    await this.rpc("evm_setIntervalMining", [BLOCK_TIME_MS]);
  }

  /** One statement on a connection of its own, as the product's role. */
  async query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.withDatabase(async (client) => (await client.query<T>(text, values)).rows);
  }

  async withDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.postgres.url, connectionTimeoutMillis: 5_000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async killChain(): Promise<void> {
    process.kill(this.chain.pid, "SIGKILL");
    await this.chain.exited;
  }

  async restartChain(): Promise<void> {
    const port = Number(new URL(this.chain.url).port);
    this.#chain = await startChain({ dataDir: join(this.dir, "chain"), port, blockTimeMs: BLOCK_TIME_MS });
    if (this.#chain.fresh) throw new Error(`the chain was not continued: ${this.#chain.freshReason}`);
  }

  async restartXrpl(downMs: number): Promise<void> {
    const port = Number(new URL(this.xrpl.ledger.url).port);
    await this.xrpl.stop();
    await sleep(downMs);
    this.#xrpl = await startLocalXrpl({ dataDir: join(this.dir, "xrpl"), closeEveryMs: BLOCK_TIME_MS, port });
    if (this.#xrpl.fresh) throw new Error("the XRP Ledger was not continued");
  }

  /** The postmaster and every backend, as when the machine's memory runs out. */
  async killPostgres(): Promise<void> {
    const { pid, exited } = this.postgres;
    const backends = childrenOf(pid);
    for (const one of [pid, ...backends]) {
      try {
        process.kill(one, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await exited;
  }

  async startPostgres(): Promise<void> {
    const { port } = this.postgres;
    const deadline = performance.now() + STARTED_WITHIN_MS;
    for (;;) {
      try {
        this.#postgres = await startPostgres({ dataDir: join(this.dir, "postgres"), port });
        return;
      } catch (error) {
        // What a killed server held in shared memory is let go when its last backend has ended.
        if (performance.now() > deadline) throw error;
        await sleep(100);
      }
    }
  }

  /** A cold copy of the database, as a backup holds it. */
  async backUp(): Promise<void> {
    await this.postgres.stop();
    rmSync(join(this.dir, "backup"), { recursive: true, force: true });
    execFileSync("cp", ["-a", join(this.dir, "postgres"), join(this.dir, "backup")]);
    await this.startPostgres();
  }

  /** The backup takes the place of the database, which is kept beside; nothing may be connected. */
  async restoreBackup(): Promise<void> {
    await this.postgres.stop();
    rmSync(join(this.dir, "newer"), { recursive: true, force: true });
    renameSync(join(this.dir, "postgres"), join(this.dir, "newer"));
    renameSync(join(this.dir, "backup"), join(this.dir, "postgres"));
    await this.startPostgres();
  }

  /** And back again. */
  async restoreNewer(): Promise<void> {
    await this.postgres.stop();
    renameSync(join(this.dir, "postgres"), join(this.dir, "backup"));
    renameSync(join(this.dir, "newer"), join(this.dir, "postgres"));
    await this.startPostgres();
  }

  /** Ends all faults that last until somebody ends them. */
  async heal(): Promise<void> {
    for (const rpc of this.rpcs) rpc.heal();
    const { faults } = this.xrpl.ledger;
    faults.stall(false);
    faults.loseNetwork(false);
    faults.fillHistory();
    faults.setBaseFee(10);
    for (const child of this.children) {
      child.signal("SIGCONT");
      child.order({ order: "live" });
      child.order({ order: "clock", aheadSeconds: 0 });
    }
    await this.startAll();
  }

  async stop(): Promise<void> {
    clearInterval(this.#miner);
    await this.killAll();
    for (const rpc of this.rpcs) rpc.stop();
    await this.redis?.kill();
    await this.#xrpl?.stop();
    await this.#chain?.stop();
    await this.#postgres?.stop();
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #keepMining(): void {
    let last = -1;
    this.#miner = setInterval(async () => {
      try {
        await this.alone("chain", async () => {
          const height = await this.height();
          if (height === last) await this.rpc("evm_mine");
          last = height;
        });
      } catch {
        // The node is down; whoever took it down starts it again.
      }
    }, QUIET_BLOCK_MS);
  }

  /** Players can cash out once both workers' rails have read what there is to pay from. */
  async #untilFunded(): Promise<void> {
    for (const deadline = performance.now() + STARTED_WITHIN_MS; ; ) {
      const rows = await this.query(
        "SELECT 1 FROM balances WHERE owner = 'house:rewards' AND asset IN ('FLR', 'XRP') AND posted > 0",
      );
      if (rows.length === 2) return;
      if (performance.now() > deadline) throw new Error("the rails did not begin");
      await sleep(100);
    }
  }
}

function present<T>(part: T | null, name: string): T {
  if (part === null) throw new Error(`${name} was not started`);
  return part;
}

/** By /proc, as PostgreSQL gives each backend a session of its own. Where there is none, backends end by themselves. */
function childrenOf(parent: number): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        // After the name in brackets: state, parent.
        return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]) === parent;
      } catch {
        return false;
      }
    });
}

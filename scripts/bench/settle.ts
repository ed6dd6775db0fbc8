import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { getAddress, JsonRpcProvider } from "ethers";
import type { Database } from "../../src/platform/db/index.ts";
import { type LocalChain, startChain } from "../local/chain.ts";
import { median, printTable, target, targetAtMost, withDurableDatabase } from "./harness.ts";
import { percentile } from "./percentile.ts";
import { meter, type Run } from "./settle/meter.ts";
import { type Product, startProduct } from "./settle/product.ts";
import { payThroughEthers, type ThroughEthers } from "./settle/through-ethers.ts";

const RUNS = 3;
const BLOCK_MS = 1_000;
/** Payouts of one run of each way, so that each takes a few blocks at least. */
const BACKLOG = 6_000;
const PIPELINED = 2_000;
const ONE_BY_ONE = 5;
const WARM_UP = 600;
/** Accounts that exist: what paying a new one costs is the chain's, whoever pays. */
const PAYEES = 1_000;

/** The steady rate of the second part; not a divisor of a second, so that payouts meet every phase of a block. */
const PER_SECOND = 21.3;
const STEADY_SECONDS = 30;
const WARM_UP_SECONDS = 3;

export const name = "settle";
export const describe =
  "payouts finalized per second on a chain with 1 s blocks, and from approved to the feed, against ethers";

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    const chain = await startChain({ blockTimeMs: BLOCK_MS });
    const payees = Array.from({ length: PAYEES }, () => getAddress(`0x${randomBytes(20).toString("hex")}`));
    await open(chain, payees);
    const product = await startProduct(db, chain);
    const ethers = await payThroughEthers(db, chain);
    try {
      await product.untilFunded();
      await measureThroughput(db, chain, product, ethers, payees);
      await measureLatency(product, payees);
    } finally {
      ethers.stop();
      await product.stop();
      await chain.stop();
    }
  });
}

/** Gives every payee one wei. */
async function open(chain: LocalChain, payees: readonly string[]): Promise<void> {
  const node = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
  await Promise.all(payees.map((payee) => node.send("hardhat_setBalance", [payee, "0x1"])));
  node.destroy();
}

async function measureThroughput(
  db: Database,
  chain: LocalChain,
  product: Product,
  ethers: ThroughEthers,
  payees: readonly string[],
): Promise<void> {
  let next = 0;
  /** Everybody in turn, so that nobody is twice in a batch: an account costs less gas the second time. */
  const take = (count: number): string[] =>
    Array.from({ length: count }, () => payees[next++ % payees.length] ?? "");

  /** From payouts that were approved while no worker ran to the last one final. */
  async function settled(count: number): Promise<Run> {
    for (let made = 0; made < count; made += 100) await product.approve(take(Math.min(100, count - made)));
    let stop = async (): Promise<void> => undefined;
    const run = await meter(db, chain, count, async () => {
      stop = product.startWorker();
      await product.untilFinal();
    });
    await stop();
    return run;
  }

  const oneByOne: Run[] = [];
  const pipelined: Run[] = [];
  const ours: Run[] = [];
  await settled(WARM_UP);
  await ethers.pipelined(take(WARM_UP));
  for (let run = 0; run < RUNS; run += 1) {
    ours.push(await settled(BACKLOG));
    pipelined.push(await meter(db, chain, PIPELINED, () => ethers.pipelined(take(PIPELINED))));
    oneByOne.push(await meter(db, chain, ONE_BY_ONE, () => ethers.oneByOne(take(ONE_BY_ONE))));
  }
  const rate = (runs: readonly Run[]) => median(runs.map(({ perSecond }) => perSecond));
  const row = (label: string, runs: readonly Run[]) => {
    const cpu = (where: keyof Run["cpuMs"]) => median(runs.map(({ cpuMs }) => cpuMs[where])).toFixed(2);
    return [
      label,
      rate(runs) < 10 ? rate(runs).toFixed(2) : Math.round(rate(runs)).toLocaleString("en"),
      `${(rate(runs) / rate(oneByOne)).toFixed(1)}×`,
      `${(rate(runs) / rate(pipelined)).toFixed(2)}×`,
      `${median(runs.map(({ fullestBlockPercent }) => fullestBlockPercent)).toFixed(0)} %`,
      cpu("here"),
      cpu("postgres"),
      cpu("chain"),
    ];
  };
  printTable(
    `payouts finalized per second, ${BLOCK_MS / 1_000} s blocks, median of ${RUNS}; milliseconds of a core for each payout`,
    ["", "per second", "ratio", "of pipelined", "fullest block", "node", "PostgreSQL", "chain"],
    [
      row("ethers, one by one: send, receipt, mark", oneByOne),
      row("ethers, pipelined: nonces given up front", pipelined),
      row(`the worker, batches of up to ${product.config.flare.maxBatchSize}`, ours),
    ],
  );
  const holds = (runs: readonly Run[]) => median(runs.map(({ aBlockHolds }) => aBlockHolds));
  console.log(
    `a block holds ${holds(ours)} payouts in batches and ${holds(pipelined)} transfers: where gas is the limit, no way of
paying is more than ${(holds(ours) / holds(pipelined)).toFixed(1)}× the pipelined one`,
  );
  target("payouts finalized per second, of one transaction per payout", rate(ours) / rate(oneByOne), 50);
}

async function measureLatency(product: Product, payees: readonly string[]): Promise<void> {
  const stop = product.startWorker();
  const approvedAt = new Map<string, number>();
  const begin = performance.now();
  const count = Math.round(PER_SECOND * STEADY_SECONDS);
  const asked: Promise<void>[] = [];
  for (let i = 0; i < count; i += 1) {
    await sleep(Math.max(0, begin + (i * 1_000) / PER_SECOND - performance.now()));
    asked.push(
      product.approve([payees[i % payees.length] ?? ""]).then(([id = ""]) => {
        approvedAt.set(id, performance.now());
      }),
    );
  }
  await Promise.all(asked);
  while ([...approvedAt.keys()].some((id) => !product.seenAt.has(id))) await sleep(10);
  await stop();
  const latencies = [...approvedAt]
    .filter(([, at]) => at - begin > WARM_UP_SECONDS * 1_000)
    .map(([id, at]) => (product.seenAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
  printTable(
    `from approved to the client at the feed, ${PER_SECOND} payouts a second, ${latencies.length} of them`,
    ["", "p50 ms", "p95 ms", "p99 ms"],
    [["", ...[0.5, 0.95, 0.99].map((p) => percentile(latencies, p).toFixed(0))]],
  );
  targetAtMost("p95 from approved to the feed", percentile(latencies, 0.95), BLOCK_MS + 150, "ms");
}

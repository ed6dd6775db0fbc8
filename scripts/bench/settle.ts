import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { getAddress, JsonRpcProvider } from "ethers";
import { type LocalChain, startChain } from "../local/chain.ts";
import { median, printTable, target, withDurableDatabase } from "./harness.ts";
import { type Product, startProduct } from "./settle/product.ts";
import { payThroughEthers, type ThroughEthers } from "./settle/through-ethers.ts";

const RUNS = 3;
const BLOCK_MS = 1_000;
/** Payouts of one run of each way, so that each takes a few blocks at least. */
const BACKLOG = 6_000;
const PIPELINED = 2_000;
const ONE_BY_ONE = 5;
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
      await measureThroughput(product, ethers, payees);
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
  product: Product,
  ethers: ThroughEthers,
  payees: readonly string[],
): Promise<void> {
  const take = (count: number): string[] =>
    Array.from({ length: count }, (_unused, i) => payees[i % payees.length] ?? "");

  async function settled(count: number): Promise<number> {
    for (let made = 0; made < count; made += 100) await product.approve(take(Math.min(100, count - made)));
    return perSecond(count, async () => {
      const stop = product.startWorker();
      await product.untilFinal();
      await stop();
    });
  }

  const rates = { oneByOne: [] as number[], pipelined: [] as number[], ours: [] as number[] };
  await settled(600);
  await ethers.pipelined(take(300));
  for (let run = 0; run < RUNS; run += 1) {
    rates.ours.push(await settled(BACKLOG));
    rates.pipelined.push(await perSecond(PIPELINED, () => ethers.pipelined(take(PIPELINED))));
    rates.oneByOne.push(await perSecond(ONE_BY_ONE, () => ethers.oneByOne(take(ONE_BY_ONE))));
  }
  const oneByOne = median(rates.oneByOne);
  const pipelined = median(rates.pipelined);
  const ours = median(rates.ours);
  const row = (label: string, rate: number) => [
    label,
    rate < 10 ? rate.toFixed(2) : Math.round(rate).toLocaleString("en"),
    `${(rate / oneByOne).toFixed(1)}×`,
    `${(rate / pipelined).toFixed(2)}×`,
  ];
  printTable(
    `payouts finalized per second, ${BLOCK_MS / 1_000} s blocks of 30 million gas, median of ${RUNS}`,
    ["", "per second", "of one by one", "of pipelined"],
    [
      row("ethers, a transaction per payout, one by one", oneByOne),
      row("ethers, a transaction per payout, pipelined", pipelined),
      row(`the worker, batches of up to ${product.config.flare.maxBatchSize}`, ours),
    ],
  );
  target("payouts finalized per second, of one transaction per payout", ours / oneByOne, 50);
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return count / ((performance.now() - start) / 1_000);
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
    .map(([id, at]) => (product.seenAt.get(id) ?? Number.POSITIVE_INFINITY) - at)
    .sort((a, b) => a - b);
  const percentile = (p: number) => latencies[Math.floor(latencies.length * p)] ?? 0;
  printTable(
    `from approved to the client at the feed, ${PER_SECOND} payouts a second, ${latencies.length} of them`,
    ["", "p50 ms", "p95 ms", "p99 ms"],
    [["", ...[0.5, 0.95, 0.99].map((p) => percentile(p).toFixed(0))]],
  );
}

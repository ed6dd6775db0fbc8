import { randomInt, randomUUID } from "node:crypto";
import { accountIds, createLedger, type Ledger, requirePosted } from "../../src/modules/ledger/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { explaining } from "./growth/explain.ts";
import { fill, playerId } from "./growth/fill.ts";
import { type Grown, READS, type Read } from "./growth/reads.ts";
import { measure, median, printTable, target, targetAtMost, withDurableDatabase } from "./harness.ts";
import { percentile } from "./percentile.ts";
import { walPosition } from "./wal-position.ts";

export const name = "growth";
export const describe =
  "ledger, statement, leaderboard and feed resume as the tables grow, against the smallest";

/** Ten million on top: 9 GB of tables and as much of WAL, filled in 7 to 12 minutes. */
const SIZES = (process.env.GROWTH_SIZES ?? "10000,1000000").split(",").map(Number);
/**
 * No checkpoint falls into a run. After one, the first change of every page writes the page whole (full_page_writes):
 * with random ids and ten million entries that is every page that a transfer touches, for the first half a minute.
 */
const SETTINGS = { settings: { max_wal_size: "32GB" } };
const CALLERS = 64;
/** Players who send, as many at every size, so that history is all that differs. */
const ACTIVE = 1_000;
const RUNS = 5;
const SECONDS = 1.5;
const READ_TIMES = 200;
const WARM_UP = 20;

type Measured = { perSecond: number; p50Ms: number; p99Ms: number; walBytes: number };

export async function run(): Promise<void> {
  await withGrown(SIZES, [], async (grown) => {
    for (const read of READS) await compareRead(grown, read);
    await compareWrites(grown);
  });
}

/** All sizes at once, each in a PostgreSQL of its own, so that they can take turns. */
async function withGrown(
  [entries, ...larger]: readonly number[],
  grown: readonly Grown[],
  work: (grown: readonly Grown[]) => Promise<void>,
): Promise<void> {
  if (entries === undefined) return work(grown);
  await withDurableDatabase(async (db) => {
    const players = entries / 10;
    const start = performance.now();
    await fill(db, entries, players);
    const seconds = (performance.now() - start) / 1_000;
    if (grown.length === 0) await expectSound(db);
    const { rows } = await db.pool.query<{ gigabytes: number }>(
      "SELECT pg_database_size(current_database()) / 1e9::float8 AS gigabytes",
    );
    console.log(`${inWords(entries)} filled in ${seconds.toFixed(0)} s: ${rows[0]?.gigabytes.toFixed(1)} GB`);
    await withGrown(larger, [...grown, { db, entries, players }], work);
  }, SETTINGS);
}

const inWords = (entries: number): string => `${entries.toLocaleString("en")} entries`;

/** What was filled in bulk is what the write path would have written: its own checks find nothing. */
async function expectSound(db: Database): Promise<void> {
  const ledger = createLedger({ db, log: createLogger({ level: "error" }) });
  const breaks = await ledger.verifyChain();
  const unbalanced = (await ledger.trialBalance()).filter((asset) => asset.difference !== 0n);
  await ledger.close();
  if (breaks.length + unbalanced.length > 0) throw new Error("the filled ledger is not sound");
}

async function timeWrites(grown: readonly Grown[]): Promise<Measured[]> {
  const runs = await Promise.all(
    grown.map(async ({ db, players }) => {
      const ledger = createLedger({ db, log: createLogger({ level: "error" }) });
      const contender = {
        name: "transfers",
        operation: transferBetween(await someAccounts(db, players), ledger),
      };
      return { db, ledger, contender, samples: [] as Measured[] };
    }),
  );
  for (let round = -1; round < RUNS; round += 1) {
    for (const { db, contender, samples } of runs) {
      const before = await walPosition(db);
      const sample = await measure(contender, CALLERS, SECONDS);
      const walBytes = ((await walPosition(db)) - before) / (sample.perSecond * SECONDS);
      if (round >= 0) samples.push({ ...sample, walBytes });
    }
  }
  await Promise.all(runs.map(({ ledger }) => ledger.close()));
  return runs.map(({ samples }) => {
    const of = (key: keyof Measured): number => median(samples.map((sample) => sample[key]));
    return { perSecond: of("perSecond"), p50Ms: of("p50Ms"), p99Ms: of("p99Ms"), walBytes: of("walBytes") };
  });
}

async function someAccounts(db: Database, players: number): Promise<bigint[]> {
  const keys = Array.from({ length: ACTIVE }, () => ({
    owner: `player:${playerId(1 + randomInt(players))}`,
    asset: "COIN",
  }));
  return [...new Set(await accountIds(db.pool, keys))];
}

function transferBetween(accounts: readonly bigint[], { writer }: Ledger): () => Promise<void> {
  const random = (): bigint => accounts[randomInt(accounts.length)] ?? 0n;
  return async () => {
    const debit = random();
    let credit = random();
    while (credit === debit) credit = random();
    const id = randomUUID();
    requirePosted(
      await writer.submit([
        { kind: "posted", id, debit, credit, amount: 1n, cause: "bench", ref: "bench:transfer" },
      ]),
    );
  };
}

async function compareRead(grown: readonly Grown[], { label, read }: Read): Promise<void> {
  const timed = grown.map((one) => ({ one, latencies: [] as number[] }));
  for (let round = -WARM_UP; round < READ_TIMES; round += 1) {
    for (const { one, latencies } of timed) {
      const start = performance.now();
      await read(one, one.db);
      if (round >= 0) latencies.push(performance.now() - start);
    }
  }
  const rows = await Promise.all(
    timed.map(async ({ one, latencies }) => {
      const { pool, access } = explaining(one.db.pool);
      await read(one, { ...one.db, pool });
      return { one, access, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
    }),
  );
  const smallest = rows[0]?.p50Ms ?? 0;
  printTable(
    label,
    ["", "p50 ms", "ratio", "p99 ms", "blocks", "scans"],
    rows.map(({ one, p50Ms, p99Ms, access }) => [
      inWords(one.entries),
      p50Ms.toFixed(2),
      `${(p50Ms / smallest).toFixed(2)}×`,
      p99Ms.toFixed(2),
      String(access.blocks),
      [...access.scans].join(", "),
    ]),
  );
  for (const { one, p50Ms } of rows.slice(1))
    targetAtMost(`${label}, ${inWords(one.entries)}`, p50Ms / smallest, 1.5, "×");
}

async function compareWrites(grown: readonly Grown[]): Promise<void> {
  const measured = await timeWrites(grown);
  const smallest = measured[0]?.perSecond ?? 0;
  printTable(
    `${CALLERS} callers, transfers between random players`,
    ["", "per second", "ratio", "p50 ms", "p99 ms", "WAL bytes/transfer"],
    measured.map(({ perSecond, p50Ms, p99Ms, walBytes }, i) => [
      inWords(grown[i]?.entries ?? 0),
      Math.round(perSecond).toLocaleString("en"),
      `${(perSecond / smallest).toFixed(2)}×`,
      p50Ms.toFixed(1),
      p99Ms.toFixed(1),
      walBytes.toFixed(0),
    ]),
  );
  for (const [i, { perSecond }] of measured.entries()) {
    if (i > 0) target(`${inWords(grown[i]?.entries ?? 0)}, transfers/s`, perSecond / smallest, 0.8);
  }
}

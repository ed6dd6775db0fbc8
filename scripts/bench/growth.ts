import { randomInt, randomUUID } from "node:crypto";
import type pg from "pg";
import { channelSlice, findResumePoint } from "../../src/modules/feed/index.ts";
import { accountIds, createLedger, requirePosted } from "../../src/modules/ledger/index.ts";
import { createReports } from "../../src/modules/reports/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { type Access, explaining } from "./growth/explain.ts";
import { fill, HEAVY_PLAYER, playerId } from "./growth/fill.ts";
import { measure, median, printTable, target, targetAtMost, withDurableDatabase } from "./harness.ts";

export const name = "growth";
export const describe =
  "ledger, statement, leaderboard and feed resume as the tables grow, against the smallest";

/** All three take about ten minutes and 15 GB of disk. */
const SIZES = (process.env.GROWTH_SIZES ?? "10000,1000000").split(",").map(Number);
const CALLERS = 64;
const RUNS = 5;
const READS = 300;
const PAGE = 50;
const FEED_PAGE = 500;
const FLAT = 1.5;

type Writes = { perSecond: number; p50Ms: number; p99Ms: number; walBytes: number };
type Reads = { label: string; p50Ms: number; p99Ms: number; access: Access };
type Grown = { entries: number; filledSeconds: number; gigabytes: number; reads: Reads[]; writes: Writes };

export async function run(): Promise<void> {
  const grown: Grown[] = [];
  for (const entries of SIZES) {
    await withDurableDatabase(async (db) => {
      grown.push(await growTo(db, entries));
    });
  }
  report(grown);
}

async function growTo(db: Database, entries: number): Promise<Grown> {
  const players = entries / 10;
  const start = performance.now();
  await fill(db, entries, players);
  const filledSeconds = (performance.now() - start) / 1_000;
  if (entries === Math.min(...SIZES)) await expectSound(db);
  const { rows } = await db.pool.query<{ bytes: string }>(
    "SELECT pg_database_size(current_database())::text AS bytes",
  );
  const gigabytes = Number(rows[0]?.bytes ?? 0) / 1e9;
  const size = entries.toLocaleString("en");
  console.log(`${size} entries in ${filledSeconds.toFixed(0)} s, ${gigabytes.toFixed(1)} GB`);
  const reads: Reads[] = [];
  for (const read of readsOf(entries, players)) reads.push(await timeReads(db, read));
  return { entries, filledSeconds, gigabytes, reads, writes: await timeWrites(db, players) };
}

/** What was filled in bulk is what the write path would have written: its own checks find nothing. */
async function expectSound(db: Database): Promise<void> {
  const ledger = createLedger({ db, log: createLogger({ level: "error" }) });
  const breaks = await ledger.verifyChain();
  const unbalanced = (await ledger.trialBalance()).filter((asset) => asset.difference !== 0n);
  await ledger.close();
  if (breaks.length + unbalanced.length > 0) throw new Error("the filled ledger is not sound");
}

async function timeWrites(db: Database, players: number): Promise<Writes> {
  const keys = Array.from({ length: Math.min(players, 10_000) }, () => ({
    owner: `player:${playerId(1 + randomInt(players))}`,
    asset: "COIN",
  }));
  const accounts = [...new Set(await accountIds(db.pool, keys))];
  const ledger = createLedger({ db, log: createLogger({ level: "error" }) });
  let posted = 0;
  const random = (): bigint => accounts[randomInt(accounts.length)] ?? 0n;
  const contender = {
    name: "transfers",
    async operation() {
      const debit = random();
      let credit = random();
      while (credit === debit) credit = random();
      const id = randomUUID();
      requirePosted(
        await ledger.writer.submit([
          { kind: "posted", id, debit, credit, amount: 1n, cause: "bench", ref: "bench:transfer" },
        ]),
      );
      posted += 1;
    },
  };
  await measure(contender, CALLERS, 1);
  posted = 0;
  const before = await walBytes(db);
  const samples = [];
  for (let i = 0; i < RUNS; i += 1) samples.push(await measure(contender, CALLERS, 1.5));
  const wal = (await walBytes(db)) - before;
  await ledger.close();
  return {
    perSecond: median(samples.map((sample) => sample.perSecond)),
    p50Ms: median(samples.map((sample) => sample.p50Ms)),
    p99Ms: median(samples.map((sample) => sample.p99Ms)),
    walBytes: wal / posted,
  };
}

async function walBytes(db: Database): Promise<number> {
  const { rows } = await db.pool.query<{ bytes: number }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes",
  );
  return rows[0]?.bytes ?? 0;
}

type Read = { label: string; read(db: Database): Promise<unknown> };

/** Each as the product does it for one request. */
function readsOf(entries: number, players: number): Read[] {
  const statement = (db: Database, player: string, cursor: string | undefined) =>
    reportsOf(db).statement(
      { kind: "demo", account: `demo:${player}`, playerId: player },
      { limit: PAGE, cursor, asset: undefined },
    );
  // The heavy player's middle entry is the middle of history: its commit, as a cursor says it.
  const middle = Buffer.from(String(BigInt(entries / 1_000 / 2) << 16n)).toString("base64url");
  return [
    { label: "statement, first page", read: (db) => statement(db, HEAVY_PLAYER, undefined) },
    { label: "statement, deep cursor", read: (db) => statement(db, HEAVY_PLAYER, middle) },
    {
      label: "statement, any player",
      read: (db) => statement(db, playerId(1 + randomInt(players)), undefined),
    },
    { label: "leaderboard", read: (db) => reportsOf(db).leaderboard(PAGE) },
    { label: "feed resume, 100 behind", read: (db) => resume(db.pool, entries, 100) },
    { label: "feed resume, 10,000 behind", read: (db) => resume(db.pool, entries, 10_000) },
  ];
}

function reportsOf(db: Database): ReturnType<typeof createReports> {
  return createReports({ db, auth: { requireSession: () => Promise.reject(new Error("no routes here")) } });
}

/** What a process reads from the database for a client that comes back, when its memory does not reach so far. */
async function resume(pool: pg.Pool, head: number, behind: number): Promise<void> {
  const until = BigInt(head);
  const since = BigInt(head - behind);
  const point = await findResumePoint(pool, "feed", since, until, 10_001);
  if (!point.complete || point.missed !== behind / 2)
    throw new Error("the client would not have been resumed");
  for (let cursor = since; cursor < until; ) {
    const slice = await channelSlice(pool, "feed", cursor, until, FEED_PAGE);
    if (slice === null) throw new Error("part of the feed is missing");
    cursor = slice.upTo;
  }
}

async function timeReads(db: Database, { label, read }: Read): Promise<Reads> {
  const latencies: number[] = [];
  for (let i = -20; i < READS; i += 1) {
    const start = performance.now();
    await read(db);
    if (i >= 0) latencies.push(performance.now() - start);
  }
  latencies.sort((a, b) => a - b);
  const { pool, access } = explaining(db.pool);
  await read({ ...db, pool });
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { label, p50Ms: at(0.5), p99Ms: at(0.99), access };
}

function report(grown: readonly Grown[]): void {
  const [smallest] = grown;
  const largest = grown.at(-1);
  if (smallest === undefined || largest === undefined) return;
  const size = (one: Grown): string => one.entries.toLocaleString("en");
  printTable(
    `${CALLERS} callers, random players`,
    ["entries", "transfers/s", "ratio", "p50 ms", "p99 ms", "WAL bytes/transfer"],
    grown.map((one) => [
      size(one),
      Math.round(one.writes.perSecond).toLocaleString("en"),
      `${(one.writes.perSecond / smallest.writes.perSecond).toFixed(2)}×`,
      one.writes.p50Ms.toFixed(1),
      one.writes.p99Ms.toFixed(1),
      one.writes.walBytes.toFixed(0),
    ]),
  );
  for (const one of grown.slice(1))
    target(`${size(one)} entries, transfers/s`, one.writes.perSecond / smallest.writes.perSecond, 0.8);
  printTable(
    "reads, one at a time, p50 / p99 ms, and blocks",
    ["", ...grown.flatMap((one) => [size(one), "blocks"]), "ratio"],
    smallest.reads.map(({ label, p50Ms }, i) => [
      label,
      ...grown.flatMap(({ reads }) => [
        `${reads[i]?.p50Ms.toFixed(2)} / ${reads[i]?.p99Ms.toFixed(2)}`,
        String(reads[i]?.access.blocks),
      ]),
      `${((largest.reads[i]?.p50Ms ?? 0) / p50Ms).toFixed(2)}×`,
    ]),
  );
  for (const { label, access } of largest.reads) console.log(`${label}: ${[...access.scans].join(", ")}`);
  for (const [i, { label, p50Ms }] of smallest.reads.entries()) {
    targetAtMost(`${label}, of the smallest`, (largest.reads[i]?.p50Ms ?? 0) / p50Ms, FLAT, "×");
  }
}

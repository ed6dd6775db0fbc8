import { readFileSync } from "node:fs";
import type { Database } from "../../../src/platform/db/index.ts";
import { printTable } from "../harness.ts";

type Reading = {
  hereMs: number;
  /** By process id; empty where /proc does not say. */
  backendsMs: Map<number, number>;
  walBytes: number;
  commits: number;
  transfers: number;
};

/** Who worked and who waited while `work` ran: this process or the database's backends; the rest is the disk. */
export async function showLimits(db: Database, title: string, work: () => Promise<unknown>): Promise<void> {
  const before = await read(db);
  const start = performance.now();
  await work();
  const elapsedMs = performance.now() - start;
  const after = await read(db);
  const transfers = after.transfers - before.transfers;
  const commits = after.commits - before.commits;
  let backendsMs = 0;
  for (const [pid, ms] of after.backendsMs) backendsMs += ms - (before.backendsMs.get(pid) ?? 0);
  const share = (ms: number): string => (ms / elapsedMs).toFixed(2);
  printTable(
    title,
    ["cores here", "cores in backends", "transfers/commit", "WAL bytes/transfer"],
    [
      [
        share(after.hereMs - before.hereMs),
        backendsMs === 0 ? "?" : share(backendsMs),
        (transfers / commits).toFixed(0),
        ((after.walBytes - before.walBytes) / transfers).toFixed(0),
      ],
    ],
  );
}

async function read(db: Database): Promise<Reading> {
  const { rows } = await db.pool.query<Omit<Reading, "hereMs" | "backendsMs"> & { pids: number[] }>(
    `SELECT ARRAY(SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY pid) AS pids,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS "walBytes",
            (SELECT count(*)::float8 FROM ledger_commits) AS commits,
            (SELECT sum(transfers)::float8 FROM ledger_commits) AS transfers`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("PostgreSQL gave no statistics");
  const { user, system } = process.cpuUsage();
  return { ...row, hereMs: (user + system) / 1_000, backendsMs: cpuMs(row.pids) };
}

/** https://docs.kernel.org/scheduler/sched-stats.html: the first number is the time on a processor in nanoseconds. */
function cpuMs(pids: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const pid of pids) {
    try {
      times.set(pid, Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6);
    } catch {
      // It has ended, or this is not Linux.
    }
  }
  return times;
}

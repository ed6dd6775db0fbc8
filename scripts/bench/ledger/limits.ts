import type { Database } from "../../../src/platform/db/index.ts";
import { meterCpu } from "../cpu-meter.ts";
import { printTable } from "../harness.ts";
import { walPosition } from "../wal-position.ts";

/** Who worked and who waited while `work` ran: this process or the database's; the rest is the disk. */
export async function showLimits(db: Database, title: string, work: () => Promise<unknown>): Promise<void> {
  const before = await read(db);
  const { cores } = await meterCpu(db, work);
  const after = await read(db);
  const transfers = after.transfers - before.transfers;
  const commits = after.commits - before.commits;
  printTable(
    title,
    ["cores here", "cores in PostgreSQL", "transfers/commit", "WAL bytes/transfer"],
    [
      [
        cores.server.toFixed(2),
        cores.postgres === 0 ? "?" : cores.postgres.toFixed(2),
        (transfers / commits).toFixed(0),
        ((after.walBytes - before.walBytes) / transfers).toFixed(0),
      ],
    ],
  );
}

type Reading = { walBytes: number; commits: number; transfers: number };

async function read(db: Database): Promise<Reading> {
  const { rows } = await db.pool.query<Omit<Reading, "walBytes">>(
    "SELECT count(*)::float8 AS commits, sum(transfers)::float8 AS transfers FROM ledger_commits",
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the ledger's commits could not be counted");
  return { ...row, walBytes: await walPosition(db) };
}

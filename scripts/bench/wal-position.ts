import type { Database } from "../../src/platform/db/index.ts";

/** How many bytes of log PostgreSQL has written since it was made. */
export async function walPosition(db: Database): Promise<number> {
  const { rows } = await db.pool.query<{ bytes: number }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes",
  );
  return rows[0]?.bytes ?? 0;
}

import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { createDatabase, type Database } from "../../src/platform/db/index.ts";
import { silentLog } from "../kit/log.ts";

/** Takes copies of databases as they are, as a backup would bring them back; they go with the calling file's tests. */
export function backups(): (db: Database) => Promise<Database> {
  const made: { db: Database; name: string }[] = [];
  afterAll(async () => {
    for (const { db, name } of made) {
      await db.close();
      await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
  return async (db) => {
    const source = new URL(db.url).pathname.slice(1);
    const name = `backup_${randomBytes(6).toString("hex")}`;
    // Nobody may be connected to what is copied.
    await asAdmin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source}'`,
      `CREATE DATABASE ${name} TEMPLATE ${source}`,
    );
    const url = new URL(db.url);
    url.pathname = name;
    const copy = createDatabase({ url: url.href, maxConnections: 6, log: silentLog });
    // The lease of whoever wrote it came along.
    await copy.pool.query("UPDATE leases SET expires_at = now()");
    made.push({ db: copy, name });
    return copy;
  };
}

async function asAdmin(...statements: string[]): Promise<void> {
  const url = new URL(inject("templateUrl"));
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

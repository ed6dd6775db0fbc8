import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { createDatabase, type Database } from "../../src/platform/db/index.ts";
import { silentLog } from "./log.ts";

/** A migrated, empty database of the calling test file's own; closed and dropped after its tests. */
export async function createTestDatabase(options: { maxConnections?: number } = {}): Promise<Database> {
  const templateUrl = inject("templateUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const template = new URL(templateUrl).pathname.slice(1);
  await asAdmin(templateUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(templateUrl);
  url.pathname = `/${name}`;
  const db = createDatabase({ url: url.href, maxConnections: options.maxConnections ?? 10, log: silentLog });
  afterAll(async () => {
    await db.close();
    await asAdmin(templateUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  return db;
}

async function asAdmin(templateUrl: string, statement: string): Promise<void> {
  const url = new URL(templateUrl);
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    // Two files that copy the template at the same time would refuse one another.
    await client.query("SELECT pg_advisory_lock(1)");
    await client.query(statement);
  } finally {
    await client.end();
  }
}

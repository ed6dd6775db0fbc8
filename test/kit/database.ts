import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { createDatabase, type Database } from "../../src/platform/db/index.ts";
import { silentLog } from "./log.ts";

/** A migrated, empty database of the calling test file's own; closed and dropped after its tests. */
export async function createTestDatabase(options: { maxConnections?: number } = {}): Promise<Database> {
  const templateUrl = inject("templateUrl");
  const db = await copyDatabase(templateUrl, {
    prefix: "test",
    maxConnections: options.maxConnections ?? 10,
  });
  afterAll(() => dropDatabase(db));
  return db;
}

/** A copy of a database, owned by the role of its URL. Nobody may be connected to what is copied, so all are sent away. */
export async function copyDatabase(
  sourceUrl: string,
  options: { prefix: string; maxConnections: number },
): Promise<Database> {
  const url = new URL(sourceUrl);
  const source = url.pathname.slice(1);
  const name = `${options.prefix}_${randomBytes(6).toString("hex")}`;
  await asSuperuser(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source}'`,
    `CREATE DATABASE ${name} TEMPLATE ${source} OWNER ${url.username}`,
  );
  url.pathname = name;
  return createDatabase({ url: url.href, maxConnections: options.maxConnections, log: silentLog });
}

export async function dropDatabase(db: Database): Promise<void> {
  await db.close();
  await asSuperuser(`DROP DATABASE ${new URL(db.url).pathname.slice(1)} WITH (FORCE)`);
}

/** Beside all databases, and as the one who may end what PostgreSQL itself runs in them, such as autovacuum. */
async function asSuperuser(...statements: string[]): Promise<void> {
  const url = new URL(inject("templateUrl"));
  url.username = "postgres";
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    // Two files that copy the template at the same time would refuse one another.
    await client.query("SELECT pg_advisory_lock(1)");
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

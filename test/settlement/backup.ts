import { afterAll } from "vitest";
import type { Database } from "../../src/platform/db/index.ts";
import { copyDatabase, dropDatabase } from "../kit/database.ts";

/** Takes copies of databases as they are, as a backup would bring them back; they go with the calling file's tests. */
export function backups(): (db: Database) => Promise<Database> {
  const made: Database[] = [];
  afterAll(async () => {
    for (const db of made) await dropDatabase(db);
  });
  return async (db) => {
    const copy = await copyDatabase(db.url, { prefix: "backup", maxConnections: 6 });
    // The lease of whoever wrote it came along.
    await copy.pool.query("UPDATE leases SET expires_at = now()");
    made.push(copy);
    return copy;
  };
}

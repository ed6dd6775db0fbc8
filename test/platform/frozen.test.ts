import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createDatabase } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";

const db = await createTestDatabase();

it("a process that is frozen in the middle of a transaction does not hold others up for ever", async () => {
  const frozen = createDatabase({ url: db.url, maxConnections: 1, log: silentLog, givenUpAfterMs: 100 });
  await db.pool.query("INSERT INTO leases VALUES ('worker', 'frozen', 1, now())");
  const holds = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const transaction = frozen.transaction(async (tx) => {
    await tx.query("SELECT 1 FROM leases WHERE name = 'worker' FOR SHARE");
    holds.resolve();
    await thawed.promise;
    await tx.query("UPDATE leases SET holder = 'thawed' WHERE name = 'worker'");
  });
  await holds.promise;
  // Waits for the lock, and so until PostgreSQL has given the other one up.
  await db.pool.query("UPDATE leases SET holder = 'other' WHERE name = 'worker'");
  await sleep(0);
  thawed.resolve();
  await expect(transaction).rejects.toThrow();
  const { rows } = await db.pool.query("SELECT holder FROM leases WHERE name = 'worker'");
  expect(rows).toEqual([{ holder: "other" }]);
  await frozen.close();
});

it("that is so by default", async () => {
  const { rows } = await db.pool.query<{ limit: string }>(
    "SELECT current_setting('idle_in_transaction_session_timeout') AS \"limit\"",
  );
  expect(rows).toEqual([{ limit: "10s" }]);
});

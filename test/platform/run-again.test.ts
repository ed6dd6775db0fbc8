import { describe, expect, it } from "vitest";
import { runAgain } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();
await db.pool.query(
  "CREATE TABLE seats (id int PRIMARY KEY, taken int NOT NULL); INSERT INTO seats VALUES (1, 0), (2, 0)",
);

describe("a transaction that PostgreSQL makes give way", () => {
  it("is run again, so that both of two that deadlock have their effect", async () => {
    const met = Promise.withResolvers<void>();
    let arrived = 0;
    const take = (first: number, second: number) =>
      runAgain(() =>
        db.transaction(async (tx) => {
          const seat = (id: number) => tx.query("UPDATE seats SET taken = taken + 1 WHERE id = $1", [id]);
          await seat(first);
          arrived += 1;
          if (arrived === 2) met.resolve();
          await met.promise;
          await seat(second);
        }),
      );
    await Promise.all([take(1, 2), take(2, 1)]);
    // One of them came again: there was a deadlock.
    expect(arrived).toBeGreaterThan(2);
    const { rows } = await db.pool.query("SELECT taken FROM seats ORDER BY id");
    expect(rows).toEqual([{ taken: 2 }, { taken: 2 }]);
  });

  it("is not run again for any other reason, nor for ever", async () => {
    let runs = 0;
    const failing = (code: string) =>
      runAgain(async () => {
        runs += 1;
        throw Object.assign(new Error(code), { code });
      });
    await expect(failing("23505")).rejects.toThrow("23505");
    expect(runs).toBe(1);
    await expect(failing("40P01")).rejects.toThrow("40P01");
    expect(runs).toBe(5);
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { acquireLease, LeaseLost, releaseLease, renewLease, requireLease } from "../../src/platform/lease.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase({ maxConnections: 20 });

describe("lease", () => {
  it("goes to exactly one of many who ask at once", async () => {
    const taken = await Promise.all(
      Array.from({ length: 16 }, (_unused, i) =>
        acquireLease(db.pool, { name: "race", holder: `h${i}`, seconds: 5 }),
      ),
    );
    expect(taken.filter((lease) => lease !== null)).toHaveLength(1);
  });

  it("changes hands only after it expired, and the former holder can write no more", async () => {
    const first = await acquireLease(db.pool, { name: "expiry", holder: "a", seconds: 1 });
    if (first === null) throw new Error("free lease refused");
    expect(await acquireLease(db.pool, { name: "expiry", holder: "b", seconds: 5 })).toBeNull();
    await sleep(1_100);
    // Expired, but nobody came: the holder may go on.
    await db.transaction((tx) => requireLease(tx, first));
    const second = await acquireLease(db.pool, { name: "expiry", holder: "b", seconds: 5 });
    expect(second?.fence).toBe(first.fence + 1n);
    await expect(db.transaction((tx) => requireLease(tx, first))).rejects.toBeInstanceOf(LeaseLost);
    expect(await renewLease(db.pool, first, 5)).toBe(false);
    await releaseLease(db.pool, first);
    expect(await acquireLease(db.pool, { name: "expiry", holder: "c", seconds: 5 })).toBeNull();
  });

  it("cannot change hands while its holder's transaction is open", async () => {
    const lease = await acquireLease(db.pool, { name: "open", holder: "a", seconds: 0.05 });
    if (lease === null) throw new Error("free lease refused");
    const order: string[] = [];
    let rival: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await requireLease(tx, lease);
      await sleep(100);
      rival = acquireLease(db.pool, { name: "open", holder: "b", seconds: 5 }).then(() =>
        order.push("rival"),
      );
      await sleep(100);
      order.push("committed");
    });
    await rival;
    expect(order).toEqual(["committed", "rival"]);
  });

  it("is free at once when given back", async () => {
    const lease = await acquireLease(db.pool, { name: "back", holder: "a", seconds: 60 });
    if (lease === null) throw new Error("free lease refused");
    await releaseLease(db.pool, lease);
    expect((await acquireLease(db.pool, { name: "back", holder: "b", seconds: 60 }))?.holder).toBe("b");
  });
});

import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cancelPayout } from "../../src/modules/payouts/cancel-payout.ts";
import {
  closesNumber,
  markNumbersClosed,
  noteBatchTransaction,
  type Payout,
  payoutsOfBatch,
  releaseBatch,
  takeForBatch,
} from "../../src/modules/payouts/index.ts";
import { COIN, createWorld, FLR } from "./world.ts";

const world = await createWorld();
const { db, clock } = world;

type Take = { series?: "push" | "signed"; limit?: number; budget?: bigint; batchId?: string };

const take = (wish: Take = {}): Promise<Payout[]> =>
  db.transaction((tx) =>
    takeForBatch(tx, {
      closesNumbers: true,
      rail: "flare",
      series: wish.series ?? "push",
      asset: "FLR",
      limit: wish.limit ?? 1_000,
      budget: wish.budget ?? 10n ** 30n,
      batchId: wish.batchId ?? randomUUID(),
      actor: "system:settlement",
      now: clock.now(),
    }),
  );
const numbersOf = (payouts: readonly Payout[]) => payouts.map((payout) => payout.number);

async function approved(count: number, amount = 1n): Promise<Payout[]> {
  const player = await world.player(amount * BigInt(count));
  const payouts: Payout[] = [];
  for (let i = 0; i < count; i += 1) payouts.push(await world.request(player, amount));
  return payouts;
}

describe("taking payouts for a batch", () => {
  it("takes a dense run from the lowest number, at most the limit, and says so in their history", async () => {
    const payouts = await approved(5);
    const batchId = randomUUID();
    const first = await take({ limit: 3, batchId });
    expect(numbersOf(first)).toEqual(numbersOf(payouts.slice(0, 3)));
    for (const payout of first) {
      expect(payout).toMatchObject({ status: "batched", batchId, version: 3 });
      expect(await world.stored(payout.id)).toEqual(payout);
    }
    expect(await payoutsOfBatch(db.pool, batchId)).toEqual(first);
    expect(numbersOf(await take())).toEqual(numbersOf(payouts.slice(3)));
    expect(await take()).toEqual([]);
  });

  it("stops before the first payout that the budget does not cover", async () => {
    const payouts = await approved(3, 10n);
    const first = await take({ budget: 29n * COIN });
    expect(numbersOf(first)).toEqual(numbersOf(payouts.slice(0, 2)));
    expect(await take({ budget: 9n * COIN })).toEqual([]);
    expect(await take({ budget: 10n * COIN })).toHaveLength(1);
  });

  it("brings along, to be closed, numbers whose payouts were cancelled; they cost no budget", async () => {
    const payouts = await approved(4, 10n);
    const [a, b, , d] = payouts;
    if (a === undefined || b === undefined || d === undefined) throw new Error("four were asked for");
    await world.step([a, b, d], "cancelled");
    const batchId = randomUUID();
    const members = await take({ budget: 10n * COIN, batchId });
    expect(members.map(closesNumber)).toEqual([true, true, false, true]);
    expect(numbersOf(members)).toEqual(numbersOf(payouts));
    expect(members.map((payout) => payout.status)).toEqual([
      "cancelled",
      "cancelled",
      "batched",
      "cancelled",
    ]);
    expect(await payoutsOfBatch(db.pool, batchId)).toEqual(members);
    expect(await take()).toEqual([]);
  });

  it("stops at a gap, and takes what lies behind it next time", async () => {
    const payouts = await approved(4);
    const [, second] = payouts;
    if (second === undefined) throw new Error("four were asked for");
    await db.transaction(async (tx) => {
      await tx.query("SELECT FROM payouts WHERE id = $1 FOR UPDATE", [second.id]);
      expect(numbersOf(await take())).toEqual(numbersOf(payouts.slice(0, 1)));
      expect(numbersOf(await take())).toEqual(numbersOf(payouts.slice(2)));
    });
    expect(numbersOf(await take())).toEqual([second.number]);
  });

  it("leaves a number alone that the chain has consumed otherwise", async () => {
    const [one, two, three] = await approved(3);
    if (one === undefined || two === undefined || three === undefined)
      throw new Error("three were asked for");
    await world.step([one], "failed", { numberClosed: true });
    await world.step([two], "cancelled");
    await db.transaction((tx) => markNumbersClosed(tx, [two.number ?? 0n], clock.now()));
    expect(numbersOf(await take())).toEqual([three.number]);
  });

  it("gives several workers disjoint batches that are all of it", async () => {
    const payouts = await approved(40);
    const batches = await Promise.all(Array.from({ length: 6 }, () => take({ limit: 10 })));
    while (batches.at(-1)?.length !== 0) batches.push(await take({ limit: 10 }));
    for (const batch of batches) {
      const first = batch[0]?.number ?? 0n;
      expect(numbersOf(batch)).toEqual(batch.map((_payout, i) => first + BigInt(i)));
    }
    const all = batches.flat().map((payout) => payout.id);
    expect(all.sort()).toEqual(payouts.map((payout) => payout.id).sort());
  });

  it("races a player who cancels: one of the two has the payout, and nobody waits for the other", async () => {
    for (let round = 0; round < 12; round += 1) {
      const [payout] = await approved(1, 7n);
      if (payout === undefined) throw new Error("one was asked for");
      const [taken, cancelled] = await Promise.allSettled([
        take(),
        db.transaction((tx) =>
          cancelPayout(tx, { payoutId: payout.id, actor: payout.account, now: clock.now() }),
        ),
      ]);
      if (taken.status === "rejected") throw taken.reason;
      const isPaid = taken.value.some((member) => !closesNumber(member));
      expect(cancelled.status).toBe(isPaid ? "rejected" : "fulfilled");
      if (cancelled.status === "rejected")
        expect(cancelled.reason).toMatchObject({ code: "payout_under_way" });
      const balance = await world.balance(`player:${payout.playerId}`, "COIN");
      expect(balance).toEqual(isPaid ? { available: 0n, held: 7n } : { available: 7n, held: 0n });
      // Either way its number is in a batch in the end.
      await take();
      expect((await world.stored(payout.id)).batchId).not.toBeNull();
    }
  });

  it("takes signed payouts one by one when approved, whatever lies between them", async () => {
    const payouts = [];
    for (let i = 0; i < 3; i += 1) payouts.push(await world.propose(150n * FLR));
    const [one, two, three] = payouts;
    if (one === undefined || two === undefined || three === undefined)
      throw new Error("three were asked for");
    await world.step([two], "rejected");
    await world.step([one, three], "approved");
    expect(numbersOf(await take({ series: "signed", limit: 1 }))).toEqual([one.number]);
    expect(numbersOf(await take({ series: "signed", limit: 1 }))).toEqual([three.number]);
    expect(await take({ series: "signed", limit: 1 })).toEqual([]);
  });

  it("leaves a signed payout alone whose signatures the vault would refuse as expired", async () => {
    const payout = await world.propose(150n * FLR);
    await world.step([payout], "approved");
    clock.advanceSeconds(7 * 86_400);
    expect(await take({ series: "signed" })).toEqual([]);
    clock.advanceSeconds(-1);
    expect(await take({ series: "signed" })).toHaveLength(1);
  });
});

describe("a batch that was proven dead", () => {
  it("gives back all its numbers, to be paid and closed by another", async () => {
    const payouts = await approved(3);
    const [, second] = payouts;
    if (second === undefined) throw new Error("three were asked for");
    await world.step([second], "cancelled");
    const batchId = randomUUID();
    const members = await take({ batchId });
    await db.transaction((tx) => noteBatchTransaction(tx, { batchId, txHash: "0xone", now: clock.now() }));
    await world.step(
      members.filter((member) => !closesNumber(member)),
      "submitted",
    );
    await db.transaction((tx) => noteBatchTransaction(tx, { batchId, txHash: "0xtwo", now: clock.now() }));
    expect((await payoutsOfBatch(db.pool, batchId)).map((payout) => payout.txHash)).toEqual([
      "0xtwo",
      null,
      "0xtwo",
    ]);
    const release = () =>
      db.transaction((tx) =>
        releaseBatch(tx, { batchId, actor: "system:settlement", reason: "nonce taken", now: clock.now() }),
      );
    expect((await release()).map((payout) => payout.status)).toEqual(["approved", "approved"]);
    expect(await release()).toEqual([]);
    expect(await payoutsOfBatch(db.pool, batchId)).toEqual([]);
    const again = await take();
    expect(numbersOf(again)).toEqual(numbersOf(payouts));
    expect(again.map((payout) => payout.txHash)).toEqual([null, null, null]);
  });
});

it("takes the index and not the table, however much was paid before", async () => {
  const plan = await db.transaction(async (tx) => {
    await tx.query("SET LOCAL enable_seqscan = off");
    return tx.query(
      `EXPLAIN SELECT id FROM payouts
       WHERE rail = 'flare' AND series = 'push' AND asset = 'FLR' AND batch_id IS NULL AND NOT number_closed
         AND (status = 'approved' OR (series = 'push' AND status IN ('rejected', 'expired', 'cancelled', 'failed')))
       ORDER BY number LIMIT 500`,
    );
  });
  expect(JSON.stringify(plan.rows)).toContain("payouts_unbatched");
});

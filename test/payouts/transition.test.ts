import { randomUUID } from "node:crypto";
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { historyOf, transitionPayouts } from "../../src/modules/payouts/index.ts";
import { COIN, createWorld, FLR, ledgerFaults } from "./world.ts";

const world = await createWorld();
const { db, clock } = world;

const owner = (who: { playerId: string }) => `player:${who.playerId}`;
const house = async () => ({
  exchange: (await world.balance("house:exchange", "COIN")).available,
  rewards: await world.balance("house:rewards", "FLR"),
  external: (await world.balance("house:external", "FLR")).available,
  credited: (await world.balance("house:credited", "FLR")).available,
});

describe("an exchange of COIN for FLR", () => {
  it("holds both sides, posts both when it is confirmed, and tells the account and the feed", async () => {
    const player = await world.player(100n);
    const before = await house();
    const payout = await world.request(player, 40n);
    expect(payout).toMatchObject({
      status: "approved",
      series: "push",
      amount: 40n * COIN,
      approvalsRequired: 0,
    });
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 60n, held: 40n });
    const held = await house();
    expect(held.rewards.held - before.rewards.held).toBe(40n * COIN);
    expect(held.exchange).toBe(before.exchange);

    await world.submit([payout]);
    const [confirmed] = await world.step([payout], "confirmed", world.final());
    expect(confirmed).toMatchObject({ status: "confirmed", blockNumber: 7n, version: 5 });
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 60n, held: 0n });
    const after = await house();
    expect(after.exchange - before.exchange).toBe(40n);
    expect(after.external - before.external).toBe(40n * COIN);
    expect(after.rewards.available + 40n * COIN).toBe(before.rewards.available);

    const events = await world.eventsOf(`account:${player.account}`);
    expect(
      events.map((event) => (event.type === "payout" ? event.payload.status : event.payload.balances)),
    ).toEqual([
      "approved",
      [{ asset: "COIN", available: "60", held: "40" }],
      "batched",
      "submitted",
      "confirmed",
      [{ asset: "COIN", available: "60", held: "0" }],
    ]);
    const feed = (await world.eventsOf("feed")).filter((event) => event.payload.id === payout.id);
    expect(feed).toEqual([
      {
        type: "payout",
        payload: {
          id: payout.id,
          amount: String(40n * COIN),
          asset: "FLR",
          account: player.account,
          txHash: confirmed?.txHash,
          demo: false,
          timestamp: clock.now().toISOString(),
        },
      },
    ]);
    expect(await historyOf(db.pool, payout.id)).toMatchObject([
      { version: 1, from: null, to: "requested", actor: player.account },
      { version: 2, from: "requested", to: "approved", actor: "system:policy" },
      { version: 3, from: "approved", to: "batched" },
      { version: 4, from: "batched", to: "submitted" },
      { version: 5, from: "submitted", to: "confirmed", actor: "system:test", reason: "test: confirmed" },
    ]);
    expect(await ledgerFaults(db)).toEqual([]);
  });

  it("goes back to both sides when it ends unpaid, and leaves the day's sums", async () => {
    const usage = async () =>
      (await db.pool.query("SELECT subject, amount FROM payout_usage WHERE amount > 0 ORDER BY subject"))
        .rows;
    const player = await world.player(100n);
    const [before, used] = [await house(), await usage()];
    const payout = await world.request(player, 40n);
    expect(await usage()).not.toEqual(used);
    await world.submit([payout]);
    const [failed] = await world.step([payout], "failed", { txHash: "0xdead" });
    expect(failed).toMatchObject({
      status: "failed",
      batchId: null,
      reason: "test: failed",
      txHash: "0xdead",
    });
    expect(failed?.number).toBe(payout.number);
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 100n, held: 0n });
    expect(await house()).toEqual(before);
    expect(await usage()).toEqual(used);
  });

  it("is owed by the vault when the payee refused, until the credit is pulled", async () => {
    const player = await world.player(100n);
    const before = await house();
    const payout = await world.request(player, 40n);
    await world.submit([payout]);
    await world.step([payout], "credited", world.final());
    const credited = await house();
    expect(credited.credited - before.credited).toBe(40n * COIN);
    expect(credited.external).toBe(before.external);
    expect(credited.rewards).toEqual({
      available: before.rewards.available - 40n * COIN,
      held: before.rewards.held,
    });
    expect(credited.exchange - before.exchange).toBe(40n);
    await world.step([payout], "confirmed");
    const pulled = await house();
    expect(pulled.credited).toBe(before.credited);
    expect(pulled.external - before.external).toBe(40n * COIN);
    const feed = (await world.eventsOf("feed")).filter((event) => event.payload.id === payout.id);
    expect(feed).toHaveLength(1);
    expect(await ledgerFaults(db)).toEqual([]);
  });

  it("that was proven dead is approved again with its number, out of its batch", async () => {
    const payout = await world.request(await world.player(10n), 4n);
    const batchId = randomUUID();
    await world.submit([payout], batchId);
    const [again] = await world.step([payout], "approved");
    expect(again).toMatchObject({ status: "approved", number: payout.number, batchId: null, txHash: null });
    const [rebatched] = await world.step([payout], "batched", { batchId: randomUUID() });
    expect(rebatched?.batchId).not.toBe(batchId);
  });
});

describe("FLR from the ledger", () => {
  it.each(["confirmed", "credited", "failed"] as const)(
    "leaves the player's own balance: %s",
    async (end) => {
      const player = await world.player(0n, { flr: 10n * FLR });
      const before = await house();
      const payout = await world.request(player, 4n * FLR, { asset: "FLR" });
      expect(payout).toMatchObject({
        funding: "balance",
        spentAsset: "FLR",
        spentAmount: 4n * FLR,
        amount: 4n * FLR,
      });
      expect(await world.balance(owner(player), "FLR")).toEqual({ available: 6n * FLR, held: 4n * FLR });
      await world.submit([payout]);
      await world.step([payout], end, world.final());
      const after = await house();
      expect(await world.balance(owner(player), "FLR")).toEqual({
        available: end === "failed" ? 10n * FLR : 6n * FLR,
        held: 0n,
      });
      expect(after.external - before.external).toBe(end === "confirmed" ? 4n * FLR : 0n);
      expect(after.credited - before.credited).toBe(end === "credited" ? 4n * FLR : 0n);
      expect(after.rewards).toEqual(before.rewards);
    },
  );
});

describe("a step", () => {
  it("that is repeated changes nothing: no row, no transfer, no event", async () => {
    const payout = await world.request(await world.player(10n), 4n);
    await world.submit([payout]);
    await world.step([payout], "confirmed", world.final());
    const count = async () =>
      (
        await db.pool.query(
          `SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM outbox_events) AS events,
                  (SELECT count(*) FROM payout_transitions) AS transitions, (SELECT sum(version) FROM payouts) AS versions`,
        )
      ).rows;
    const before = await count();
    const [again] = await world.step([payout], "confirmed", world.final());
    expect(again).toEqual(await world.stored(payout.id));
    expect(await count()).toEqual(before);
  });

  it("is taken by all or by none", async () => {
    const player = await world.player(10n);
    const [one, two] = [await world.request(player, 1n), await world.request(player, 1n)];
    await world.step([two], "cancelled");
    await expect(world.step([one, two], "batched", { batchId: randomUUID() })).rejects.toMatchObject({
      kind: "conflict",
      code: "payout_state_conflict",
      details: { payoutId: two.id, status: "cancelled", to: "batched" },
    });
    expect(await world.stored(one.id)).toEqual(one);
  });

  it("finds the payout where it was said to be, or is refused", async () => {
    const payout = await world.request(await world.player(10n), 1n);
    const step = db.transaction((tx) =>
      transitionPayouts(tx, {
        payoutIds: [payout.id],
        from: "submitted",
        to: "expired",
        actor: "system:test",
        reason: "test",
        now: clock.now(),
      }),
    );
    await expect(step).rejects.toMatchObject({ code: "payout_state_conflict" });
    await expect(world.step([payout], "confirmed", world.final())).rejects.toMatchObject({
      code: "payout_state_conflict",
    });
  });

  it("for a payout that does not exist is an error, not a silence", async () => {
    const ghost = { ...(await world.request(await world.player(10n), 1n)), id: randomUUID() };
    await expect(world.step([ghost], "cancelled")).rejects.toThrow(`payouts ${ghost.id} do not exist`);
  });

  it("takes hundreds of payouts at once, each with its own receipt", async () => {
    const players = await Promise.all(Array.from({ length: 25 }, () => world.player(100n)));
    const requested = [];
    for (let i = 0; i < 200; i += 25) {
      requested.push(...(await Promise.all(players.map((player) => world.request(player, 1n)))));
    }
    await world.submit(requested);
    const before = await house();
    const queries = vi.spyOn(pg.Client.prototype, "query");
    const confirmed = await world.step(requested, "confirmed", (payout) => ({
      txHash: `0x${payout.id}`,
      blockNumber: 9n,
    }));
    const statements = queries.mock.calls.length;
    queries.mockRestore();
    expect(confirmed.map((payout) => payout.txHash)).toEqual(confirmed.map((payout) => `0x${payout.id}`));
    expect((await house()).external - before.external).toBe(200n * COIN);
    for (const player of players) {
      expect(await world.balance(owner(player), "COIN")).toEqual({ available: 92n, held: 0n });
      const events = await world.eventsOf(`account:${player.account}`);
      // One balance for the whole step, after one for each request.
      expect(events.filter((event) => event.type === "balance")).toHaveLength(9);
    }
    expect(await ledgerFaults(db)).toEqual([]);
    // Set-based: a few statements, however many payouts.
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThan(20);
  });
});

describe("numbers", () => {
  it("are dense in each series, however many ask at once and whoever is refused", async () => {
    const player = await world.player(1_000n);
    const before = await world.request(player, 1n);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_unused, i) =>
        i % 3 === 0
          ? world.request(player, 100_000n)
          : world.request(player, 1n, { delivery: i % 3 === 1 ? "push" : "claim" }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === "rejected")).toHaveLength(10);
    const after = await world.request(player, 1n);
    expect(after.number).toBe((before.number ?? 0n) + 11n);
    const { rows } = await db.pool.query(
      `SELECT series, count(*) AS count, count(DISTINCT number) AS distinct, max(number & 1099511627775) AS last
       FROM payouts WHERE number IS NOT NULL GROUP BY series`,
    );
    for (const row of rows) expect(row).toMatchObject({ count: row.last, distinct: row.last });
  });

  it("of what approvers sign are given with the request, of the rest with the approval", async () => {
    const large = await world.propose(150n * FLR);
    expect(large).toMatchObject({ status: "pending_approval", series: "signed", approvalsRequired: 2 });
    expect(large.number).toBeGreaterThan(2n ** 60n);
    const [approved] = await world.step([large], "approved");
    expect(approved?.number).toBe(large.number);
    const [pending] = await world.step([large], "pending_approval");
    expect(pending?.number).toBe(large.number);
  });
});

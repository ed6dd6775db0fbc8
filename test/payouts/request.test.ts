import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cancelPayout } from "../../src/modules/payouts/cancel-payout.ts";
import {
  ensureDefaultPolicies,
  pauseRail,
  policyOf,
  resumeRail,
  savePolicy,
  setAddressRule,
  takeForBatch,
  transitionPayouts,
} from "../../src/modules/payouts/index.ts";
import { runIdempotently } from "../../src/platform/http/index.ts";
import { COIN, createWorld, FLR, ledgerFaults, randomAddress } from "./world.ts";

const world = await createWorld();
const { db, clock } = world;
const owner = (who: { playerId: string }) => `player:${who.playerId}`;
const countPayouts = async () => (await db.pool.query("SELECT count(*) AS n FROM payouts")).rows[0]?.n;

/** Runs `work` under a changed FLR policy and puts the old one back. */
async function underPolicy(
  change: Partial<Awaited<ReturnType<typeof currentPolicy>>>,
  work: () => Promise<void>,
): Promise<void> {
  const policy = await currentPolicy();
  await savePolicy(db.pool, { ...policy, ...change });
  try {
    await work();
  } finally {
    await savePolicy(db.pool, policy);
  }
}

async function currentPolicy() {
  const policy = await policyOf(db.pool, "FLR");
  if (policy === null) throw new Error("FLR has no policy");
  return policy;
}

describe("a request", () => {
  it("is paid to the player's own wallet unless another address is named", async () => {
    const player = await world.player(10n);
    expect((await world.request(player, 1n)).to).toBe(player.account);
    const to = randomAddress();
    expect((await world.request(player, 1n, { to: to.toLowerCase() })).to).toBe(to);
  });

  it("of 100 FLR or more waits for approvers, and says so", async () => {
    const payout = await world.request(await world.player(100_000n), 100_000n);
    expect(payout).toMatchObject({
      status: "pending_approval",
      approvalsRequired: 2,
      reason: "needs 2 of 4: 100 FLR or more",
      series: "signed",
    });
    expect(payout.validUntil).toEqual(new Date("2026-11-27T12:00:00Z"));
  });

  it.each([
    ["an unknown asset", { asset: "DOGE" }, 1n, "unknown_asset"],
    ["an unknown asset to be paid in", { payAs: "DOGE" }, 1n, "unknown_asset"],
    ["a pair that is not exchanged", { asset: "FLR", payAs: "COIN" }, 1n, "unsupported_pair"],
    ["the zero address", { to: `0x${"0".repeat(40)}` }, 1n, "zero_address"],
    ["a malformed address", { to: "0x123" }, 1n, "invalid_address"],
    ["a precompile", { to: `0x${"0".repeat(38)}01` }, 1n, "reserved_address"],
    ["the vault itself", { to: "0x5FbDB2315678afecb367f032d93F642f64180aa3" }, 1n, "payee_is_vault"],
    ["more than uint96", {}, 10n ** 14n, "amount_too_large"],
    ["38 digits", {}, 10n ** 38n - 1n, "amount_too_large"],
    ["more than the balance", {}, 51n, "insufficient_funds"],
    ["a claim that needs approvals", { delivery: "claim" }, 100_000n, "claim_needs_no_approval"],
  ] as const)("for %s is refused and leaves nothing behind", async (_what, wish, amount, code) => {
    const player = await world.player(50n);
    const before = await countPayouts();
    await expect(world.request(player, amount, wish)).rejects.toMatchObject({ code });
    expect(await countPayouts()).toBe(before);
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 50n, held: 0n });
  });

  it("for more than the balance says what is available", async () => {
    const player = await world.player(50n);
    await world.request(player, 20n);
    await expect(world.request(player, 31n)).rejects.toMatchObject({
      kind: "unprocessable",
      code: "insufficient_funds",
      message: "this needs 31 COIN, but 30 COIN are available",
      details: { asset: "COIN", amount: "31", available: "30" },
    });
  });

  it("names a wrong address before a missing balance, and a missing balance before a cap", async () => {
    const player = await world.player(50n);
    await expect(world.request(player, 51n, { to: `0x${"0".repeat(40)}` })).rejects.toMatchObject({
      code: "zero_address",
    });
    await underPolicy({ playerDailyCap: 1n }, async () => {
      await expect(world.request(player, 51n)).rejects.toMatchObject({ code: "insufficient_funds" });
      await expect(world.request(player, 50n)).rejects.toMatchObject({ code: "player_daily_cap" });
    });
  });

  it("that the rewards account cannot cover is refused without taking the player's COIN", async () => {
    const player = await world.player(2_000_000_000n);
    await underPolicy({ playerDailyCap: 10n ** 30n, assetDailyCap: 10n ** 30n }, async () => {
      await expect(world.request(player, 1_900_000_000n)).rejects.toMatchObject({
        kind: "unavailable",
        code: "treasury_short",
      });
    });
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 2_000_000_000n, held: 0n });
  });

  it("made for the whole balance by many at once is granted to exactly one", async () => {
    const player = await world.player(50n);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => world.request(player, 50n)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refused).toHaveLength(7);
    for (const reason of refused) {
      expect(reason).toMatchObject({ code: "insufficient_funds", details: { available: "0" } });
    }
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 0n, held: 50n });
  });

  it("with one Idempotency-Key sent by many at once makes one payout", async () => {
    const player = await world.player(500n);
    const send = () =>
      runIdempotently(
        db,
        { scope: player.playerId, key: "the-one-intent", route: "POST /payouts", body: { amount: "5" } },
        async (tx) => ({
          status: 202,
          body: await world.payouts.requestPayout(tx, player, { asset: "COIN", amount: 5n, payAs: "FLR" }),
        }),
      );
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, send));
    const bodies = outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value.body.id] : [],
    );
    expect(new Set(bodies).size).toBe(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "request_in_flight" });
    }
    expect((await send()).body.id).toBe(bodies[0]);
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 495n, held: 5n });
  });
});

describe("daily caps", () => {
  it("hold for many requests at once, and a cancelled payout frees its share", async () => {
    const player = await world.player(1_000n);
    await underPolicy({ playerDailyCap: 30n * COIN }, async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => world.request(player, 10n)));
      const granted = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      expect(granted).toHaveLength(3);
      const [one] = granted;
      if (one === undefined) throw new Error("none was granted");
      await expect(world.request(player, 1n)).rejects.toMatchObject({
        code: "player_daily_cap",
        details: { remaining: "0" },
      });
      // A quote says no to what a request would be refused.
      const quote = world.payouts.quote(player, { asset: "COIN", amount: 1n, payAs: "FLR" });
      await expect(quote).rejects.toMatchObject({ code: "player_daily_cap" });
      await world.step([one], "cancelled");
      await world.request(player, 10n);
      clock.advanceSeconds(86_400);
      await world.request(player, 30n);
    });
  });

  it("of the asset count everybody's payouts, the rewards account's too; of the player not", async () => {
    const player = await world.player(1_000n);
    const used = await db.pool.query(
      "SELECT amount FROM payout_usage WHERE subject = '*' AND day = $1::date",
      [clock.now()],
    );
    const cap = (used.rows[0]?.amount ?? 0n) + 20n * COIN;
    await underPolicy({ assetDailyCap: cap, playerDailyCap: 20n * COIN }, async () => {
      await world.propose(5n * COIN, player.account);
      await world.request(player, 15n);
      await expect(world.request(player, 1n)).rejects.toMatchObject({ code: "asset_daily_cap" });
      await expect(world.propose(1n)).rejects.toMatchObject({ code: "asset_daily_cap" });
    });
  });
});

describe("the policy", () => {
  it("is the default until somebody writes one down, and then what they wrote", async () => {
    await db.pool.query("DELETE FROM payout_policies");
    const standard = await currentPolicy();
    expect(standard.tiers).toEqual([
      { above: 100n * FLR, approvals: 2 },
      { above: 10_000n * FLR, approvals: 3 },
    ]);
    await ensureDefaultPolicies(db.pool);
    expect(await currentPolicy()).toEqual(standard);
    await underPolicy({ tiers: [{ above: 5n * COIN, approvals: 1 }] }, async () => {
      await ensureDefaultPolicies(db.pool);
      const player = await world.player(10n);
      expect((await world.request(player, 4n)).reason).toBe("needs no approval: below 0.005 FLR");
      expect((await world.request(player, 5n)).reason).toBe("needs 1 of 4: 0.005 FLR or more");
    });
    expect(await policyOf(db.pool, "DOGE")).toBeNull();
  });

  it.each([
    '{"above": "1", "approvals": 1}',
    '[{"above": 1, "approvals": 1}]',
    '[{"above": "0", "approvals": 1}]',
    '[{"above": "1.5", "approvals": 1}]',
    '[{"above": "1", "approvals": 1.5}]',
    '[{"above": "1", "approvals": 0}]',
    '[{"above": "1", "approvals": "1"}]',
    '[{"above": "1"}]',
    "[7]",
    "null",
  ])("takes no tiers like %s", async (tiers) => {
    const update = db.pool.query("UPDATE payout_policies SET tiers = $1::jsonb", [tiers]);
    await expect(update).rejects.toMatchObject({ constraint: "payout_policies_tiers_shape" });
  });
});

describe("a new address", () => {
  it("makes a payout wait, then go on by itself; one that was paid before does not wait", async () => {
    const player = await world.player(300_000n);
    await underPolicy({ firstAddressDelaySeconds: 3_600 }, async () => {
      const [small, large] = [await world.request(player, 10n), await world.request(player, 100_000n)];
      for (const payout of [small, large])
        expect(payout).toMatchObject({ status: "requested", number: null });
      expect(small.reason).toBe("needs no approval: below 100 FLR; waits 1 h: first payout to this address");
      // Waiting is no way around the approvers.
      await expect(world.step([large], "approved")).rejects.toMatchObject({ code: "payout_state_conflict" });
      await expect(world.step([small], "pending_approval")).rejects.toMatchObject({
        code: "payout_state_conflict",
      });
      const approve = db.pool.query(
        "UPDATE payouts SET status = 'approved', version = 2, number = 1152921504606846999, series = 'signed' WHERE id = $1",
        [large.id],
      );
      await expect(approve).rejects.toMatchObject({ constraint: "payouts_guard" });
      // The approvers have their full time once the wait is over.
      expect(large.validUntil?.getTime()).toBe(clock.now().getTime() + (3_600 + 7 * 86_400) * 1_000);
      expect(await world.payouts.releaseDelayed(clock.now())).toBe(0);
      clock.advanceSeconds(3_600);
      expect(await world.payouts.releaseDelayed(clock.now())).toBe(2);
      expect(await world.stored(small.id)).toMatchObject({ status: "approved", series: "push" });
      expect(await world.stored(large.id)).toMatchObject({ status: "pending_approval", series: "signed" });
      await world.submit([small]);
      await world.step([small], "confirmed", world.final());
      expect(await world.request(player, 1n)).toMatchObject({ status: "approved", notBefore: null });
    });
  });

  it("does not wait when it is on the allow list", async () => {
    const player = await world.player(10n);
    await setAddressRule(db.pool, { address: player.account, rule: "allow", reason: "known" });
    await underPolicy({ firstAddressDelaySeconds: 3_600 }, async () => {
      expect((await world.request(player, 1n)).status).toBe("approved");
    });
  });

  it("that is denied meanwhile is rejected, and its money goes back", async () => {
    const player = await world.player(10n);
    await underPolicy({ firstAddressDelaySeconds: 60 }, async () => {
      const payout = await world.request(player, 10n);
      await setAddressRule(db.pool, { address: player.account, rule: "deny", reason: "stolen" });
      clock.advanceSeconds(60);
      expect(await world.payouts.releaseDelayed(clock.now())).toBe(1);
      expect(await world.stored(payout.id)).toMatchObject({ status: "rejected", number: null });
    });
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 10n, held: 0n });
    await expect(world.request(player, 1n)).rejects.toMatchObject({ code: "address_denied" });
    await expect(world.request(player, 1n, { to: randomAddress() })).rejects.toMatchObject({
      code: "address_denied",
    });
    await setAddressRule(db.pool, { address: player.account, rule: null, reason: "returned" });
    expect((await world.request(player, 1n)).status).toBe("approved");
  });

  it("is released once, however many processes look", async () => {
    const player = await world.player(100n);
    await underPolicy({ firstAddressDelaySeconds: 60 }, async () => {
      for (let i = 0; i < 10; i += 1) await world.request(player, 1n);
      clock.advanceSeconds(60);
      const counts = await Promise.all(
        Array.from({ length: 4 }, () => world.payouts.releaseDelayed(clock.now())),
      );
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
    });
  });
});

describe("suspicious clicking", () => {
  it("slows a payout, which then goes on by itself in full", async () => {
    const player = await world.player(10n);
    world.suspicions.set(player.playerId, ["sustained rate"]);
    const payout = await world.request(player, 10n);
    expect(payout).toMatchObject({ status: "requested", number: null });
    expect(payout.reason).toContain("waits 1 h: unusual clicking (sustained rate)");
    clock.advanceSeconds(3_600);
    await world.payouts.releaseDelayed(clock.now());
    expect(await world.stored(payout.id)).toMatchObject({ status: "approved", amount: payout.amount });
  });
});

describe("payouts that leave for no chain", () => {
  it("of a demo session are confirmed at once, spend its COIN and nothing else", async () => {
    const player = await world.player(100n, { demo: true });
    const rewards = await world.balance("house:rewards", "FLR");
    const payout = await world.request(player, 40n);
    expect(payout).toMatchObject({
      source: "demo",
      status: "confirmed",
      number: null,
      txHash: null,
      to: player.account,
    });
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 60n, held: 0n });
    expect(await world.balance("house:rewards", "FLR")).toEqual(rewards);
    expect(
      (await world.eventsOf("feed")).filter((event) => event.payload.id === payout.id)[0]?.payload,
    ).toMatchObject({
      demo: true,
      account: player.account,
    });
    await expect(world.request(player, 61n)).rejects.toMatchObject({ code: "insufficient_funds" });
    await expect(world.request(player, 1n, { to: randomAddress() })).rejects.toMatchObject({
      code: "demo_has_no_address",
    });
    await expect(world.request(player, 1n, { delivery: "claim" })).rejects.toMatchObject({
      code: "demo_has_no_address",
    });
  });

  it("in mode demo are everybody's", async () => {
    const service = world.service({ PAYOUT_MODE: "demo" });
    const player = await world.player(100n, { flr: FLR });
    expect(await world.request(player, 100n, { service })).toMatchObject({
      source: "demo",
      status: "confirmed",
    });
    await expect(world.request(player, 1n, { service, asset: "FLR" })).rejects.toMatchObject({
      code: "not_on_chain_here",
    });
  });

  it("in mode server put FLR on the player's ledger account, to be paid out on chain later", async () => {
    const service = world.service({ PAYOUT_MODE: "server" });
    const player = await world.player(200_000n);
    const payout = await world.request(player, 200_000n, { service });
    expect(payout).toMatchObject({ source: "server", status: "confirmed", number: null });
    expect(await world.balance(owner(player), "FLR")).toEqual({ available: 200n * FLR, held: 0n });
    await expect(world.request(player, 1n, { service, to: randomAddress() })).rejects.toMatchObject({
      code: "stays_on_ledger",
    });
    await expect(world.request(player, 1n, { service, asset: "FLR" })).rejects.toMatchObject({
      code: "not_on_chain_here",
    });
    const out = await world.request(player, 50n * FLR, { asset: "FLR" });
    expect(out).toMatchObject({ source: "onchain", status: "approved", funding: "balance" });
  });
});

describe("a proposal from the rewards account", () => {
  it("holds the rewards alone and belongs to its payee, who cannot cancel it", async () => {
    const player = await world.player(0n);
    const before = await world.balance("house:rewards", "FLR");
    const payout = await world.propose(5n * FLR, player.account);
    expect(payout).toMatchObject({
      account: player.account,
      playerId: player.playerId,
      funding: "rewards",
      spentAsset: "FLR",
      spentAmount: 5n * FLR,
      status: "approved",
    });
    expect((await world.balance("house:rewards", "FLR")).held - before.held).toBe(5n * FLR);
    await expect(world.payouts.cancel(payout.id, player)).rejects.toMatchObject({ code: "payout_not_found" });
    const back = await world.payouts.cancel(payout.id, { ...player, account: payout.proposedBy });
    expect(back.status).toBe("cancelled");
    expect(await world.balance("house:rewards", "FLR")).toEqual(before);
  });

  it("to a stranger's wallet is no player's", async () => {
    expect(await world.propose(1n)).toMatchObject({ playerId: null, status: "approved" });
  });

  it.each([
    ["COIN", 1n, "unsupported_pair"],
    ["DOGE", 1n, "unknown_asset"],
    ["FLR", 2n ** 96n, "amount_too_large"],
    ["FLR", 2n ** 95n, "treasury_short"],
  ] as const)("of %s %s is refused: %s", async (asset, amount, code) => {
    await underPolicy({ assetDailyCap: 10n ** 37n }, async () => {
      const proposal = { proposer: { account: randomAddress() }, to: randomAddress(), asset, amount };
      await expect(db.transaction((tx) => world.payouts.proposePayout(tx, proposal))).rejects.toMatchObject({
        code,
      });
    });
  });

  it("in mode demo moves nothing and says so", async () => {
    const before = await world.balance("house:rewards", "FLR");
    const proposal = { proposer: { account: "x" }, to: randomAddress(), asset: "FLR", amount: 500n * FLR };
    const service = world.service({ PAYOUT_MODE: "demo" });
    expect(await db.transaction((tx) => service.proposePayout(tx, proposal))).toMatchObject({
      source: "demo",
      status: "confirmed",
      number: null,
      reason: "demo: no FLR leaves, so it needs no approval",
    });
    expect(await world.balance("house:rewards", "FLR")).toEqual(before);
  });

  it("in mode server goes to players only", async () => {
    const service = world.service({ PAYOUT_MODE: "server" });
    const player = await world.player(0n);
    const give = (to: string) =>
      db.transaction((tx) =>
        service.proposePayout(tx, { proposer: { account: "x" }, to, asset: "FLR", amount: FLR }),
      );
    expect(await give(player.account)).toMatchObject({ source: "server", status: "confirmed" });
    expect(await world.balance(owner(player), "FLR")).toEqual({ available: FLR, held: 0n });
    await expect(give(randomAddress())).rejects.toMatchObject({ code: "unknown_recipient" });
  });
});

describe("a paused rail", () => {
  it("takes no requests and batches nothing until it is resumed; what never leaves goes on", async () => {
    const player = await world.player(10n);
    const waiting = await world.request(player, 1n);
    const pause = (reason: string) =>
      db.transaction((tx) =>
        pauseRail(tx, { rail: "flare", actor: "system:settlement", reason, now: clock.now() }),
      );
    expect(await pause("the vault is short by 1 wei")).toMatchObject({ changed: true });
    expect(await pause("again")).toMatchObject({
      changed: false,
      pause: { reason: "the vault is short by 1 wei" },
    });
    await expect(world.request(player, 1n)).rejects.toMatchObject({
      kind: "unavailable",
      code: "rail_paused",
      details: { reason: "the vault is short by 1 wei" },
    });
    const take = () =>
      db.transaction((tx) =>
        takeForBatch(tx, {
          closesNumbers: true,
          rail: "flare",
          series: "push",
          asset: "FLR",
          limit: 1_000,
          budget: 10n ** 30n,
          batchId: randomUUID(),
          actor: "system:settlement",
          now: clock.now(),
        }),
      );
    expect(await take()).toEqual([]);
    const demo = await world.player(10n, { demo: true });
    expect((await world.request(demo, 1n)).status).toBe("confirmed");

    const resume = { rail: "flare", actor: randomAddress(), reason: "topped up" };
    const ended = await db.transaction((tx) => resumeRail(tx, resume));
    expect(ended).toMatchObject({ actor: "system:settlement", reason: "the vault is short by 1 wei" });
    expect(await db.transaction((tx) => resumeRail(tx, resume))).toBeNull();
    expect((await take()).length).toBeGreaterThan(0);
    expect((await world.stored(waiting.id)).status).not.toBe("requested");
    const { rows } = await db.pool.query(
      "SELECT actor, action FROM audit_log WHERE subject = 'rail:flare' ORDER BY id",
    );
    expect(rows).toEqual([
      { actor: "system:settlement", action: "rail_paused" },
      { actor: resume.actor, action: "rail_resumed" },
    ]);
  });
});

describe("cancelling", () => {
  const cancel = (payoutId: string, actor: string) =>
    db.transaction((tx) => cancelPayout(tx, { payoutId, actor, now: clock.now() }));

  it("twice is cancelling once", async () => {
    const player = await world.player(10n);
    const payout = await world.request(player, 10n);
    const outcomes = await Promise.all([
      cancel(payout.id, player.account),
      cancel(payout.id, player.account),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "cancelled", version: 3, number: payout.number });
    }
    expect(await world.balance(owner(player), "COIN")).toEqual({ available: 10n, held: 0n });
  });

  it("while somebody approves it ends in one of the two, and the money agrees", async () => {
    for (let round = 0; round < 10; round += 1) {
      const player = await world.player(100_000n);
      const payout = await world.request(player, 100_000n);
      const [cancelled, approved] = await Promise.allSettled([
        cancel(payout.id, player.account),
        db.transaction((tx) =>
          transitionPayouts(tx, {
            payoutIds: [payout.id],
            from: "pending_approval",
            to: "approved",
            actor: randomAddress(),
            reason: "2 of 2",
            now: clock.now(),
          }),
        ),
      ]);
      // An approved payout can still be cancelled, a cancelled one not approved.
      expect(cancelled.status).toBe("fulfilled");
      if (approved.status === "rejected")
        expect(approved.reason).toMatchObject({ code: "payout_state_conflict" });
      expect((await world.stored(payout.id)).status).toBe("cancelled");
      expect(await world.balance(owner(player), "COIN")).toEqual({ available: 100_000n, held: 0n });
    }
  });
});

it("the books balance after all of this", async () => {
  expect(await ledgerFaults(db)).toEqual([]);
});

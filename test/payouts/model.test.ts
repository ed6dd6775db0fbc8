import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  closesNumber,
  type Payout,
  type PayoutStatus,
  payoutsOfBatch,
  releaseBatch,
  takeForBatch,
} from "../../src/modules/payouts/index.ts";
import { cancelRefusal, canTransition, endedUnpaid } from "../../src/modules/payouts/state.ts";
import { faultsInBooks } from "./books.ts";
import { createWorld, FLR, type Player } from "./world.ts";

const world = await createWorld();
const { db, clock } = world;

/** Indices are taken modulo what there is when the operation runs. */
type Operation =
  | { do: "request"; who: number; amount: bigint; kind: "push" | "claim" | "balance" | "demo" }
  | { do: "propose"; amount: bigint }
  | { do: "step"; which: number; to: PayoutStatus }
  | { do: "cancel"; which: number }
  | { do: "voucher"; which: number }
  | { do: "take"; series: "push" | "signed"; limit: number; budget: bigint }
  | { do: "settle"; batch: number; credited: number }
  | { do: "die"; batch: number }
  | { do: "repeat" };

const SMALL = fc.bigInt(1n, 60n);
/** 100 FLR or a little more, in COIN and in wei: two approvals. */
const LARGE = fc.bigInt(100_000n, 100_010n);
const index = fc.nat({ max: 40 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("request" as const),
      who: index,
      amount: fc.oneof(SMALL, LARGE),
      kind: fc.constantFrom(
        "push" as const,
        "push" as const,
        "claim" as const,
        "balance" as const,
        "demo" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("propose" as const),
      amount: LARGE.map((n) => (n * FLR) / 1_000n),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant("step" as const),
      which: index,
      to: fc.constantFrom<PayoutStatus>(
        "approved",
        "pending_approval",
        "rejected",
        "expired",
        "failed",
        "submitted",
        "confirmed",
        "credited",
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("voucher" as const), which: index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      series: fc.constantFrom("push" as const, "push" as const, "signed" as const),
      limit: fc.integer({ min: 1, max: 6 }),
      budget: fc.oneof(
        fc.constant(10n ** 30n),
        fc.bigInt(1n, 100n).map((n) => n * 10n ** 15n),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("settle" as const), batch: index, credited: fc.nat({ max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), batch: index }) },
  { weight: 1, arbitrary: fc.constant({ do: "repeat" as const }) },
);

/** What the world must look like: one entry a payout, one a player; told without looking at the database. */
type Model = {
  payouts: {
    id: string;
    status: PayoutStatus;
    delivery: "push" | "claim";
    signed: boolean;
    batch: string | null;
  }[];
  coins: Map<string, { available: bigint; held: bigint }>;
};

/** The code of the refusal, or null when it went through. */
async function attempt(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string" || /^[0-9]/.test(code)) throw error;
    return code;
  }
}

class Run {
  readonly model: Model = { payouts: [], coins: new Map() };
  readonly batches: string[] = [];
  readonly stored = new Map<string, Payout>();
  readonly players: readonly Player[];
  readonly demo: Player;
  last: (() => Promise<unknown>) | null = null;

  constructor(players: readonly Player[], demo: Player) {
    this.players = players;
    this.demo = demo;
    for (const { playerId } of [...players, demo])
      this.model.coins.set(playerId, { available: 250_000n, held: 0n });
  }

  #pick(which: number) {
    const { payouts } = this.model;
    return payouts.length === 0 ? undefined : payouts[which % payouts.length];
  }

  #coinsOf(id: string) {
    const payout = this.stored.get(id);
    const coins = payout?.funding === "exchange" ? this.model.coins.get(payout.playerId ?? "") : undefined;
    return { coins, spent: payout?.spentAmount ?? 0n };
  }

  /** Moves the model's payout to `to`, with its COIN. */
  #moved(entry: Model["payouts"][number], to: PayoutStatus): void {
    const { coins, spent } = this.#coinsOf(entry.id);
    if (coins !== undefined && endedUnpaid(to)) {
      coins.held -= spent;
      coins.available += spent;
    }
    if (coins !== undefined && (to === "credited" || (to === "confirmed" && entry.status !== "credited"))) {
      coins.held -= spent;
    }
    if (to === "approved" || endedUnpaid(to)) entry.batch = null;
    entry.status = to;
  }

  async apply(op: Operation): Promise<void> {
    switch (op.do) {
      case "request": {
        const who = op.kind === "demo" ? this.demo : this.players[op.who % this.players.length];
        if (who === undefined) return;
        const isBalance = op.kind === "balance";
        const amount = isBalance ? op.amount * 10n ** 15n : op.amount;
        const isLarge = op.amount >= 100_000n;
        const code = await attempt(async () => {
          const payout = await world.request(who, amount, {
            asset: isBalance ? "FLR" : "COIN",
            ...(op.kind === "claim" ? { delivery: "claim" } : {}),
          });
          this.stored.set(payout.id, payout);
          const needs = isLarge && op.kind !== "demo";
          const status = op.kind === "demo" ? "confirmed" : needs ? "pending_approval" : "approved";
          expect(payout.status).toBe(status);
          this.model.payouts.push({
            id: payout.id,
            status,
            delivery: payout.delivery,
            signed: needs,
            batch: null,
          });
        });
        const coins = this.model.coins.get(who.playerId);
        if (coins === undefined) throw new Error("every player has coins");
        if (op.kind === "claim" && isLarge) expect(code).toBe("claim_needs_no_approval");
        else if (!isBalance && coins.available < amount) expect(code).toBe("insufficient_funds");
        else if (!isBalance) {
          expect(code).toBeNull();
          coins.available -= amount;
          if (op.kind !== "demo") coins.held += amount;
        }
        return;
      }
      case "propose": {
        const payout = await world.propose(op.amount);
        this.stored.set(payout.id, payout);
        expect(payout.status).toBe("pending_approval");
        this.model.payouts.push({
          id: payout.id,
          status: "pending_approval",
          delivery: "push",
          signed: true,
          batch: null,
        });
        return;
      }
      case "step": {
        const entry = this.#pick(op.which);
        const payout = entry && this.stored.get(entry.id);
        if (entry === undefined || payout === undefined) return;
        // Only settlement takes a payout that is pushed out of `approved`; here, as it would, through a batch.
        if (entry.status === "approved" && op.to === "submitted" && entry.delivery === "push") return;
        const work = () =>
          world.step(
            [payout],
            op.to,
            op.to === "confirmed" || op.to === "credited" ? world.final() : undefined,
          );
        const code = await attempt(work);
        this.last = code === null ? work : this.last;
        const isOut = entry.delivery === "claim" && entry.status === "submitted" && op.to === "approved";
        const needsNone = op.to === "pending_approval" && !entry.signed;
        const isLegal =
          entry.status === op.to || (canTransition(entry.status, op.to) && !isOut && !needsNone);
        expect(code, `${entry.status} → ${op.to}`).toBe(isLegal ? null : "payout_state_conflict");
        if (isLegal && entry.status !== op.to) this.#moved(entry, op.to);
        return;
      }
      case "cancel": {
        const entry = this.#pick(op.which);
        const payout = entry && this.stored.get(entry.id);
        if (entry === undefined || payout === undefined) return;
        const actor = { playerId: payout.playerId ?? "", account: payout.proposedBy, roles: [] };
        const code = await attempt(() => world.payouts.cancel(entry.id, actor));
        const refusal = entry.status === "cancelled" ? null : cancelRefusal(entry.status, entry.delivery);
        expect(code).toBe(refusal);
        if (refusal === null && entry.status !== "cancelled") this.#moved(entry, "cancelled");
        return;
      }
      case "voucher": {
        const entry = this.#pick(op.which);
        const payout = entry && this.stored.get(entry.id);
        if (entry === undefined || payout === undefined) return;
        const actor = { playerId: payout.playerId ?? "", account: payout.account, roles: [] };
        const code = await attempt(() => world.payouts.voucher(entry.id, actor));
        if (entry.delivery !== "claim" || payout.source !== "onchain") expect(code).toBe("not_a_claim");
        else if (entry.status === "approved") {
          expect(code).toBeNull();
          entry.status = "submitted";
        } else if (entry.status !== "submitted") expect(code).toBe("voucher_unavailable");
        return;
      }
      case "take": {
        const batchId = randomUUID();
        const members = await db.transaction((tx) =>
          takeForBatch(tx, {
            closesNumbers: true,
            rail: "flare",
            series: op.series,
            asset: "FLR",
            limit: op.limit,
            budget: op.budget,
            batchId,
            actor: "system:settlement",
            now: clock.now(),
          }),
        );
        expect(members.length).toBeLessThanOrEqual(op.limit);
        let spent = 0n;
        for (const [i, member] of members.entries()) {
          if (i > 0 && op.series === "push") expect(member.number).toBe((members[i - 1]?.number ?? 0n) + 1n);
          if (closesNumber(member)) continue;
          spent += member.amount;
          const entry = this.model.payouts.find(({ id }) => id === member.id);
          // Numbers that an earlier run left behind come along; this run's model does not know them.
          if (entry === undefined) continue;
          expect(entry.status).toBe("approved");
          entry.status = "batched";
          entry.batch = batchId;
        }
        expect(spent).toBeLessThanOrEqual(op.budget);
        if (members.length > 0) this.batches.push(batchId);
        return;
      }
      case "settle": {
        const batchId = this.batches[op.batch % Math.max(1, this.batches.length)];
        if (batchId === undefined) return;
        const members = (await payoutsOfBatch(db.pool, batchId)).filter((member) => !closesNumber(member));
        const open = members.filter(({ status }) => status === "batched" || status === "submitted");
        await world.step(
          open.filter(({ status }) => status === "batched"),
          "submitted",
        );
        const credited = open.slice(0, op.credited);
        const final = world.final();
        await world.step(credited, "credited", final);
        await world.step(open.slice(op.credited), "confirmed", final);
        for (const [i, { id }] of open.entries()) {
          const entry = this.model.payouts.find((candidate) => candidate.id === id);
          if (entry !== undefined) this.#moved(entry, i < op.credited ? "credited" : "confirmed");
        }
        return;
      }
      case "die": {
        const batchId = this.batches[op.batch % Math.max(1, this.batches.length)];
        if (batchId === undefined) return;
        await db.transaction((tx) =>
          releaseBatch(tx, { batchId, actor: "system:settlement", reason: "nonce taken", now: clock.now() }),
        );
        for (const entry of this.model.payouts) {
          if (entry.batch === batchId && (entry.status === "batched" || entry.status === "submitted")) {
            this.#moved(entry, "approved");
          }
        }
        return;
      }
      case "repeat": {
        // A step that was taken before either is where it led to, and changes nothing, or is refused.
        if (this.last === null) return;
        const before = await snapshot();
        const code = await attempt(this.last);
        if (code !== null) expect(code).toBe("payout_state_conflict");
        const isBackAgain = code === null && (await snapshot()) !== before;
        if (isBackAgain) await this.reread();
        return;
      }
    }
  }

  /** A repeated step may be a new one, when the payout has gone round to where it applies. */
  async reread(): Promise<void> {
    for (const entry of this.model.payouts) {
      const { status } = await world.stored(entry.id);
      if (status !== entry.status) {
        expect(canTransition(entry.status, status)).toBe(true);
        this.#moved(entry, status);
      }
    }
  }

  async check(): Promise<void> {
    for (const entry of this.model.payouts) {
      expect((await world.stored(entry.id)).status, entry.id).toBe(entry.status);
    }
    for (const [playerId, coins] of this.model.coins) {
      expect(await world.balance(`player:${playerId}`, "COIN")).toEqual(coins);
    }
  }
}

const snapshot = async () =>
  JSON.stringify(
    (
      await db.pool.query(
        `SELECT (SELECT count(*)::int FROM transfers) AS transfers, (SELECT count(*)::int FROM payout_transitions) AS steps,
                (SELECT count(*)::int FROM outbox_events) AS events`,
      )
    ).rows,
  );

async function newRun(): Promise<Run> {
  const players = [
    await world.player(250_000n, { flr: 250n * FLR }),
    await world.player(250_000n, { flr: 250n * FLR }),
  ];
  return new Run(players, await world.player(250_000n, { demo: true }));
}

describe("any sequence of operations", () => {
  it("leaves every payout where the model has it, and the books right", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 35, maxLength: 60, size: "max" }),
        async (operations) => {
          const run = await newRun();
          for (const op of operations) await run.apply(op);
          await run.check();
          expect(await faultsInBooks(db)).toEqual([]);
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it("run by many at once loses nothing: each ends somewhere legal, and the books are right", async () => {
    const allowed = new Set([null, "payout_state_conflict", "insufficient_funds", "claim_needs_no_approval"]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 60, maxLength: 90, size: "max" }),
        async (operations) => {
          const { players, demo } = await newRun();
          const payouts: Payout[] = [];
          const pick = (which: number) => payouts[which % Math.max(1, payouts.length)];
          const batches: string[] = [];
          const codes: unknown[] = [];
          async function perform(op: Operation): Promise<unknown> {
            switch (op.do) {
              case "request": {
                const who = op.kind === "demo" ? demo : players[op.who % players.length];
                if (who === undefined) return;
                const isBalance = op.kind === "balance";
                return payouts.push(
                  await world.request(who, isBalance ? op.amount * 10n ** 15n : op.amount, {
                    asset: isBalance ? "FLR" : "COIN",
                    ...(op.kind === "claim" ? { delivery: "claim" } : {}),
                  }),
                );
              }
              case "propose":
                return payouts.push(await world.propose(op.amount));
              case "step":
              case "cancel": {
                const payout = pick(op.which);
                const to = op.do === "cancel" ? "cancelled" : op.to;
                if (payout === undefined || (to === "submitted" && payout.delivery === "push")) return;
                const patch = to === "confirmed" || to === "credited" ? world.final() : undefined;
                return world.step([payout], to, patch);
              }
              case "take": {
                const batchId = randomUUID();
                batches.push(batchId);
                return db.transaction((tx) =>
                  takeForBatch(tx, {
                    closesNumbers: true,
                    rail: "flare",
                    asset: "FLR",
                    actor: "system:settlement",
                    ...op,
                    batchId,
                    now: clock.now(),
                  }),
                );
              }
              case "settle":
              case "die": {
                const batchId = batches[op.batch % Math.max(1, batches.length)];
                if (batchId === undefined) return;
                if (op.do === "die") {
                  return db.transaction((tx) =>
                    releaseBatch(tx, {
                      batchId,
                      actor: "system:settlement",
                      reason: "dead",
                      now: clock.now(),
                    }),
                  );
                }
                const open = (await payoutsOfBatch(db.pool, batchId)).filter(
                  ({ status }) => status === "batched",
                );
                await world.step(open, "submitted");
                return world.step(open, "confirmed", world.final());
              }
              default:
                return;
            }
          }
          const queue = [...operations];
          await Promise.all(
            Array.from({ length: 6 }, async () => {
              for (let op = queue.shift(); op !== undefined; op = queue.shift()) {
                const current = op;
                codes.push(await attempt(() => perform(current)));
              }
            }),
          );
          expect(codes.filter((code) => !allowed.has(code as string | null))).toEqual([]);
          expect(await faultsInBooks(db)).toEqual([]);
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });
});

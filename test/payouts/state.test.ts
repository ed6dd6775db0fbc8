import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  cancelRefusal,
  canTransition,
  endedUnpaid,
  holdEffect,
  isFinal,
  PAYOUT_STATUSES,
  type PayoutStatus,
  TRANSITIONS,
} from "../../src/modules/payouts/state.ts";
import { createWorld } from "./world.ts";

const world = await createWorld();
const { db } = world;

const pairs = PAYOUT_STATUSES.flatMap((from) => TRANSITIONS[from].map((to) => `${from} → ${to}`)).sort();

describe("the transition table", () => {
  it("is the one that the database enforces", async () => {
    const { rows } = await db.pool.query<{ from_status: string; to_status: string }>(
      "SELECT from_status, to_status FROM payout_allowed_transitions",
    );
    expect(rows.map((row) => `${row.from_status} → ${row.to_status}`).sort()).toEqual(pairs);
  });

  it("lets nothing follow a final status, and reaches every status from requested", () => {
    const reached = new Set<PayoutStatus>(["requested"]);
    for (const status of reached) for (const next of TRANSITIONS[status]) reached.add(next);
    expect([...reached].sort()).toEqual([...PAYOUT_STATUSES].sort());
    expect(PAYOUT_STATUSES.filter(isFinal)).toEqual([
      "confirmed",
      "failed",
      "rejected",
      "expired",
      "cancelled",
    ]);
  });

  it("resolves what is held exactly once on every way through", () => {
    // Every walk from requested to its end: one effect that ends the hold, and a pull only after a credit.
    const ends = (from: PayoutStatus, effects: string[], steps: number): string[][] =>
      steps === 0 || isFinal(from)
        ? [effects]
        : TRANSITIONS[from].flatMap((to) =>
            ends(
              to,
              [...effects, holdEffect(from, to)].filter((effect) => effect !== "keep"),
              steps - 1,
            ),
          );
    const walks = new Set(ends("requested", [], 9).map((effects) => effects.join(",")));
    expect([...walks].sort()).toEqual(["", "credit", "credit,pull", "post", "void"]);
  });

  it.each([
    ["requested", "push", null],
    ["pending_approval", "push", null],
    ["approved", "push", null],
    ["approved", "claim", null],
    ["submitted", "claim", "voucher_outstanding"],
    ["batched", "push", "payout_under_way"],
    ["submitted", "push", "payout_under_way"],
    ["credited", "push", "payout_final"],
    ["confirmed", "push", "payout_final"],
    ["expired", "claim", "payout_final"],
  ] as const)("tells the owner of a %s payout (%s) about cancelling: %s", (status, delivery, refusal) => {
    expect(cancelRefusal(status, delivery)).toBe(refusal);
  });

  it("calls exactly the four ends without payment unpaid", () => {
    expect(PAYOUT_STATUSES.filter(endedUnpaid)).toEqual(["failed", "rejected", "expired", "cancelled"]);
  });
});

describe("the guard in the database", () => {
  async function violation(work: (id: string) => [text: string, values: unknown[]][]): Promise<unknown> {
    const payout = await world.request(await world.player(10n), 1n);
    return db
      .transaction(async (tx) => {
        for (const [text, values] of work(payout.id)) await tx.query(text, values);
      })
      .then(
        () => "accepted",
        (error: { code?: string; constraint?: string }) => error.constraint ?? error.code,
      );
  }

  it("refuses every pair that the table does not hold", async () => {
    const payout = await world.request(await world.player(10n), 1n);
    const forbidden = PAYOUT_STATUSES.filter((to) => to !== "approved" && !canTransition("approved", to));
    expect(forbidden).toContain("confirmed");
    for (const to of forbidden) {
      const update = db.pool.query(
        "UPDATE payouts SET status = $2, version = version + 1, tx_hash = 'x', block_number = 1, batch_id = $1 WHERE id = $1",
        [payout.id, to],
      );
      await expect(update, to).rejects.toMatchObject({ constraint: "payouts_guard" });
    }
  });

  it.each([
    ["a skipped version", "UPDATE payouts SET status = 'cancelled', version = version + 2 WHERE id = $1"],
    ["a version without a step", "UPDATE payouts SET version = version + 1 WHERE id = $1"],
    ["another amount", "UPDATE payouts SET amount = amount + 1 WHERE id = $1"],
    ["another payee", "UPDATE payouts SET to_address = 'x' WHERE id = $1"],
    ["another number", "UPDATE payouts SET number = number + 1 WHERE id = $1"],
    ["no number", "UPDATE payouts SET number = NULL, series = NULL WHERE id = $1"],
    ["another player", "UPDATE payouts SET player_id = NULL WHERE id = $1"],
    ["another source", "UPDATE payouts SET source = 'demo' WHERE id = $1"],
  ])("refuses %s", async (_what, statement) => {
    expect(await violation((id) => [[statement, [id]]])).toBe("payouts_guard");
  });

  it("refuses a status without its row of history, and one that says something else", async () => {
    const cancel = "UPDATE payouts SET status = 'cancelled', version = version + 1 WHERE id = $1";
    const record = (from: string, to: string) =>
      `INSERT INTO payout_transitions (payout_id, version, from_status, to_status, actor, reason, created_at)
       VALUES ($1, 3, '${from}', '${to}', 'x', 'x', now())`;
    expect(await violation((id) => [[cancel, [id]]])).toBe("payouts_recorded");
    expect(
      await violation((id) => [
        [cancel, [id]],
        [record("requested", "cancelled"), [id]],
      ]),
    ).toBe("payouts_recorded");
    expect(
      await violation((id) => [
        [cancel, [id]],
        [record("approved", "cancelled"), [id]],
      ]),
    ).toBe("accepted");
  });

  it("keeps payouts and their history for ever", async () => {
    await world.request(await world.player(10n), 1n);
    for (const statement of [
      "DELETE FROM payouts",
      "TRUNCATE payouts CASCADE",
      "DELETE FROM payout_transitions",
      "UPDATE payout_transitions SET reason = 'x'",
      "INSERT INTO payout_allowed_transitions VALUES ('confirmed', 'approved')",
    ]) {
      await expect(db.pool.query(statement), statement).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|23001)$/),
      });
    }
  });

  it("lets a payout begin only as requested, version 1, without a number", async () => {
    const insert = (status: string, version: number) =>
      db.pool.query(
        `INSERT INTO payouts (id, account, to_address, rail, source, delivery, funding, status, asset, asset_ref, amount,
           spent_asset, spent_amount, approvals_required, reason, proposed_by, metadata, version, created_at, updated_at)
         VALUES ($1, 'a', 'b', 'flare', 'demo', 'push', 'exchange', $2, 'FLR', '0x', 1, 'COIN', 1, 0, '', 'a', '{}', $3, now(), now())`,
        [randomUUID(), status, version],
      );
    await expect(insert("confirmed", 1)).rejects.toMatchObject({ constraint: "payouts_guard" });
    await expect(insert("requested", 2)).rejects.toMatchObject({ constraint: "payouts_guard" });
    await expect(insert("requested", 1)).rejects.toMatchObject({ constraint: "payouts_recorded" });
  });
});

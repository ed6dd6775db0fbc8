import { describe, expect, it } from "vitest";
import type { ChainEvent } from "../../src/modules/settlement/rails/rail.ts";
import { judge, readWords, type Word, type WordedPayout } from "../../src/modules/settlement/word.ts";

const base = { txHash: "0xt", logIndex: 0, blockNumber: 9n, assetRef: "0x0", party: null, size: 1 };
const event = (more: Partial<ChainEvent> & Pick<ChainEvent, "kind">): ChainEvent => ({
  ...base,
  firstNumber: null,
  amount: 0n,
  ...more,
});
const payment = (number: bigint, amount: bigint) => ({ number, to: `0xto${number}`, amount });

describe("the words of a transaction", () => {
  it("are one for each number of a batch: paid, credited or closed", () => {
    const { words, faults } = readWords(
      [
        event({ kind: "credited", firstNumber: 8n, party: "0xto8", amount: 5n }),
        event({ kind: "batch_paid", firstNumber: 7n, size: 3, amount: 4n, logIndex: 1 }),
      ],
      [payment(7n, 4n), payment(8n, 5n), null],
    );
    expect(faults).toEqual([]);
    expect(words).toEqual([
      { kind: "paid", number: 7n, to: "0xto7", amount: 4n },
      { kind: "credited", number: 8n, to: "0xto8", amount: 5n },
      { kind: "closed", number: 9n, by: null },
    ]);
  });

  it("include what approvers signed and the payee refused", () => {
    const { words } = readWords(
      [event({ kind: "credited", firstNumber: 5n, party: "0xp", amount: 2n })],
      null,
    );
    expect(words).toEqual([{ kind: "credited", number: 5n, to: "0xp", amount: 2n }]);
  });

  it("are refused when the entries cannot be read or do not add up to what the event says", () => {
    const batch = event({ kind: "batch_paid", firstNumber: 7n, size: 1, amount: 4n });
    expect(readWords([batch], null).faults).toHaveLength(1);
    expect(readWords([batch], [payment(7n, 4n), payment(8n, 1n)]).faults).toHaveLength(1);
    expect(readWords([batch], [payment(7n, 3n)]).faults).toHaveLength(1);
  });
});

describe("a word about a payout", () => {
  const paid: Word = { kind: "paid", number: 7n, to: "0xto7", amount: 4n };
  const closed: Word = { kind: "closed", number: 7n, by: "0xguardian" };
  const payout = (status: WordedPayout["status"], more: Partial<WordedPayout> = {}): WordedPayout => ({
    id: "id",
    number: 7n,
    to: "0xto7",
    amount: 4n,
    status,
    txHash: null,
    numberClosed: false,
    ...more,
  });

  it("ends what was under way, also what this database had not sent yet", () => {
    for (const status of ["approved", "batched", "submitted"] as const) {
      expect(judge(paid, payout(status), "0xt")).toEqual({ kind: "step", to: "confirmed" });
      expect(judge({ ...paid, kind: "credited" }, payout(status), "0xt")).toEqual({
        kind: "step",
        to: "credited",
      });
      expect(judge(closed, payout(status), "0xt")).toEqual({ kind: "step", to: "failed" });
    }
  });

  it("rejects what approvers were still asked for when its number is closed", () => {
    expect(judge(closed, payout("pending_approval"), "0xt")).toEqual({ kind: "step", to: "rejected" });
  });

  it("confirms what approvers have signed, also where this database has forgotten that", () => {
    const signed = { ...paid, isSigned: true as const };
    expect(judge(signed, payout("pending_approval"), "0xt")).toEqual({ kind: "step", to: "confirmed" });
    expect(judge(signed, payout("rejected"), "0xt").kind).toBe("fault");
  });

  it("changes nothing when it was taken before", () => {
    expect(judge(paid, payout("confirmed", { txHash: "0xt" }), "0xt")).toEqual({ kind: "nothing" });
    expect(judge(paid, payout("credited", { txHash: "0xt" }), "0xt")).toEqual({ kind: "nothing" });
    expect(judge(closed, payout("cancelled", { numberClosed: true }), "0xt")).toEqual({ kind: "nothing" });
    expect(judge(closed, payout("cancelled"), "0xt")).toEqual({ kind: "close" });
  });

  it("is a fault when it does not fit", () => {
    const faults = [
      judge(paid, undefined, "0xt"),
      judge(paid, payout("submitted", { to: "0xother" }), "0xt"),
      judge(paid, payout("submitted", { amount: 5n }), "0xt"),
      judge(paid, payout("confirmed", { txHash: "0xother" }), "0xt"),
      judge(paid, payout("cancelled"), "0xt"),
      judge(paid, payout("expired"), "0xt"),
      judge(paid, payout("pending_approval"), "0xt"),
      judge(closed, payout("confirmed", { txHash: "0xt" }), "0xt"),
    ];
    expect(faults.map((verdict) => verdict.kind)).toEqual(faults.map(() => "fault"));
  });
});

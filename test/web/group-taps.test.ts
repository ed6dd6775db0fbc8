import { describe, expect, it } from "vitest";
import type { StatementLine } from "../../web/src/api/types.ts";
import { groupTaps } from "../../web/src/wallet/group-taps.ts";

const line = (id: string, cause: string, amount: string): StatementLine => ({
  id,
  cause,
  amount,
  asset: "COIN",
  kind: "posted",
  previous: { available: "0", held: "0" },
  current: { available: "0", held: "0" },
  counterparty: "house:issuance",
  ref: "",
  pendingId: null,
  at: "2026-11-20T10:00:00.000Z",
});

describe("the statement", () => {
  it("folds runs of taps, keeps everything else, and leaves nothing out", () => {
    const lines = [
      line("5", "click", "3"),
      line("4", "click", "2"),
      line("3", "payout_held", "-5"),
      line("2", "click", "1"),
    ];
    const rows = groupTaps(lines);
    expect(rows.map((row) => (row.kind === "taps" ? `taps ${row.amount}` : row.line.cause))).toEqual([
      "taps 5",
      "payout_held",
      "taps 1",
    ]);
    expect(rows.flatMap((row) => (row.kind === "taps" ? row.lines : [row.line]))).toEqual(lines);
  });
});

import type { StatementLine } from "../api/types.ts";

/** Why a balance changed, for people. What is not known here is shown as the ledger names it. */
export function causeWords(line: Pick<StatementLine, "cause" | "kind">): string {
  switch (line.cause) {
    case "click":
    case "clicks":
    case "click_reward":
      return "Taps that counted";
    case "payout_held":
      return "Held for a payout";
    case "payout_paid":
      return "Payout sent";
    case "payout_returned":
      return "Payout ended unpaid, returned";
    case "payout_credited":
      return "Payout refused by its address, owed by the vault";
    case "payout_credit_pulled":
      return "Credit pulled from the vault";
    case "payout_demo":
      return "Demo payout";
    case "payout_server":
      return "Payout to your balance";
    default:
      return line.cause.replaceAll("_", " ");
  }
}

/** The payout that an entry belongs to; null for other entries. */
export function payoutOf(ref: string): string | null {
  return /^payout:([0-9a-f-]{36})$/.exec(ref)?.[1] ?? null;
}

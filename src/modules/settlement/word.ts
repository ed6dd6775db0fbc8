import { endedUnpaid, type Payout, type PayoutStatus } from "../payouts/index.ts";
import type { ChainEvent, Payment } from "./rails/rail.ts";

/** What the chain says became of a number. */
export type Word =
  | { kind: "paid" | "credited"; number: bigint; to: string; amount: bigint; isSigned?: true }
  /** `by` is null for a batch's zero word. */
  | { kind: "closed"; number: bigint; by: string | null };

/** Events that consume numbers; the others only move money. */
export function consumesNumbers(event: ChainEvent): boolean {
  return event.firstNumber !== null;
}

/**
 * What one transaction's events say about each number. A batch's event tells only sums, so whom it paid is read from
 * what the transaction told the vault to pay (`payments`), and both must agree.
 */
export function readWords(
  events: readonly ChainEvent[],
  payments: readonly (Payment | null)[] | null,
): { words: Word[]; faults: string[] } {
  const faults: string[] = [];
  const words: Word[] = [];
  const credits = new Map<bigint, ChainEvent>();
  for (const event of events) {
    if (event.kind === "credited" && event.firstNumber !== null) credits.set(event.firstNumber, event);
  }
  for (const event of events) {
    if (event.firstNumber === null) continue;
    if (event.kind === "paid") words.push(wordOf("paid", event));
    if (event.kind === "paid_signed") words.push({ ...wordOf("paid", event), isSigned: true });
    if (event.kind === "closed") words.push({ kind: "closed", number: event.firstNumber, by: event.party });
    if (event.kind !== "batch_paid") continue;
    if (payments === null || payments.length !== event.size) {
      faults.push(
        `${event.txHash} paid numbers from ${event.firstNumber} on, but whom cannot be read from it`,
      );
      continue;
    }
    let paid = 0n;
    for (const [index, payment] of payments.entries()) {
      const number = event.firstNumber + BigInt(index);
      const credit = credits.get(number);
      if (payment === null) {
        words.push({ kind: "closed", number, by: null });
      } else if (credit === undefined) {
        paid += payment.amount;
        words.push({ kind: "paid", number, to: payment.to, amount: payment.amount });
      } else {
        words.push(wordOf("credited", credit));
        credits.delete(number);
      }
    }
    if (paid !== event.amount) {
      faults.push(`${event.txHash} reports ${event.amount} paid, its entries add up to ${paid}`);
    }
  }
  // A credit outside of any batch belongs to a payout that approvers signed.
  for (const credit of credits.values()) words.push(wordOf("credited", credit));
  return { words, faults };
}

function wordOf(kind: "paid" | "credited", event: ChainEvent): Exclude<Word, { kind: "closed" }> {
  return { kind, number: event.firstNumber ?? 0n, to: event.party ?? "", amount: event.amount };
}

/** What a word does to the payout of its number. */
export type Verdict =
  | { kind: "step"; to: Extract<PayoutStatus, "confirmed" | "credited" | "failed" | "rejected"> }
  /** The number of a payout that had ended unpaid is consumed now. */
  | { kind: "close" }
  | { kind: "nothing" }
  | { kind: "fault"; fault: string };

export type WordedPayout = Pick<
  Payout,
  "id" | "number" | "to" | "amount" | "status" | "txHash" | "numberClosed"
>;

/** Compares the chain's word with what the database holds; whatever does not fit is a fault that somebody must look at. */
export function judge(word: Word, payout: WordedPayout | undefined, txHash: string): Verdict {
  if (payout === undefined) {
    return fault(
      `number ${word.number} was ${word.kind} in ${txHash}, and the database has no payout with it`,
    );
  }
  const live = payout.status === "approved" || payout.status === "batched" || payout.status === "submitted";
  if (word.kind === "closed") {
    if (live) return { kind: "step", to: "failed" };
    // A guardian closes the number of what approvers shall not sign.
    if (payout.status === "pending_approval") return { kind: "step", to: "rejected" };
    if (endedUnpaid(payout.status)) return payout.numberClosed ? { kind: "nothing" } : { kind: "close" };
    return fault(
      `number ${word.number} was closed in ${txHash}, but its payout ${payout.id} is ${payout.status}`,
    );
  }
  if (word.to !== payout.to || word.amount !== payout.amount) {
    return fault(
      `number ${word.number} paid ${word.amount} to ${word.to} in ${txHash}, its payout ${payout.id} is ${payout.amount} to ${payout.to}`,
    );
  }
  if (live) return { kind: "step", to: word.kind === "paid" ? "confirmed" : "credited" };
  // A restored database may have forgotten approvals; the chain has counted them.
  if (payout.status === "pending_approval" && word.isSigned === true)
    return { kind: "step", to: "confirmed" };
  const paid = payout.status === "confirmed" || payout.status === "credited";
  if (paid && payout.txHash === txHash) return { kind: "nothing" };
  return fault(
    `number ${word.number} was ${word.kind} in ${txHash}, but its payout ${payout.id} is ${payout.status}${payout.txHash === null ? "" : ` by ${payout.txHash}`}`,
  );
}

function fault(text: string): Verdict {
  return { kind: "fault", fault: text };
}

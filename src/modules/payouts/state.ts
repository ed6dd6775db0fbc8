/** Where a payout stands. Only `transition.ts` writes it, along `TRANSITIONS`. */
export type PayoutStatus =
  | "requested"
  | "pending_approval"
  | "approved"
  | "batched"
  | "submitted"
  | "confirmed"
  | "credited"
  | "failed"
  | "rejected"
  | "expired"
  | "cancelled";

/**
 * Every step that a payout may take. The database holds the same pairs (`payout_allowed_transitions`), so a step that
 * is missing here fails twice.
 *
 * `failed` needs proof that the chain cannot pay the number any more, or that nothing was ever sent for it; whoever
 * takes that step owes the proof. A payout that was proven dead on chain goes back to `approved` with its number.
 */
export const TRANSITIONS: { readonly [From in PayoutStatus]: readonly PayoutStatus[] } = {
  // Straight to confirmed is for what never leaves for a chain: demo payouts and those that stay on the ledger.
  requested: ["pending_approval", "approved", "confirmed", "rejected", "cancelled"],
  pending_approval: ["approved", "rejected", "expired", "cancelled"],
  // To submitted directly: a claim whose voucher was given out, or a number that the chain is found to have paid.
  approved: ["pending_approval", "batched", "submitted", "expired", "cancelled", "failed"],
  batched: ["submitted", "approved", "failed"],
  submitted: ["confirmed", "credited", "approved", "expired", "failed"],
  // The payee refused, the vault owes it; confirmed once it has pulled its credit.
  credited: ["confirmed"],
  confirmed: [],
  failed: [],
  rejected: [],
  expired: [],
  cancelled: [],
};

export const PAYOUT_STATUSES = Object.keys(TRANSITIONS) as readonly PayoutStatus[];

export function canTransition(from: PayoutStatus, to: PayoutStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Nothing follows. */
export function isFinal(status: PayoutStatus): boolean {
  return TRANSITIONS[status].length === 0;
}

/** Ended without payment: what was held for it has gone back. */
export function endedUnpaid(status: PayoutStatus): boolean {
  return status === "rejected" || status === "expired" || status === "cancelled" || status === "failed";
}

/** What a step means for the money that is held for an on-chain payout. */
export type HoldEffect =
  /** The money stays held. */
  | "keep"
  /** The holds are posted: it left. */
  | "post"
  /** What was spent is posted, what was to be paid is owed by the vault from now on. */
  | "credit"
  /** The payee pulled what the vault owed it. */
  | "pull"
  /** The holds are voided: it goes back to where it was. */
  | "void";

export function holdEffect(from: PayoutStatus, to: PayoutStatus): HoldEffect {
  if (to === "confirmed") return from === "credited" ? "pull" : "post";
  if (to === "credited") return "credit";
  return endedUnpaid(to) ? "void" : "keep";
}

/** Why its owner cannot cancel a payout in this status any more; null when they can. */
export type CancelRefusal = "voucher_outstanding" | "payout_under_way" | "payout_final";

export function cancelRefusal(status: PayoutStatus, delivery: "push" | "claim"): CancelRefusal | null {
  if (canTransition(status, "cancelled")) return null;
  if (isFinal(status) || status === "credited") return "payout_final";
  return delivery === "claim" ? "voucher_outstanding" : "payout_under_way";
}

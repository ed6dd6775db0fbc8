import type { Static } from "typebox";
import type { Payout, PayoutTransition } from "./payout.ts";
import type { PayoutListItemSchema, PayoutSchema, PayoutSummarySchema } from "./schemas.ts";

export type PayoutView = Static<typeof PayoutSchema>;
export type PayoutListItem = Static<typeof PayoutListItemSchema>;
export type PayoutSummary = Static<typeof PayoutSummarySchema>;

/** A payout as events tell it: without what only a look-up knows, its approvals given and its history. */
export function payoutSummary(payout: Payout): PayoutSummary {
  return {
    id: payout.id,
    number: payout.number?.toString() ?? null,
    status: payout.status,
    source: payout.source,
    rail: payout.rail,
    delivery: payout.delivery,
    account: payout.account,
    to: payout.to,
    asset: payout.asset,
    amount: payout.amount.toString(),
    spent: { asset: payout.spentAsset, amount: payout.spentAmount.toString() },
    approvals: {
      required: payout.approvalsRequired,
      expiresAt: payout.approvalsRequired > 0 ? (payout.validUntil?.toISOString() ?? null) : null,
    },
    waitsUntil: payout.status === "requested" ? (payout.notBefore?.toISOString() ?? null) : null,
    reason: payout.reason,
    txHash: payout.txHash,
    blockNumber: payout.blockNumber?.toString() ?? null,
    createdAt: payout.createdAt.toISOString(),
  };
}

export function payoutListItem(payout: Payout, approvalsGiven: number): PayoutListItem {
  const summary = payoutSummary(payout);
  return { ...summary, approvals: { ...summary.approvals, given: approvalsGiven } };
}

export function payoutView(
  payout: Payout,
  approvalsGiven: number,
  history: readonly PayoutTransition[],
): PayoutView {
  return {
    ...payoutListItem(payout, approvalsGiven),
    history: history.map((step) => ({
      from: step.from,
      to: step.to,
      actor: step.actor,
      reason: step.reason,
      at: step.at.toISOString(),
    })),
  };
}

import { appendAudit } from "../../platform/audit.ts";
import type { Tx } from "../../platform/db/index.ts";
import { announce } from "../../platform/outbox.ts";
import { type Payout, type PayoutStatus, payoutListItem, transitionPayouts } from "../payouts/index.ts";
import { countApprovals } from "./decide.ts";
import { stampRevoked } from "./store.ts";

/** Where a payout stands after somebody acted on its approvals. */
export type ApprovalState = { payoutId: string; status: PayoutStatus; required: number; given: number };

/** Tells whom the payout is for that a signature came or went where its status did not change. */
export async function announceApprovals(tx: Tx, payout: Payout, given: number): Promise<void> {
  const channel = `account:${payout.account}`;
  await announce(tx, [{ channel, type: "payout", payload: payoutListItem(payout, given) }]);
}

/**
 * Takes standing approvals of one payout back, and with the quorum gone lets it wait for approvals again. The caller
 * holds the payout's row lock and has made sure that settlement has not taken it.
 */
export async function takeBackApprovals(
  tx: Tx,
  step: {
    payout: Payout;
    signedBy: readonly string[];
    withdraw: readonly string[];
    approvers: readonly string[];
    actor: string;
    reason: string;
    now: Date;
  },
): Promise<ApprovalState> {
  const { payout, actor, reason, now } = step;
  await stampRevoked(tx, { payoutId: payout.id, approvers: step.withdraw, actor, reason, now });
  const remaining = step.signedBy.filter((signer) => !step.withdraw.includes(signer));
  const given = countApprovals(remaining, step.approvers);
  const required = payout.approvalsRequired;
  const isLost = payout.status === "approved" && given < required;
  if (isLost) {
    await transitionPayouts(tx, {
      payoutIds: [payout.id],
      from: "approved",
      to: "pending_approval",
      actor,
      reason: `${reason}: ${given} of ${required} approvals stand`,
      now,
    });
  } else {
    await announceApprovals(tx, payout, given);
  }
  const status = isLost ? "pending_approval" : payout.status;
  await appendAudit(tx, {
    actor,
    action: "approval_revoked",
    subject: `payout:${payout.id}`,
    details: { approvers: step.withdraw, reason, given, required, status },
  });
  return { payoutId: payout.id, status, required, given };
}

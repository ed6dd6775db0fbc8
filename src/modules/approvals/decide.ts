import { type AppError, unreachable } from "../../platform/errors.ts";
import { canTransition, type PayoutStatus } from "../payouts/index.ts";
import {
  alreadyApproved,
  alreadyApprovedByAccount,
  approvalExpired,
  notAnApprover,
  notApprovedByYou,
  notPendingApproval,
  notRejectable,
  proposerCannotApprove,
  tooLate,
} from "./errors.ts";

/** What a decision about approvals looks at; read under the payout's row lock where it decides. */
export type ApprovalSituation = {
  payout: {
    id: string;
    status: PayoutStatus;
    validUntil: Date | null;
    proposedBy: string;
    proposedWith: string | null;
  };
  /** Whoever acts: the address of a wallet, and of the account that it belongs to. */
  actor: string;
  account: string;
  /** Addresses that may approve, by configuration. */
  approvers: readonly string[];
  /** Addresses whose signatures stand, and their accounts. */
  signedBy: readonly string[];
  signedByAccounts: readonly string[];
  now: Date;
};

export function isExpired(validUntil: Date | null, now: Date): boolean {
  return validUntil !== null && now.getTime() > validUntil.getTime();
}

/** Why this actor cannot approve this payout now; null when they can. The first reason that time will not mend wins. */
export function refusalToApprove(situation: ApprovalSituation): AppError | null {
  const { payout, actor, approvers, signedBy, now } = situation;
  if (!approvers.includes(actor)) return notAnApprover(actor, "configuration");
  if (payout.status !== "pending_approval") return notPendingApproval(payout.id, payout.status);
  if (payout.validUntil !== null && isExpired(payout.validUntil, now)) {
    return approvalExpired(payout.id, payout.validUntil);
  }
  const proposers: readonly (string | null)[] = [payout.proposedBy, payout.proposedWith];
  if (proposers.includes(actor) || proposers.includes(situation.account))
    return proposerCannotApprove(payout.id, payout.proposedBy);
  if (signedBy.includes(actor)) return alreadyApproved(payout.id, actor);
  if (situation.signedByAccounts.includes(situation.account)) {
    return alreadyApprovedByAccount(payout.id, situation.account);
  }
  return null;
}

/** Signatures that count: an approver who was struck from the configuration since does not. */
export function countApprovals(signedBy: readonly string[], approvers: readonly string[]): number {
  return signedBy.filter((signer) => approvers.includes(signer)).length;
}

/** Whether approvals of a payout in this status can still be taken back: settlement has not seen them yet. */
function standing(status: PayoutStatus): "revocable" | "handed_over" | "ended" {
  switch (status) {
    case "requested":
    case "pending_approval":
    case "approved":
      return "revocable";
    case "batched":
    case "submitted":
    case "confirmed":
    case "credited":
      return "handed_over";
    case "failed":
    case "rejected":
    case "expired":
    case "cancelled":
      return "ended";
    default:
      return unreachable(status);
  }
}

/** Why this approval cannot be taken back now; null when it can. */
export function refusalToRevoke(
  payout: { id: string; status: PayoutStatus },
  approver: string,
  signedBy: readonly string[],
): AppError | null {
  switch (standing(payout.status)) {
    case "handed_over":
      return tooLate(payout.id, payout.status);
    case "ended":
      return notPendingApproval(payout.id, payout.status);
    default:
      return signedBy.includes(approver) ? null : notApprovedByYou(payout.id, approver);
  }
}

/** Why this payout cannot be rejected now; null when it can: while it waits for approvals, or for its address's delay. */
export function refusalToReject(
  payout: { id: string; status: PayoutStatus },
  actor: string,
  approvers: readonly string[],
): AppError | null {
  if (!approvers.includes(actor)) return notAnApprover(actor, "configuration");
  return canTransition(payout.status, "rejected") ? null : notRejectable(payout.id, payout.status);
}

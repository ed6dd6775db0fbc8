import type { Payout, PayoutStatus, Player } from "../api/types.ts";
import { railOf, railWords } from "../chain/rails.ts";
import { isOver } from "../payout/tracker-steps.ts";

/** What the viewer may do about a payout now, and in words why not where the words help. The server decides it again. */
export type Standing = {
  approve: { may: true } | { may: false; why: string };
  mayReject: boolean;
  mayRevoke: boolean;
};

export function standingOf(
  payout: Pick<Payout, "status" | "approvals" | "rail">,
  facts: { proposedBy: string | null; signedBy: readonly string[]; expiresAt: string | null },
  viewer: Pick<Player, "address" | "account" | "roles">,
  nowMs: number,
): Standing {
  const isApprover = viewer.roles.includes("approver");
  const { address, account } = viewer;
  // One signs with the wallet that signed in, and each chain knows its own wallets only.
  const isOfRail = address !== null && railOf(address) === payout.rail;
  const hasSigned = address !== null && facts.signedBy.includes(address);
  const { status } = payout;
  return {
    approve: approving(),
    mayReject: isApprover && isOfRail && (status === "requested" || status === "pending_approval"),
    mayRevoke:
      isApprover &&
      hasSigned &&
      (status === "requested" || status === "pending_approval" || status === "approved"),
  };

  function approving(): Standing["approve"] {
    if (!isApprover) return no("You are not an approver. You can look, and others decide.");
    if (!isOfRail) {
      const { on } = railWords(payout.rail);
      return no(`It leaves ${on}, so it is signed with wallets of that chain. Sign in with yours.`);
    }
    if (status === "requested") return no("It waits for its new address first. Signing begins after that.");
    if (status !== "pending_approval") return no("It does not wait for signatures.");
    if (facts.expiresAt !== null && Date.parse(facts.expiresAt) < nowMs)
      return no("The time to sign it is over.");
    if (facts.proposedBy === account || facts.proposedBy === address) {
      return no("You proposed this payout, so you cannot approve it. Other approvers have to.");
    }
    if (hasSigned) return no("You have signed. It waits for others.");
    return { may: true };
  }
}

/** Paid, owed by the vault, or ended unpaid: what was known before paying says nothing any more. */
export function hasEnded(status: PayoutStatus): boolean {
  return isOver(status) || status === "credited";
}

function no(why: string): { may: false; why: string } {
  return { may: false, why };
}

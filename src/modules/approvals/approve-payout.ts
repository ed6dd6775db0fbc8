import { appendAudit } from "../../platform/audit.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Database, runAgain, type Tx } from "../../platform/db/index.ts";
import { newId } from "../../platform/ids.ts";
import {
  findPayout,
  lockPayouts,
  type Payout,
  type PayoutStatus,
  transitionPayouts,
} from "../payouts/index.ts";
import { countApprovals, refusalToApprove, refusalToReject, refusalToRevoke } from "./decide.ts";
import { notAnApprover, payloadReplaced, payoutNotFound } from "./errors.ts";
import type { SigningScheme, Submission } from "./scheme.ts";
import { insertApproval, payoutsSignedByOthers, standingApprovals } from "./store.ts";
import { type ApprovalState, announceApprovals, takeBackApprovals } from "./take-back.ts";

/** Who acts: the wallet that signed in, and the account that it belongs to. */
export type Approver = { address: string; account: string };

export type ApprovalActs = {
  /** Holds an approver's signature; the one that completes the quorum approves the payout in the same transaction. */
  approve(approver: Approver, payoutId: string, submission: Submission): Promise<ApprovalState>;
  /** Takes an approver's own signature back while settlement has not taken the payout. */
  revoke(approver: Approver, payoutId: string): Promise<ApprovalState>;
  /** Takes back the signatures of those whom the configuration no longer names; the vault would refuse them. */
  withdrawStruck(): Promise<void>;
  /** Ends a payout that waits, for approvals or for a new address's delay, and releases its hold. */
  reject(approver: Approver, payoutId: string, reason: string): Promise<ApprovalState>;
};

type Parts = {
  db: Database;
  clock: Clock;
  schemeOf: (payout: Payout) => SigningScheme;
  /** Everybody who may approve on any rail. */
  approvers: readonly string[];
};

/** Everything that approvers do. Each act decides and writes under the payout's row lock, so acts on one payout queue. */
export function createApprovalActs({ db, clock, schemeOf, approvers }: Parts): ApprovalActs {
  const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runAgain(() => db.transaction(work));

  type Locked = { payout: Payout; signedBy: string[]; accounts: string[] };

  async function locked(tx: Tx, payoutId: string): Promise<Locked> {
    const [payout] = await lockPayouts(tx, [payoutId]);
    if (payout === undefined) throw payoutNotFound(payoutId);
    const standing = await standingApprovals(tx, [payoutId]);
    return {
      payout,
      signedBy: standing.map((approval) => approval.approver),
      accounts: standing.map((approval) => approval.account),
    };
  }

  function stateOf(payout: Payout, signedBy: readonly string[], status: PayoutStatus): ApprovalState {
    const given = countApprovals(signedBy, approvers);
    return { payoutId: payout.id, status, required: payout.approvalsRequired, given };
  }

  function refuseToApprove(
    approver: Approver,
    { payout, signedBy, accounts }: Locked,
    { approvers: able }: SigningScheme,
  ): void {
    const refusal = refusalToApprove({
      payout,
      actor: approver.address,
      account: approver.account,
      approvers: able,
      signedBy,
      signedByAccounts: accounts,
      now: clock.now(),
    });
    if (refusal !== null) throw refusal;
  }

  return {
    async approve(approver, payoutId, submission) {
      // The chain may be asked while checking, so that happens before the lock; what can change is decided again under it.
      const seen = await findPayout(db.pool, payoutId);
      if (seen === null) throw payoutNotFound(payoutId);
      const scheme = schemeOf(seen);
      const standing = await standingApprovals(db.pool, [payoutId]);
      refuseToApprove(
        approver,
        {
          payout: seen,
          signedBy: standing.map((approval) => approval.approver),
          accounts: standing.map((approval) => approval.account),
        },
        scheme,
      );
      const payload = await scheme.payloadOf(db.pool, seen);
      const { digest, validUntil } = payload;
      const verified = await scheme.verify(approver.address, payload, submission);
      const listed = await scheme.isListed(approver.address);
      if (listed.known && !listed.value) throw notAnApprover(approver.address, "chain");

      return write(async (tx) => {
        const under = await locked(tx, payoutId);
        const { payout, signedBy } = under;
        refuseToApprove(approver, under, scheme);
        if ((await scheme.payloadOf(tx, payout)).digest !== digest) throw payloadReplaced(payoutId);
        const now = clock.now();
        await insertApproval(tx, {
          id: newId(now),
          payoutId,
          approver: approver.address,
          account: approver.account,
          signature: verified,
          digest,
          validUntil,
          now,
        });
        const state = stateOf(payout, [...signedBy, approver.address], "pending_approval");
        if (state.given >= state.required) {
          await transitionPayouts(tx, {
            payoutIds: [payoutId],
            from: "pending_approval",
            to: "approved",
            actor: approver.address,
            reason: `approved by ${state.given} of ${state.required} required`,
            now,
          });
          state.status = "approved";
        } else {
          await announceApprovals(tx, payout, state.given);
        }
        await appendAudit(tx, {
          actor: approver.address,
          action: "payout_approved",
          subject: `payout:${payoutId}`,
          details: {
            digest,
            signature: verified,
            given: state.given,
            required: state.required,
            status: state.status,
          },
        });
        return state;
      });
    },

    async revoke(approver, payoutId) {
      return write(async (tx) => {
        const { payout, signedBy } = await locked(tx, payoutId);
        const refusal = refusalToRevoke(payout, approver.address, signedBy);
        if (refusal !== null) throw refusal;
        return takeBackApprovals(tx, {
          payout,
          signedBy,
          withdraw: [approver.address],
          approvers,
          actor: approver.address,
          reason: "an approver took their approval back",
          now: clock.now(),
        });
      });
    },

    async withdrawStruck() {
      // A process that was told of no approvers was not told; it must not undo what others collected.
      if (approvers.length === 0) return;
      for (const payoutId of await payoutsSignedByOthers(db.pool, approvers)) {
        await write(async (tx) => {
          const { payout, signedBy } = await locked(tx, payoutId);
          const withdraw = signedBy.filter((signer) => !approvers.includes(signer));
          if (withdraw.length === 0 || (payout.status !== "pending_approval" && payout.status !== "approved"))
            return;
          await takeBackApprovals(tx, {
            payout,
            signedBy,
            withdraw,
            approvers,
            actor: "system:approvals",
            reason: "an approver was struck from the configuration",
            now: clock.now(),
          });
        });
      }
    },

    async reject(approver, payoutId, reason) {
      return write(async (tx) => {
        const { payout, signedBy } = await locked(tx, payoutId);
        const refusal = refusalToReject(payout, approver.address, schemeOf(payout).approvers);
        if (refusal !== null) throw refusal;
        await transitionPayouts(tx, {
          payoutIds: [payoutId],
          to: "rejected",
          actor: approver.address,
          reason,
          now: clock.now(),
        });
        const state = stateOf(payout, signedBy, "rejected");
        await appendAudit(tx, {
          actor: approver.address,
          action: "payout_rejected",
          subject: `payout:${payoutId}`,
          details: { reason, given: state.given, required: state.required },
        });
        return state;
      });
    },
  };
}

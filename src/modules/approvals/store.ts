import type { Queryable, Tx } from "../../platform/db/index.ts";

/** A signature that stands: not taken back. */
export type StandingApproval = {
  payoutId: string;
  approver: string;
  /** To whom the approver's wallet belongs. */
  account: string;
  signature: string;
  digest: string;
  createdAt: Date;
};

type ApprovalRow = {
  payout_id: string;
  approver: string;
  account: string;
  signature: string;
  digest: string;
  created_at: Date;
};

/** For each payout ascending by address, as the vault wants signers. */
export async function standingApprovals(
  q: Queryable,
  payoutIds: readonly string[],
): Promise<StandingApproval[]> {
  const { rows } = await q.query<ApprovalRow>({
    name: "approvals_standing",
    text: `SELECT payout_id, approver, account, signature, digest, created_at FROM approvals
           WHERE payout_id = ANY ($1::uuid[]) AND revoked_at IS NULL
           ORDER BY payout_id, lower(approver) COLLATE "C"`,
    values: [payoutIds],
  });
  return rows.map((row) => ({
    payoutId: row.payout_id,
    approver: row.approver,
    account: row.account,
    signature: row.signature,
    digest: row.digest,
    createdAt: row.created_at,
  }));
}

export async function insertApproval(
  tx: Tx,
  approval: {
    id: string;
    payoutId: string;
    approver: string;
    account: string;
    signature: string;
    digest: string;
    validUntil: Date;
    now: Date;
  },
): Promise<void> {
  await tx.query({
    name: "approvals_insert",
    text: `INSERT INTO approvals (id, payout_id, approver, account, signature, digest, valid_until, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      approval.id,
      approval.payoutId,
      approval.approver,
      approval.account,
      approval.signature,
      approval.digest,
      approval.validUntil,
      approval.now,
    ],
  });
}

export async function stampRevoked(
  tx: Tx,
  revocation: { payoutId: string; approvers: readonly string[]; actor: string; reason: string; now: Date },
): Promise<void> {
  await tx.query({
    name: "approvals_revoke",
    text: `UPDATE approvals SET revoked_at = $3, revoked_by = $4, revoked_reason = $5
           WHERE payout_id = $1 AND approver = ANY ($2::text[]) AND revoked_at IS NULL`,
    values: [revocation.payoutId, revocation.approvers, revocation.now, revocation.actor, revocation.reason],
  });
}

/**
 * Locks payouts in `status` whose time to be approved, or to be sent as approved, is over; what others hold is skipped.
 * An approved one whose signatures the chain itself would still take is not over: settlement first proves that it is.
 */
export async function lockDuePayouts(
  tx: Tx,
  due: { status: "pending_approval" | "approved"; now: Date; limit: number },
): Promise<{ id: string; validUntil: Date }[]> {
  // The status is part of the text, because a partial index serves a constant only.
  const { rows } = await tx.query<{ id: string; valid_until: Date }>({
    name: `approvals_lock_due_${due.status}`,
    text: `SELECT id, valid_until FROM payouts
           WHERE series = 'signed' AND status = '${due.status}' AND batch_id IS NULL AND valid_until < $1
             AND (status <> 'approved' OR NOT EXISTS (
               SELECT FROM approval_payloads l WHERE l.payout_id = payouts.id AND l.ended_at IS NULL))
           ORDER BY valid_until LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`,
    values: [due.now, due.limit],
  });
  return rows.map((row) => ({ id: row.id, validUntil: row.valid_until }));
}

/** Payouts that settlement has not taken and that hold a signature of somebody who is no approver any more. */
export async function payoutsSignedByOthers(q: Queryable, approvers: readonly string[]): Promise<string[]> {
  const { rows } = await q.query<{ payout_id: string }>({
    name: "approvals_signed_by_others",
    text: `SELECT DISTINCT a.payout_id FROM approvals a JOIN payouts p ON p.id = a.payout_id
           WHERE a.revoked_at IS NULL AND a.approver <> ALL ($1::text[])
             AND p.series = 'signed' AND p.status IN ('pending_approval', 'approved')
           ORDER BY a.payout_id`,
    values: [approvers],
  });
  return rows.map((row) => row.payout_id);
}

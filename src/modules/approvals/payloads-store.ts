import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { PayoutStatus } from "../payouts/index.ts";

/** A transaction that approvers are asked to sign in full; `body` is JSON without any signature. */
export type StoredPayload = {
  id: string;
  payoutId: string;
  /** What it binds: it serves nothing else while this may still be included. */
  nonce: bigint;
  /** No block above this one can include it. */
  lastBlock: bigint;
  body: string;
  digest: string;
};

const COLUMNS = `p.id, p.payout_id AS "payoutId", p.nonce, p.last_block AS "lastBlock", p.body, p.digest`;

export async function insertPayload(
  tx: Tx,
  payload: StoredPayload & { rail: string; now: Date },
): Promise<void> {
  await tx.query({
    name: "approval_payload_insert",
    text: `INSERT INTO approval_payloads (id, payout_id, rail, nonce, last_block, body, digest, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      payload.id,
      payload.payoutId,
      payload.rail,
      payload.nonce,
      payload.lastBlock,
      payload.body,
      payload.digest,
      payload.now,
    ],
  });
}

/** What approvers of this payout sign now; null until it is offered, and on rails that offer nothing. */
export async function standingPayload(q: Queryable, payoutId: string): Promise<StoredPayload | null> {
  const { rows } = await q.query<StoredPayload>({
    name: "approval_payload_standing",
    text: `SELECT ${COLUMNS} FROM approval_payloads p WHERE p.payout_id = $1 AND p.ended_at IS NULL`,
    values: [payoutId],
  });
  return rows[0] ?? null;
}

/** What approvers of a payout signed last, also once it has ended: for whoever reads what was agreed to. */
export async function lastPayload(q: Queryable, payoutId: string): Promise<StoredPayload | null> {
  const { rows } = await q.query<StoredPayload>({
    name: "approval_payload_last",
    text: `SELECT ${COLUMNS} FROM approval_payloads p WHERE p.payout_id = $1
           ORDER BY p.ended_at DESC NULLS FIRST, p.created_at DESC LIMIT 1`,
    values: [payoutId],
  });
  return rows[0] ?? null;
}

export type OfferedPayload = StoredPayload & { status: PayoutStatus; isInBatch: boolean };

/** Every payload of a rail that has not ended, with where its payout stands. */
export async function offeredPayloads(q: Queryable, rail: string): Promise<OfferedPayload[]> {
  const { rows } = await q.query<OfferedPayload>({
    name: "approval_payloads_offered",
    text: `SELECT ${COLUMNS}, o.status, o.batch_id IS NOT NULL AS "isInBatch"
           FROM approval_payloads p JOIN payouts o ON o.id = p.payout_id
           WHERE p.rail = $1 AND p.ended_at IS NULL ORDER BY p.created_at, p.id`,
    values: [rail],
  });
  return rows;
}

/** A payout that has nothing to sign; `last` is what its approvers had before, if anything. */
export type WithoutPayload = { payoutId: string; last: { nonce: bigint; lastBlock: bigint } | null };

/** Payouts that wait for approvals and have nothing to sign yet, the oldest first. */
export async function payoutsWithoutPayload(
  q: Queryable,
  rail: string,
  limit: number,
): Promise<WithoutPayload[]> {
  const { rows } = await q.query<{ payoutId: string; nonce: bigint | null; lastBlock: bigint | null }>({
    name: "approval_payloads_missing",
    text: `SELECT o.id AS "payoutId", l.nonce, l.last_block AS "lastBlock"
           FROM payouts o
           LEFT JOIN LATERAL (SELECT p.nonce, p.last_block FROM approval_payloads p
                              WHERE p.payout_id = o.id ORDER BY p.created_at DESC, p.id DESC LIMIT 1) l ON true
           WHERE o.rail = $1 AND o.series = 'signed' AND o.status = 'pending_approval'
             AND NOT EXISTS (SELECT FROM approval_payloads p WHERE p.payout_id = o.id AND p.ended_at IS NULL)
           ORDER BY o.number LIMIT $2`,
    values: [rail, limit],
  });
  return rows.map(({ payoutId, nonce, lastBlock }) => ({
    payoutId,
    last: nonce === null || lastBlock === null ? null : { nonce, lastBlock },
  }));
}

export async function stampPayloadEnded(
  tx: Tx,
  end: { payloadId: string; reason: string; now: Date },
): Promise<void> {
  await tx.query({
    name: "approval_payload_end",
    text: "UPDATE approval_payloads SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
    values: [end.payloadId, end.now, end.reason],
  });
}

/** Which of these nonces are bound by what approvers of payouts that are over may still hold. */
export async function noncesOfEnded(
  q: Queryable,
  rail: string,
  question: { finalBlock: bigint; among: readonly bigint[] },
): Promise<bigint[]> {
  const { rows } = await q.query<{ nonce: bigint }>({
    name: "approval_payloads_of_ended",
    text: `SELECT DISTINCT p.nonce FROM approval_payloads p JOIN payouts o ON o.id = p.payout_id
           WHERE p.rail = $1 AND p.last_block >= $2 AND p.nonce = ANY ($3::bigint[])
             AND o.status IN ('confirmed', 'credited', 'failed', 'rejected', 'expired', 'cancelled')
           ORDER BY p.nonce`,
    values: [rail, question.finalBlock, question.among],
  });
  return rows.map((row) => row.nonce);
}

/** Nonces that what approvers hold may still consume: they serve nothing else. */
export async function reservedNonces(q: Queryable, rail: string, finalBlock: bigint): Promise<Set<bigint>> {
  const { rows } = await q.query<{ nonce: bigint }>({
    name: "approval_payload_nonces",
    text: `SELECT nonce FROM approval_payloads WHERE rail = $1 AND (ended_at IS NULL OR last_block >= $2)`,
    values: [rail, finalBlock],
  });
  return new Set(rows.map((row) => row.nonce));
}

import type { Queryable, Tx } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import type { Attempt, Batch, NonceStatus, OpenNonce } from "./batch.ts";
import type { SignedAttempt } from "./rails/rail.ts";

/** Whose nonces: the rail's name is told apart from chain and signer, because a nonce belongs to those two. */
export type Signer = { rail: string; chainId: number; signer: string; vault: string };

const BATCH_COLUMNS = `id, rail, kind, asset, first_number AS "firstNumber", size, total, status, note, created_at AS "createdAt"`;

export async function insertBatch(tx: Tx, by: Signer, batch: Batch): Promise<void> {
  await tx.query({
    name: "batch_insert",
    text: `INSERT INTO payout_batches (id, rail, kind, asset, first_number, size, total, status, signer, chain_id, vault, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    values: [
      batch.id,
      by.rail,
      batch.kind,
      batch.asset,
      batch.firstNumber,
      batch.size,
      batch.total,
      batch.status,
      by.signer,
      by.chainId,
      by.vault,
      batch.createdAt,
    ],
  });
}

/** A batch whose end is not known yet. */
export type UnresolvedBatch = Batch & {
  /** A nonce may still pay it. */
  hasOpenNonce: boolean;
  /** All its members are still its own; the chain's word may have ended some of them before it was sent. */
  isWhole: boolean;
};

/** In the order in which they were made. */
export async function unresolvedBatches(q: Queryable, rail: string): Promise<UnresolvedBatch[]> {
  const { rows } = await q.query<UnresolvedBatch>({
    name: "batches_unresolved",
    text: `SELECT ${BATCH_COLUMNS},
             EXISTS (SELECT FROM settlement_nonces n WHERE n.batch_id = b.id AND n.status = 'open') AS "hasOpenNonce",
             (SELECT count(*) FROM payouts p WHERE p.batch_id = b.id) = b.size AS "isWhole"
           FROM payout_batches b WHERE rail = $1 AND status IN ('batched', 'submitted')
           ORDER BY created_at, first_number`,
    values: [rail],
  });
  return rows;
}

/** A batch whose end is not known yet; null when it is. */
export async function unresolvedBatch(q: Queryable, batchId: string): Promise<Batch | null> {
  const { rows } = await q.query<Batch>({
    name: "batch_unresolved",
    text: `SELECT ${BATCH_COLUMNS} FROM payout_batches b WHERE id = $1 AND status IN ('batched', 'submitted')`,
    values: [batchId],
  });
  return rows[0] ?? null;
}

/** Locks a batch that no nonce can pay; null when that changed in the meantime. */
export async function lockIdleBatch(tx: Tx, batchId: string): Promise<Batch | null> {
  const { rows } = await tx.query<Batch>({
    name: "batch_lock_idle",
    text: `SELECT ${BATCH_COLUMNS} FROM payout_batches b
           WHERE id = $1 AND status IN ('batched', 'submitted')
             AND NOT EXISTS (SELECT FROM settlement_nonces n WHERE n.batch_id = b.id AND n.status = 'open')
           FOR NO KEY UPDATE`,
    values: [batchId],
  });
  return rows[0] ?? null;
}

export async function setBatchStatus(
  tx: Tx,
  change: { batchId: string; status: Batch["status"]; now: Date },
): Promise<void> {
  await tx.query({
    name: "batch_status",
    text: `UPDATE payout_batches
           SET status = $2, note = NULL, resolved_at = CASE WHEN $2 IN ('resolved', 'dissolved') THEN $3::timestamptz END
           WHERE id = $1`,
    values: [change.batchId, change.status, change.now],
  });
}

/** Says why a batch waits. Only what changes is written, because this is asked every pass. */
export async function noteBatch(q: Queryable, batchId: string, note: string): Promise<void> {
  await q.query({
    name: "batch_note",
    text: "UPDATE payout_batches SET note = $2 WHERE id = $1 AND note IS DISTINCT FROM $2 AND status IN ('batched', 'submitted')",
    values: [batchId, note],
  });
}

/** Ends batches all of whose members have come to their end; a batch with an open nonce can end too. */
export async function resolveFinishedBatches(tx: Tx, batchIds: readonly string[], now: Date): Promise<void> {
  await tx.query({
    name: "batches_resolve_finished",
    text: `UPDATE payout_batches b SET status = 'resolved', note = NULL, resolved_at = $2
           WHERE id = ANY ($1::uuid[]) AND status IN ('batched', 'submitted')
             AND NOT EXISTS (SELECT FROM payouts p WHERE p.batch_id = b.id
                             AND (p.status IN ('batched', 'submitted') OR (p.status NOT IN ('confirmed', 'credited') AND NOT p.number_closed)))`,
    values: [batchIds, now],
  });
}

/**
 * Takes a nonce for a batch, or to fill a gap; one that was released unconsumed may be taken again. The database refuses
 * a second open nonce of a batch.
 */
export async function insertNonce(
  tx: Tx,
  by: Signer,
  slot: { nonce: bigint; batchId: string | null; now: Date },
): Promise<void> {
  const { rowCount } = await tx.query({
    name: "nonce_take",
    text: `INSERT INTO settlement_nonces AS n (chain_id, signer, nonce, rail, batch_id, status, created_at)
           VALUES ($1, $2, $3, $4, $5, 'open', $6)
           ON CONFLICT (chain_id, signer, nonce) DO UPDATE
             SET batch_id = excluded.batch_id, status = 'open', created_at = excluded.created_at, closed_at = NULL, closed_block = NULL
             WHERE n.status = 'released'`,
    values: [by.chainId, by.signer, slot.nonce, by.rail, slot.batchId, slot.now],
  });
  if (rowCount !== 1) throw new InvariantError(`nonce ${slot.nonce} of ${by.signer} was taken before`);
}

/** Stores a signed transaction; it must not be sent before this is committed. */
export async function insertAttempt(
  tx: Tx,
  by: Signer,
  slot: { nonce: bigint; attempt: SignedAttempt; signedAtBlock: bigint; now: Date },
): Promise<void> {
  const { attempt } = slot;
  await tx.query({
    name: "attempt_insert",
    text: `INSERT INTO settlement_attempts (chain_id, signer, nonce, tx_hash, raw_tx, max_cost, last_block, signed_at_block, status, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'signed', $9)`,
    values: [
      by.chainId,
      by.signer,
      slot.nonce,
      attempt.txHash,
      attempt.raw,
      attempt.maxCost,
      attempt.lastBlock,
      slot.signedAtBlock,
      slot.now,
    ],
  });
}

/** Ends attempts that no block can include any more, before another one takes their place under the same nonce. */
export async function endExpiredAttempts(
  tx: Tx,
  by: Signer,
  nonce: bigint,
  finalBlock: bigint,
): Promise<void> {
  await tx.query({
    name: "attempts_expire",
    text: `UPDATE settlement_attempts SET status = 'dead'
           WHERE chain_id = $1 AND signer = $2 AND nonce = $3 AND status = 'signed' AND last_block < $4`,
    values: [by.chainId, by.signer, nonce, finalBlock],
  });
}

type AttemptRow = Omit<Attempt, "noted"> & {
  batchId: string | null;
  blockNumber: bigint | null;
  blockHash: string | null;
};

/** Open nonces in their order, each with its attempts, oldest first. */
export async function openNonces(q: Queryable, by: Signer): Promise<OpenNonce[]> {
  const { rows } = await q.query<AttemptRow>({
    name: "nonces_open",
    text: `SELECT n.nonce, n.batch_id AS "batchId", a.tx_hash AS "txHash", a.raw_tx AS raw,
             a.signed_at_block AS "signedAtBlock", a.last_block AS "lastBlock",
             a.created_at AS "createdAt", a.broadcast_at AS "broadcastAt",
             a.block_number AS "blockNumber", a.block_hash AS "blockHash"
           FROM settlement_nonces n
           JOIN settlement_attempts a USING (chain_id, signer, nonce)
           WHERE n.rail = $1 AND n.chain_id = $2 AND n.signer = $3 AND n.status = 'open'
             AND a.status IN ('signed', 'included')
           ORDER BY n.nonce, a.id`,
    values: [by.rail, by.chainId, by.signer],
  });
  const open: OpenNonce[] = [];
  for (const row of rows) {
    let last = open.at(-1);
    if (last === undefined || last.nonce !== row.nonce) {
      last = { nonce: row.nonce, batchId: row.batchId, attempts: [] };
      open.push(last);
    }
    last.attempts.push(attemptOf(row));
  }
  return open;
}

function attemptOf({ batchId: _batch, blockNumber, blockHash, ...attempt }: AttemptRow): Attempt {
  return {
    ...attempt,
    noted: blockNumber === null || blockHash === null ? null : { blockNumber, blockHash },
  };
}

/** The highest nonce that was ever taken, open or not. */
export async function highestNonce(q: Queryable, by: Signer): Promise<bigint | null> {
  const { rows } = await q.query<{ highest: bigint | null }>({
    name: "nonce_highest",
    text: "SELECT max(nonce) AS highest FROM settlement_nonces WHERE chain_id = $1 AND signer = $2",
    values: [by.chainId, by.signer],
  });
  return rows[0]?.highest ?? null;
}

/** Which of these were ever taken, and not released by a batch that has come to its end. */
export async function knownNonces(q: Queryable, by: Signer, nonces: readonly bigint[]): Promise<Set<bigint>> {
  const { rows } = await q.query<{ nonce: bigint }>({
    name: "nonces_known",
    text: `SELECT nonce FROM settlement_nonces n
           WHERE chain_id = $1 AND signer = $2 AND nonce = ANY ($3::bigint[])
             AND (status <> 'released'
                  OR EXISTS (SELECT FROM payout_batches b WHERE b.id = n.batch_id AND b.status IN ('batched', 'submitted')))`,
    values: [by.chainId, by.signer, nonces],
  });
  return new Set(rows.map((row) => row.nonce));
}

/** Locks nonces and gives those that are still open: two ways may learn of an end, one of them writes it. */
export async function lockOpenNonces(tx: Tx, by: Signer, nonces: readonly bigint[]): Promise<Set<bigint>> {
  const { rows } = await tx.query<{ nonce: bigint; status: NonceStatus }>({
    name: "nonces_lock",
    text: `SELECT nonce, status FROM settlement_nonces
           WHERE chain_id = $1 AND signer = $2 AND nonce = ANY ($3::bigint[]) ORDER BY nonce FOR NO KEY UPDATE`,
    values: [by.chainId, by.signer, nonces],
  });
  if (rows.length !== nonces.length) {
    throw new InvariantError(
      `of the nonces ${nonces.join(", ")} of ${by.signer} only ${rows.length} were ever taken`,
    );
  }
  return new Set(rows.filter(({ status }) => status === "open").map(({ nonce }) => nonce));
}

export async function lockOpenNonce(tx: Tx, by: Signer, nonce: bigint): Promise<boolean> {
  return (await lockOpenNonces(tx, by, [nonce])).has(nonce);
}

export async function markBroadcast(q: Queryable, txHash: string, now: Date): Promise<void> {
  await q.query({
    name: "attempt_broadcast",
    text: "UPDATE settlement_attempts SET broadcast_at = $2 WHERE tx_hash = $1",
    values: [txHash, now],
  });
}

export async function markIncluded(
  tx: Tx,
  txHash: string,
  block: { blockNumber: bigint; blockHash: string },
): Promise<void> {
  await tx.query({
    name: "attempt_included",
    text: `UPDATE settlement_attempts SET status = 'included', block_number = $2, block_hash = $3
           WHERE tx_hash = $1 AND status IN ('signed', 'included')`,
    values: [txHash, block.blockNumber, block.blockHash],
  });
}

/** Forgets the block, and that it was sent: nodes drop what a reorganisation took out, so it is offered again at once. */
export async function markDropped(tx: Tx, txHash: string): Promise<void> {
  await tx.query({
    name: "attempt_dropped",
    text: `UPDATE settlement_attempts SET status = 'signed', block_number = NULL, block_hash = NULL, broadcast_at = NULL
           WHERE tx_hash = $1 AND status = 'included'`,
    values: [txHash],
  });
}

/** How a nonce ended, and the attempt of ours that consumed it, if it was one of ours. */
export type ClosedNonce = {
  nonce: bigint;
  status: Exclude<NonceStatus, "open">;
  consumedBy: { txHash: string; blockNumber: bigint; blockHash: string; result: string | null } | null;
};

/** Ends nonces: the attempt that consumed one is final; the others can never be included. */
export async function closeNonces(
  tx: Tx,
  by: Signer,
  closed: { ends: readonly ClosedNonce[]; finalBlock: bigint; now: Date },
): Promise<void> {
  const { ends, finalBlock, now } = closed;
  const nonces = ends.map(({ nonce }) => nonce);
  await tx.query({
    name: "nonces_close",
    text: `UPDATE settlement_nonces n SET status = e.status, closed_block = $5, closed_at = $6
           FROM unnest($3::bigint[], $4::text[]) AS e (nonce, status)
           WHERE n.chain_id = $1 AND n.signer = $2 AND n.nonce = e.nonce AND n.status = 'open'`,
    values: [by.chainId, by.signer, nonces, ends.map(({ status }) => status), finalBlock, now],
  });
  await tx.query({
    name: "attempts_close",
    text: `UPDATE settlement_attempts a
           SET status = CASE WHEN a.tx_hash = e.tx_hash THEN 'final' ELSE 'dead' END,
               block_number = CASE WHEN a.tx_hash = e.tx_hash THEN e.block_number END,
               block_hash = CASE WHEN a.tx_hash = e.tx_hash THEN e.block_hash END,
               result = CASE WHEN a.tx_hash = e.tx_hash THEN e.result END
           FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[])
             AS e (nonce, tx_hash, block_number, block_hash, result)
           WHERE a.chain_id = $1 AND a.signer = $2 AND a.nonce = e.nonce AND a.status IN ('signed', 'included')`,
    values: [
      by.chainId,
      by.signer,
      nonces,
      ends.map(({ consumedBy }) => consumedBy?.txHash ?? null),
      ends.map(({ consumedBy }) => consumedBy?.blockNumber ?? null),
      ends.map(({ consumedBy }) => consumedBy?.blockHash ?? null),
      ends.map(({ consumedBy }) => consumedBy?.result ?? null),
    ],
  });
}

/** How the last nonce of a batch ended; null when none was ever taken for it. */
export type BatchEnd = {
  /** The final block at which it was found consumed, or unconsumed past its last attempt. */
  block: bigint;
  status: Exclude<NonceStatus, "open">;
  /** The chain's word for the attempt of ours that consumed it, and its block, where one did. */
  result: string | null;
  includedIn: bigint | null;
};

export async function lastEndOf(q: Queryable, batchId: string): Promise<BatchEnd | null> {
  const { rows } = await q.query<BatchEnd>({
    name: "nonce_last_end",
    text: `SELECT n.closed_block AS block, n.status, a.result, a.block_number AS "includedIn"
           FROM settlement_nonces n
           LEFT JOIN settlement_attempts a
             ON (a.chain_id, a.signer, a.nonce) = (n.chain_id, n.signer, n.nonce) AND a.status = 'final'
           WHERE n.batch_id = $1 AND n.status <> 'open'
           ORDER BY n.closed_block DESC, n.closed_at DESC LIMIT 1`,
    values: [batchId],
  });
  return rows[0] ?? null;
}

/** The bytes of a transaction that we signed; null for somebody else's. */
export async function rawOf(q: Queryable, txHash: string): Promise<string | null> {
  const { rows } = await q.query<{ raw: string }>({
    name: "attempt_raw",
    text: "SELECT raw_tx AS raw FROM settlement_attempts WHERE tx_hash = $1",
    values: [txHash],
  });
  return rows[0]?.raw ?? null;
}

/** What push batches on their way will draw from the bucket and the balance, and signed ones from the balance. */
export async function totalsUnderWay(
  q: Queryable,
  rail: string,
  asset: string,
): Promise<{ push: bigint; signed: bigint }> {
  const { rows } = await q.query<{ push: bigint; signed: bigint }>({
    name: "batches_under_way",
    text: `SELECT coalesce(sum(total) FILTER (WHERE kind = 'push'), 0) AS push,
                  coalesce(sum(total) FILTER (WHERE kind = 'signed'), 0) AS signed
           FROM payout_batches WHERE rail = $1 AND asset = $2 AND status IN ('batched', 'submitted')`,
    values: [rail, asset],
  });
  return rows[0] ?? { push: 0n, signed: 0n };
}

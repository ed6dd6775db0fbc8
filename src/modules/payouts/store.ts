import type { Queryable, Tx } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import { encodeNumber, type Series } from "./numbers.ts";
import type { Payout, PayoutTransition } from "./payout.ts";
import type { PayoutStatus } from "./state.ts";

/** A row of `payouts`, as `PAYOUT_COLUMNS` selects it: the type `Payout`, named by column aliases. */
export const PAYOUT_COLUMNS = `
  id, player_id AS "playerId", account, to_address AS "to", rail, source, delivery, funding, status, series, number,
  number_closed AS "numberClosed", asset, asset_ref AS "assetRef", amount, spent_asset AS "spentAsset",
  spent_amount AS "spentAmount", approvals_required AS "approvalsRequired", not_before AS "notBefore",
  valid_until AS "validUntil", reason, proposed_by AS "proposedBy", proposed_with AS "proposedWith", metadata, batch_id AS "batchId",
  tx_hash AS "txHash", block_number AS "blockNumber", version, created_at AS "createdAt", updated_at AS "updatedAt"`;

export async function findPayout(q: Queryable, id: string): Promise<Payout | null> {
  const { rows } = await q.query<Payout>({
    name: "payout_find",
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts WHERE id = $1`,
    values: [id],
  });
  return rows[0] ?? null;
}

export async function findPayoutByNumber(q: Queryable, number: bigint): Promise<Payout | null> {
  const { rows } = await q.query<Payout>({
    name: "payout_find_number",
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts WHERE number = $1`,
    values: [number],
  });
  return rows[0] ?? null;
}

/** In id order, locked until the transaction ends; always in that order, so that two batches cannot deadlock. */
export async function lockPayouts(tx: Tx, ids: readonly string[]): Promise<Payout[]> {
  const { rows } = await tx.query<Payout>({
    name: "payouts_lock",
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
    values: [ids],
  });
  return rows;
}

export async function historyOf(q: Queryable, payoutId: string): Promise<PayoutTransition[]> {
  const { rows } = await q.query<PayoutTransition>({
    name: "payout_history",
    text: `SELECT payout_id AS "payoutId", version, from_status AS "from", to_status AS "to", actor, reason, created_at AS "at"
           FROM payout_transitions WHERE payout_id = $1 ORDER BY version`,
    values: [payoutId],
  });
  return rows;
}

export type PayoutFilter = {
  playerId?: string;
  account?: string;
  status?: PayoutStatus;
  limit: number;
  /** The last row of the page before. */
  before?: { createdAt: Date; id: string };
};

/** Newest first. */
export async function listPayouts(q: Queryable, filter: PayoutFilter): Promise<Payout[]> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (condition: (parameter: string) => string, value: unknown) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (filter.playerId !== undefined) add((p) => `player_id = ${p}::uuid`, filter.playerId);
  if (filter.account !== undefined) add((p) => `account = ${p}`, filter.account);
  if (filter.status !== undefined) add((p) => `status = ${p}`, filter.status);
  if (filter.before !== undefined) {
    values.push(filter.before.createdAt, filter.before.id);
    conditions.push(`(created_at, id) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`);
  }
  values.push(filter.limit);
  const { rows } = await q.query<Payout>({
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
           ORDER BY created_at DESC, id DESC LIMIT $${values.length}`,
    values,
  });
  return rows;
}

/** Writes a payout as `requested`, version 1, without a number, together with the first row of its history. */
export async function insertPayout(tx: Tx, payout: Payout): Promise<void> {
  await tx.query({
    name: "payout_insert",
    text: `INSERT INTO payouts (id, player_id, account, to_address, rail, source, delivery, funding, status, asset, asset_ref,
             amount, spent_asset, spent_amount, approvals_required, not_before, valid_until, reason, proposed_by, metadata,
             version, created_at, updated_at, proposed_with)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'requested', $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19::jsonb,
             1, $20, $20, $21)`,
    values: [
      payout.id,
      payout.playerId,
      payout.account,
      payout.to,
      payout.rail,
      payout.source,
      payout.delivery,
      payout.funding,
      payout.asset,
      payout.assetRef,
      payout.amount,
      payout.spentAsset,
      payout.spentAmount,
      payout.approvalsRequired,
      payout.notBefore,
      payout.validUntil,
      payout.reason,
      payout.proposedBy,
      JSON.stringify(payout.metadata),
      payout.createdAt,
      payout.proposedWith,
    ],
  });
  await insertTransitions(tx, {
    payouts: [payout],
    from: [null],
    to: "requested",
    actor: payout.proposedBy,
    reason: payout.reason,
    now: payout.createdAt,
  });
}

/** Writes the given payouts as they are now; their versions must be one above the stored ones. */
export async function updateSteppedPayouts(tx: Tx, payouts: readonly Payout[]): Promise<void> {
  const { rowCount } = await tx.query({
    name: "payouts_step",
    text: `UPDATE payouts p
           SET status = n.status, version = n.version, reason = n.reason, series = n.series, number = n.number,
               number_closed = n.number_closed, batch_id = n.batch_id, tx_hash = n.tx_hash,
               block_number = n.block_number, valid_until = n.valid_until, updated_at = n.updated_at
           FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::uuid[],
                       $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[])
             AS n (id, status, version, reason, series, number, number_closed, batch_id, tx_hash, block_number, valid_until,
                   updated_at)
           WHERE p.id = n.id AND p.version = n.version - 1`,
    values: [
      payouts.map((p) => p.id),
      payouts.map((p) => p.status),
      payouts.map((p) => p.version),
      payouts.map((p) => p.reason),
      payouts.map((p) => p.series),
      payouts.map((p) => p.number),
      payouts.map((p) => p.numberClosed),
      payouts.map((p) => p.batchId),
      payouts.map((p) => p.txHash),
      payouts.map((p) => p.blockNumber),
      payouts.map((p) => p.validUntil),
      payouts.map((p) => p.updatedAt),
    ],
  });
  if (rowCount !== payouts.length) {
    throw new InvariantError(`${payouts.length} locked payouts were to be written, ${rowCount} were`);
  }
}

export async function insertTransitions(
  tx: Tx,
  step: {
    payouts: readonly Payout[];
    from: readonly (PayoutStatus | null)[];
    to: PayoutStatus;
    actor: string;
    reason: string;
    now: Date;
  },
): Promise<void> {
  await tx.query({
    name: "payout_transitions_insert",
    text: `INSERT INTO payout_transitions (payout_id, version, from_status, to_status, actor, reason, created_at)
           SELECT s.payout_id, s.version, s.from_status, $4, $5, $6, $7
           FROM unnest($1::uuid[], $2::int[], $3::text[]) AS s (payout_id, version, from_status)`,
    values: [
      step.payouts.map((p) => p.id),
      step.payouts.map((p) => p.version),
      step.from,
      step.to,
      step.actor,
      step.reason,
      step.now,
    ],
  });
}

/**
 * The next `count` numbers of a series. The counter's row stays locked until the transaction ends, so numbers are given
 * out in commit order, and one that is rolled back is given again: no gaps.
 */
export async function takeNumbers(
  tx: Tx,
  key: { rail: string; series: Series; asset: string },
  count: number,
): Promise<bigint[]> {
  const { rows } = await tx.query<{ first: bigint }>({
    name: "payout_numbers_take",
    text: `INSERT INTO payout_number_counters AS c (rail, series, asset, next) VALUES ($1, $2, $3, 1 + $4::bigint)
           ON CONFLICT (rail, series, asset) DO UPDATE SET next = c.next + $4::bigint
           RETURNING next - $4::bigint AS first`,
    values: [key.rail, key.series, key.asset, count],
  });
  const first = rows[0]?.first;
  if (first === undefined) throw new InvariantError("a counter gave no number");
  return Array.from({ length: count }, (_unused, i) =>
    encodeNumber(key.series, key.asset, first + BigInt(i)),
  );
}

/** Numbers given so far in a series: the counters 1 to this. */
export async function lastCounter(
  q: Queryable,
  key: { rail: string; series: Series; asset: string },
): Promise<bigint> {
  const { rows } = await q.query<{ next: bigint }>({
    name: "payout_last_counter",
    text: "SELECT next FROM payout_number_counters WHERE rail = $1 AND series = $2 AND asset = $3",
    values: [key.rail, key.series, key.asset],
  });
  return (rows[0]?.next ?? 1n) - 1n;
}

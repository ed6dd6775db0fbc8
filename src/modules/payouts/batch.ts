import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { Series } from "./numbers.ts";
import type { Payout } from "./payout.ts";
import { endedUnpaid, type PayoutStatus } from "./state.ts";
import { PAYOUT_COLUMNS } from "./store.ts";
import { transitionPayouts } from "./transition.ts";

export type BatchQuestion = {
  rail: string;
  /** Claims are brought by players, so they are never batched. */
  series: Exclude<Series, "claim">;
  asset: string;
  /** Most numbers in the batch. */
  limit: number;
  /** Whether push numbers whose payout ended unpaid come along, because the chain keeps numbers that must be closed. */
  closesNumbers: boolean;
  /** Most that the batch may pay in all. */
  budget: bigint;
  /** The batch that takes them; its own row is the caller's, in the same transaction. */
  batchId: string;
  actor: string;
  now: Date;
};

/** A member whose number is only closed: its word in `payBatch` is zero, because its payout ended unpaid. */
export function closesNumber(payout: Pick<Payout, "status">): boolean {
  return endedUnpaid(payout.status);
}

/** What a batch may take: $1 rail, $2 whether closing numbers come along, $3 now. */
const DUE = `rail = $1 AND batch_id IS NULL AND NOT number_closed
             AND (status = 'approved' OR ($2 AND series = 'push' AND status IN ('rejected', 'expired', 'cancelled', 'failed')))
             AND (series <> 'signed' OR valid_until > $3)`;

export type DuePayouts = Pick<BatchQuestion, "series" | "asset"> & { count: number };

/** How many payouts of each series and asset wait for a batch; counting ends at `limit`. Those without are left out. */
export async function duePayouts(
  q: Queryable,
  question: Pick<BatchQuestion, "rail" | "limit" | "closesNumbers" | "now"> & { assets: readonly string[] },
): Promise<DuePayouts[]> {
  const { rows } = await q.query<DuePayouts>({
    name: "payouts_count_due",
    text: `SELECT kind.series, kind.asset, due.count
           FROM (SELECT s AS series, a AS asset FROM unnest($4::text[]) AS a, unnest(ARRAY['signed', 'push']) AS s) AS kind,
                LATERAL (SELECT count(*)::int AS count FROM (
                  SELECT FROM payouts WHERE ${DUE} AND series = kind.series AND asset = kind.asset LIMIT $5) AS few) AS due
           WHERE due.count > 0 ORDER BY kind.asset, kind.series DESC`,
    values: [question.rail, question.closesNumbers, question.now, question.assets, question.limit],
  });
  return rows;
}

/**
 * Takes the lowest numbers that no batch holds, a run without gaps, into a batch: approved ones become `batched`, push
 * numbers whose payout ended unpaid come along to be closed. Stops at the first gap and before the first payout that
 * `budget` does not cover, so that a large one is not overtaken for ever; signatures that have expired are left to
 * expire. Empty when there is nothing, the rail is paused, or others hold the rows.
 *
 * It never waits for a row, so several workers and a player who cancels cannot block one another; a number that was
 * skipped because somebody held its row is left for a later batch.
 */
export async function takeForBatch(tx: Tx, question: BatchQuestion): Promise<Payout[]> {
  const { rows } = await tx.query<Payout>({
    name: "payouts_take_for_batch",
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts
           WHERE ${DUE} AND series = $4 AND asset = $5
             AND NOT EXISTS (SELECT FROM rail_pauses WHERE rail_pauses.rail = $1)
           ORDER BY number LIMIT $6 FOR NO KEY UPDATE OF payouts SKIP LOCKED`,
    values: [
      question.rail,
      question.closesNumbers,
      question.now,
      question.series,
      question.asset,
      question.limit,
    ],
  });
  const members = contiguousRun(rows, question.budget);
  const closing = members.filter(closesNumber);
  if (closing.length > 0) {
    await tx.query({
      name: "payouts_take_closing",
      text: "UPDATE payouts SET batch_id = $2, updated_at = $3 WHERE id = ANY ($1::uuid[])",
      values: [closing.map((payout) => payout.id), question.batchId, question.now],
    });
  }
  const paying = await transitionPayouts(tx, {
    payoutIds: members.filter((payout) => !closesNumber(payout)).map((payout) => payout.id),
    from: "approved",
    to: "batched",
    actor: question.actor,
    reason: `taken into batch ${question.batchId}`,
    now: question.now,
    patch: { batchId: question.batchId },
  });
  const after = new Map(paying.map((payout) => [payout.id, payout]));
  return members.map(
    (payout) => after.get(payout.id) ?? { ...payout, batchId: question.batchId, updatedAt: question.now },
  );
}

/** The first numbers that follow one another and that `budget` covers. Pure. */
export function contiguousRun(payouts: readonly Payout[], budget: bigint): Payout[] {
  const run: Payout[] = [];
  let left = budget;
  for (const payout of payouts) {
    const previous = run.at(-1)?.number ?? null;
    if (previous !== null && payout.number !== previous + 1n) break;
    if (!closesNumber(payout)) {
      if (payout.amount > left) break;
      left -= payout.amount;
    }
    run.push(payout);
  }
  return run;
}

/** A batch's members in number order, those included whose number it only closes. */
export async function payoutsOfBatch(q: Queryable, batchId: string): Promise<Payout[]> {
  const { rows } = await q.query<Payout>({
    name: "payouts_of_batch",
    text: `SELECT ${PAYOUT_COLUMNS} FROM payouts WHERE batch_id = $1 ORDER BY number`,
    values: [batchId],
  });
  return rows;
}

/**
 * Dissolves a batch whose transaction was proven dead: its payouts are approved again and its closing numbers free,
 * all with the numbers that they have. The proof is the caller's.
 */
export async function releaseBatch(
  tx: Tx,
  release: { batchId: string; actor: string; reason: string; now: Date },
): Promise<Payout[]> {
  const members = await payoutsOfBatch(tx, release.batchId);
  const underWay: readonly PayoutStatus[] = ["batched", "submitted"];
  const released = await transitionPayouts(tx, {
    payoutIds: members.filter(({ status }) => underWay.includes(status)).map(({ id }) => id),
    to: "approved",
    actor: release.actor,
    reason: release.reason,
    now: release.now,
  });
  await tx.query({
    name: "payouts_release_closing",
    text: `UPDATE payouts SET batch_id = NULL, updated_at = $2
           WHERE batch_id = $1 AND status IN ('rejected', 'expired', 'cancelled', 'failed')`,
    values: [release.batchId, release.now],
  });
  return released;
}

/** Notes that the chain consumed numbers of payouts that ended unpaid, so that no batch tries to close them again. */
export async function markNumbersClosed(tx: Tx, numbers: readonly bigint[], now: Date): Promise<void> {
  await tx.query({
    name: "payouts_mark_closed",
    text: `UPDATE payouts SET number_closed = true, updated_at = $2
           WHERE number = ANY ($1::bigint[]) AND NOT number_closed
             AND status IN ('rejected', 'expired', 'cancelled', 'failed')`,
    values: [numbers, now],
  });
}

/** Shows the transaction that a batch is sent with now; a replacement with a higher fee has another hash. */
export async function noteBatchTransaction(
  tx: Tx,
  note: { batchId: string; txHash: string; now: Date },
): Promise<void> {
  await tx.query({
    name: "payouts_note_transaction",
    text: `UPDATE payouts SET tx_hash = $2, updated_at = $3
           WHERE batch_id = $1 AND status IN ('batched', 'submitted') AND tx_hash IS DISTINCT FROM $2`,
    values: [note.batchId, note.txHash, note.now],
  });
}

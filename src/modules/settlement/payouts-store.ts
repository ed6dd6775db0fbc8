import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { Series } from "../payouts/index.ts";
import type { ChainEvent } from "./rails/rail.ts";
import type { WordedPayout } from "./word.ts";

/** Payouts by number, locked in id order as every transition locks them. */
export async function payoutsByNumber(
  tx: Tx,
  rail: string,
  numbers: readonly bigint[],
): Promise<(WordedPayout & { batchId: string | null })[]> {
  const { rows } = await tx.query<WordedPayout & { batchId: string | null }>({
    name: "settlement_payouts_by_number",
    text: `SELECT id, number, to_address AS "to", amount, status, tx_hash AS "txHash", number_closed AS "numberClosed",
             batch_id AS "batchId"
           FROM payouts WHERE rail = $1 AND number = ANY ($2::bigint[]) ORDER BY id FOR NO KEY UPDATE`,
    values: [rail, numbers],
  });
  return rows;
}

/** Whether any payout of the rail was ever given a number. */
export async function hasNumbers(q: Queryable, rail: string): Promise<boolean> {
  const { rowCount } = await q.query({
    name: "settlement_has_numbers",
    text: "SELECT 1 FROM payouts WHERE rail = $1 AND number IS NOT NULL LIMIT 1",
    values: [rail],
  });
  return rowCount === 1;
}

/** What a payee's withdrawal covers: all that the vault had credited it before. */
export async function creditsPulledBy(
  tx: Tx,
  rail: string,
  withdrawal: Pick<ChainEvent, "party" | "blockNumber" | "logIndex"> & { asset: string },
): Promise<{ id: string; amount: bigint }[]> {
  const { rows } = await tx.query<{ id: string; amount: bigint }>({
    name: "settlement_credits_pulled",
    text: `SELECT p.id, p.amount FROM payouts p
           JOIN chain_events e ON e.rail = p.rail AND e.kind = 'credited' AND e.first_number = p.number
           WHERE p.rail = $1 AND p.status = 'credited' AND p.to_address = $2 AND p.asset = $3
             AND (e.block_number, e.log_index) < ($4, $5)
           ORDER BY p.id`,
    values: [rail, withdrawal.party, withdrawal.asset, withdrawal.blockNumber, withdrawal.logIndex],
  });
  return rows;
}

/** Claims whose voucher no block after this time can use. */
export async function overdueClaims(
  q: Queryable,
  rail: string,
  finalTimestamp: bigint,
  limit: number,
): Promise<{ id: string; number: bigint }[]> {
  const { rows } = await q.query<{ id: string; number: bigint }>({
    name: "settlement_overdue_claims",
    text: `SELECT id, number FROM payouts
           WHERE rail = $1 AND series = 'claim' AND status IN ('approved', 'submitted')
             AND valid_until < to_timestamp($2::bigint)
           ORDER BY number LIMIT $3`,
    values: [rail, finalTimestamp, limit],
  });
  return rows;
}

/** What the database holds about the numbers of a range. */
export type KnownNumbers = {
  /** Paid or closed, events that wait to be applied included. */
  consumed: Set<bigint>;
  /** Ended without payment and never to be sent, so that nobody will consume them. */
  givenUp: Set<bigint>;
};

export async function knownNumbers(
  q: Queryable,
  rail: string,
  range: { from: bigint; to: bigint },
): Promise<KnownNumbers> {
  const { rows } = await q.query<{ number: bigint; consumed: boolean }>({
    name: "settlement_known_numbers",
    text: `SELECT number, status IN ('confirmed', 'credited') OR number_closed AS consumed FROM payouts
           WHERE rail = $1 AND number BETWEEN $2 AND $3
             AND (status IN ('confirmed', 'credited') OR number_closed
                  OR (series <> 'push' AND status IN ('rejected', 'expired', 'cancelled', 'failed')))
           UNION ALL
           SELECT n, true FROM chain_events e
           CROSS JOIN LATERAL generate_series(e.first_number, e.first_number + e.size - 1) AS n
           WHERE e.rail = $1 AND e.applied_at IS NULL AND e.first_number BETWEEN $2 - 1000 AND $3 AND n BETWEEN $2 AND $3`,
    values: [rail, range.from, range.to],
  });
  return {
    consumed: new Set(rows.filter(({ consumed }) => consumed).map(({ number }) => number)),
    givenUp: new Set(rows.filter(({ consumed }) => !consumed).map(({ number }) => number)),
  };
}

/** What the ledger says about an asset, adjusted by events that it does not reflect yet. */
export type Books = {
  /** What should lie in the vault. */
  balance: bigint;
  /** What the vault should owe to payees that refused. */
  owed: bigint;
};

export async function booksOf(
  q: Queryable,
  rail: string,
  asset: { code: string; assetRef: string },
): Promise<Books> {
  const { rows } = await q.query<Books>({
    name: "settlement_books",
    text: `SELECT coalesce((SELECT -posted FROM accounts WHERE owner = 'house:external' AND asset = $2), 0)
                  + coalesce(sum(CASE kind WHEN 'funded' THEN amount WHEN 'credited' THEN 0 WHEN 'closed' THEN 0 ELSE -amount END), 0) AS balance,
                  coalesce((SELECT posted FROM accounts WHERE owner = 'house:credited' AND asset = $2), 0)
                  + coalesce(sum(CASE kind WHEN 'credited' THEN amount WHEN 'credit_withdrawn' THEN -amount ELSE 0 END), 0) AS owed
           FROM chain_events WHERE rail = $1 AND applied_at IS NULL AND asset_ref = $3`,
    values: [rail, asset.code, asset.assetRef],
  });
  return rows[0] ?? { balance: 0n, owed: 0n };
}

export async function checkedBelow(
  q: Queryable,
  rail: string,
  series: Series,
  asset: string,
): Promise<bigint | null> {
  const { rows } = await q.query<{ checked: bigint }>({
    name: "settlement_checked_below",
    text: "SELECT checked_below AS checked FROM rail_number_checks WHERE rail = $1 AND series = $2 AND asset = $3",
    values: [rail, series, asset],
  });
  return rows[0]?.checked ?? null;
}

export async function setCheckedBelow(
  q: Queryable,
  rail: string,
  check: { series: Series; asset: string; number: bigint },
): Promise<void> {
  await q.query({
    name: "settlement_set_checked_below",
    text: `INSERT INTO rail_number_checks (rail, series, asset, checked_below) VALUES ($1, $2, $3, $4)
           ON CONFLICT (rail, series, asset) DO UPDATE SET checked_below = excluded.checked_below`,
    values: [rail, check.series, check.asset, check.number],
  });
}

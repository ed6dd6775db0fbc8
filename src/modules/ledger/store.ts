import { type Queryable, sqlState } from "../../platform/db/index.ts";
import { unknownAccount, unknownAsset } from "./errors.ts";

export type AccountKey = {
  /** `player:{uuid}` or `house:{purpose}`. */
  owner: string;
  asset: string;
};

export type Asset = {
  code: string;
  /** Digits after the point of one whole unit. */
  scale: number;
  kind: "point" | "settled";
  rail: string | null;
  /** The asset's name on its rail; the zero address for a chain's own coin. */
  chainRef: string | null;
};

/** In minor units. `available` is what may be spent; `held` is reserved by pending transfers and not in it. */
export type Balance = { asset: string; available: bigint; held: bigint };

/** One line of a statement: what a transfer did to one account. */
export type StatementEntry = {
  /** Rises with every transfer of an owner; the cursor of the next page. */
  seq: bigint;
  transferId: string;
  asset: string;
  side: "debit" | "credit";
  kind: "posted" | "pending" | "post_pending" | "void_pending" | "expire_pending";
  amount: bigint;
  previous: { posted: bigint; held: bigint };
  current: { posted: bigint; held: bigint };
  /** Counts the account's entries from 1, without gaps. */
  version: bigint;
  /** Owner of the other account. */
  counterparty: string;
  cause: string;
  ref: string;
  pendingId: string | null;
  createdAt: Date;
};

/**
 * The accounts of the keys, in their order, in one round trip. Missing player accounts are opened; several callers that
 * open the same one get the same id.
 */
export async function accountIds(q: Queryable, keys: readonly AccountKey[]): Promise<bigint[]> {
  if (keys.length === 0) return [];
  const owners = keys.map((key) => key.owner);
  const assets = keys.map((key) => key.asset);
  try {
    const { rows } = await q.query<{ id: bigint | null }>({
      name: "ledger_account_ids",
      text: "SELECT id FROM unnest(ledger_account_ids($1, $2)) WITH ORDINALITY AS a (id, i) ORDER BY i",
      values: [owners, assets],
    });
    return keys.map((key, i) => {
      const id = rows[i]?.id;
      if (id === undefined || id === null) throw unknownAccount(key.owner, key.asset);
      return id;
    });
  } catch (error) {
    if (sqlState(error) === "23503") throw unknownAsset([...new Set(assets)], error);
    throw error;
  }
}

/** An owner's balances by asset code; empty when the owner has no account. */
export async function balancesOf(q: Queryable, owner: string): Promise<Balance[]> {
  const { rows } = await q.query<Balance>({
    name: "ledger_balances_of",
    text: "SELECT asset, available, held FROM balances WHERE owner = $1 ORDER BY asset",
    values: [owner],
  });
  return rows;
}

export type StatementQuery = {
  limit: number;
  /** Only entries older than this `seq`. */
  before?: bigint;
  asset?: string;
};

/**
 * An owner's entries, newest first: a backward index scan for each account. Counterparties are looked up one by one,
 * because a join would be planned for a tenth of all that the owner has, whatever the limit, and read every account.
 */
export async function statementOf(
  q: Queryable,
  owner: string,
  query: StatementQuery,
): Promise<StatementEntry[]> {
  type Row = Omit<StatementEntry, "previous" | "current"> & {
    postedPrevious: bigint;
    postedCurrent: bigint;
    heldPrevious: bigint;
    heldCurrent: bigint;
  };
  const { rows } = await q.query<Row>({
    name: "ledger_statement_of",
    text: `SELECT e.seq, e.transfer_id AS "transferId", a.asset, e.side, e.kind, e.amount, e.version,
                  (SELECT owner FROM accounts WHERE id = e.counter_account_id) AS counterparty,
                  e.posted_previous AS "postedPrevious", e.posted_current AS "postedCurrent",
                  e.held_previous AS "heldPrevious", e.held_current AS "heldCurrent",
                  e.cause, e.ref, e.pending_id AS "pendingId", e.created_at AS "createdAt"
             FROM accounts a
            CROSS JOIN LATERAL (
                  SELECT * FROM ledger_entries WHERE account_id = a.id AND seq < coalesce($3, 9223372036854775807)
                   ORDER BY seq DESC LIMIT $2) e
            WHERE a.owner = $1 AND ($4::text IS NULL OR a.asset = $4)
            ORDER BY e.seq DESC LIMIT $2`,
    values: [owner, query.limit, query.before ?? null, query.asset ?? null],
  });
  return rows.map(({ postedPrevious, postedCurrent, heldPrevious, heldCurrent, ...entry }) => ({
    ...entry,
    previous: { posted: postedPrevious, held: heldPrevious },
    current: { posted: postedCurrent, held: heldCurrent },
  }));
}

export async function assets(q: Queryable): Promise<Asset[]> {
  const { rows } = await q.query<Asset>(
    'SELECT code, scale, kind, rail, chain_ref AS "chainRef" FROM assets ORDER BY code',
  );
  return rows;
}

/** One asset's books: `difference` is the sum of all posted balances, zero when they are right. */
export type TrialBalance = {
  asset: string;
  accounts: bigint;
  difference: bigint;
  positive: bigint;
  negative: bigint;
  held: bigint;
};

export async function trialBalance(q: Queryable): Promise<TrialBalance[]> {
  const { rows } = await q.query<TrialBalance>(
    "SELECT asset, accounts, difference, positive, negative, held FROM trial_balance ORDER BY asset",
  );
  return rows;
}

/** Where history is not as it was written: a commit whose hash, or an account whose entries, do not fit. */
export type LedgerBreak =
  | { commitId: bigint | null; reason: string }
  | { accountId: bigint; version: bigint; reason: string };

export async function chainBreaks(q: Queryable): Promise<LedgerBreak[]> {
  const { rows } = await q.query<{ commitId: bigint | null; reason: string }>(
    'SELECT commit_id AS "commitId", reason FROM ledger_chain_breaks() ORDER BY commit_id, reason',
  );
  return rows;
}

export async function accountBreaks(q: Queryable): Promise<LedgerBreak[]> {
  const { rows } = await q.query<{ accountId: bigint; version: bigint; reason: string }>(
    'SELECT account_id AS "accountId", version, reason FROM ledger_account_breaks ORDER BY account_id, version, reason',
  );
  return rows;
}

/** Releases due holds; returns how many. */
export async function expireHolds(q: Queryable, limit: number): Promise<number> {
  const { rows } = await q.query<{ released: number }>({
    name: "ledger_expire",
    text: "SELECT ledger_expire($1) AS released",
    values: [limit],
  });
  return rows[0]?.released ?? 0;
}

/** Which of the transfers were written by the batch of that id. */
export async function writtenByBatch(
  q: Queryable,
  ids: readonly string[],
  batchId: string,
): Promise<Set<string>> {
  const { rows } = await q.query<{ id: string }>({
    name: "ledger_written_by_batch",
    text: `SELECT t.id FROM transfers t JOIN ledger_commits c ON c.id = t.seq >> 16
            WHERE t.id = ANY ($1::uuid[]) AND c.batch_id = $2`,
    values: [ids, batchId],
  });
  return new Set(rows.map((row) => row.id));
}

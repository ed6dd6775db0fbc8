import type { Queryable, Tx } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import { isTransferResult, type TransferOutcome } from "./results.ts";
import type { Transfer } from "./transfer.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Decides the transfers in order and writes those that succeed, in one round trip; the one write path of money.
 * Results are final when `tx` commits; when it rolls back, nothing was written. The accounts stay locked until then, so
 * call it late and, to stay clear of deadlocks, once in a transaction.
 * @throws 23505, 40001 and 40P01 of PostgreSQL: nothing is written, run the transaction again.
 */
export async function postTransfers(tx: Tx, transfers: readonly Transfer[]): Promise<TransferOutcome[]> {
  if (transfers.length === 0) return [];
  return toOutcomes(transfers, await callLedgerPost(tx, encodeTransfers(transfers), null));
}

/**
 * Outside of a transaction of the caller's own the statement commits by itself. With `expectNew` an id that is taken
 * is a 23505 instead of a result: cheaper for whoever can ask again without it.
 */
export async function callLedgerPost(
  q: Queryable,
  columns: EncodedTransfers,
  batchId: string | null,
  expectNew = false,
): Promise<string[]> {
  const { rows } = await q.query<{ results: string }>({
    name: "ledger_post",
    text: `SELECT array_to_string(ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12), ',') AS results`,
    values: [...columns, batchId, expectNew],
  });
  return (rows[0]?.results ?? "").split(",");
}

export function toOutcomes(transfers: readonly Transfer[], results: readonly string[]): TransferOutcome[] {
  return transfers.map(({ id }, i) => {
    const result = results[i];
    if (result === undefined || !isTransferResult(result)) {
      throw new InvariantError(`ledger_post answered ${result} for transfer ${id}`);
    }
    return { id, result };
  });
}

/** The array parameters of `ledger_post`, in their order. */
export type EncodedTransfers = readonly (string | null)[];

/**
 * The arrays of `ledger_post` as array literals. Written here rather than by the driver, whose general encoder takes
 * longer than the database does for the transfers.
 */
export function encodeTransfers(transfers: readonly Transfer[]): EncodedTransfers {
  const ids: string[] = [];
  const kinds: string[] = [];
  const debits: string[] = [];
  const credits: string[] = [];
  const amounts: string[] = [];
  const pendingIds: string[] = [];
  const linked: string[] = [];
  const expiries: string[] = [];
  const causes: string[] = [];
  const refs: string[] = [];
  let anyPendingId = false;
  let anyLinked = false;
  let anyExpiry = false;
  for (const transfer of transfers) {
    ids.push(uuid(transfer.id));
    kinds.push(transfer.kind);
    if (transfer.kind === "posted" || transfer.kind === "pending") {
      debits.push(transfer.debit.toString());
      credits.push(transfer.credit.toString());
      amounts.push(transfer.amount.toString());
      pendingIds.push("NULL");
    } else {
      anyPendingId = true;
      debits.push("NULL");
      credits.push("NULL");
      amounts.push(transfer.kind === "post_pending" ? (transfer.amount?.toString() ?? "NULL") : "NULL");
      pendingIds.push(uuid(transfer.pendingId));
    }
    anyLinked ||= transfer.linked === true;
    linked.push(transfer.linked === true ? "t" : "f");
    if (transfer.kind === "pending" && transfer.expiresAt !== undefined) {
      anyExpiry = true;
      expiries.push(`"${transfer.expiresAt.toISOString()}"`);
    } else {
      expiries.push("NULL");
    }
    causes.push(quoted(transfer.cause));
    refs.push(quoted(transfer.ref));
  }
  return [
    literal(ids),
    literal(kinds),
    literal(debits),
    literal(credits),
    literal(amounts),
    anyPendingId ? literal(pendingIds) : null,
    anyLinked ? literal(linked) : null,
    anyExpiry ? literal(expiries) : null,
    literal(causes),
    literal(refs),
  ];
}

function literal(elements: readonly string[]): string {
  return `{${elements.join(",")}}`;
}

function uuid(text: string): string {
  if (!UUID.test(text)) throw new InvariantError(`a transfer's id must be a UUID, not ${text.slice(0, 80)}`);
  return text;
}

/** https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO: quoted elements escape quotes and backslashes. */
function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

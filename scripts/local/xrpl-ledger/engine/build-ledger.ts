import { applyTransaction } from "./apply-transaction.ts";
import { canonicalOrder, saltOf, treeHash } from "./canonical-order.ts";
import { encodeObject } from "./codec.ts";
import { mayBeRetried } from "./engine-results.ts";
import type { Entry } from "./entries.ts";
import { sha512Half } from "./keylets.ts";
import type { ClosedLedger, ClosedTransaction } from "./ledger-history.ts";
import { type Metadata, recordMetadata } from "./metadata.ts";
import type { Transaction } from "./transaction.ts";
import { type Fees, type LedgerView, Sandbox } from "./view.ts";

const TOTAL_PASSES = 3;
/** After this many passes a tec is taken for what it is. */
const RETRY_PASSES = 1;
const LEDGER_PREFIX = "4C575200";
const TRANSACTION_NODE_PREFIX = "534E4400";
export const CLOSE_TIME_RESOLUTION = 10;

export type BuildInput = {
  parent: ClosedLedger;
  parentView: LedgerView;
  /** What the open ledger had applied. */
  transactions: Transaction[];
  closeTime: number;
  fees: Fees;
  networkId: number;
};

export type Built = {
  ledger: ClosedLedger;
  changes: Map<string, Entry | null>;
  /** What may still work in a later ledger, in this ledger's order. */
  retries: Transaction[];
  salt: string;
};

/**
 * Closes a ledger: what the open ledger had applied is applied again, in an order that nobody chose. Results may differ from
 * the provisional ones, both ways.
 */
export function buildLedger(input: BuildInput): Built {
  const { parent, networkId } = input;
  const index = parent.index + 1;
  const salt = saltOf(input.transactions);
  const state = new Sandbox(input.parentView, { ledgerIndex: index, isOpen: false, fees: input.fees });
  const transactions: ClosedTransaction[] = [];
  let totalDrops = parent.totalDrops;
  let left = canonicalOrder(input.transactions, salt);
  let isRetryAssured = true;
  for (let pass = 0; pass < TOTAL_PASSES; pass++) {
    const before = left.length;
    let applied = 0;
    left = left.filter((tx) => {
      const { result, changes, delivered } = applyTransaction(state, tx, { networkId, isRetryAssured });
      if (changes === null) return mayBeRetried(result) || (isRetryAssured && result.startsWith("tec"));
      const meta = recordMetadata(changes, { hash: tx.hash, index: transactions.length, result, delivered });
      totalDrops -= burntDrops(changes);
      changes.commitTo(state);
      transactions.push({ tx, meta, ledgerIndex: index });
      applied += 1;
      return false;
    });
    if (applied === 0 && !isRetryAssured) break;
    if (applied === 0 || pass >= RETRY_PASSES) isRetryAssured = false;
    if (before === 0) break;
  }
  const ledger = sealLedger({
    index,
    parentHash: parent.hash,
    closeTime: input.closeTime,
    parentCloseTime: parent.closeTime,
    totalDrops,
    accountHash: stateHash(parent.accountHash, state.changes),
    transactionHash: treeHash(
      transactions.map(({ tx, meta }) => ({ key: tx.hash, hash: leafHash(tx, meta) })),
    ),
    transactions,
    fees: input.fees,
  });
  return { ledger, changes: state.changes, retries: left, salt };
}

const uint = (value: number | bigint, bytes: number): string => value.toString(16).padStart(bytes * 2, "0");

export function sealLedger(ledger: Omit<ClosedLedger, "hash">): ClosedLedger {
  const hash = sha512Half(
    LEDGER_PREFIX,
    uint(ledger.index, 4),
    uint(ledger.totalDrops, 8),
    ledger.parentHash,
    ledger.transactionHash,
    ledger.accountHash,
    uint(ledger.parentCloseTime, 4),
    uint(ledger.closeTime, 4),
    uint(CLOSE_TIME_RESOLUTION, 1),
    uint(0, 1),
  );
  return { ...ledger, hash };
}

/** XRP that no account has any more: the fees. */
function burntDrops({ base, changes }: Sandbox): bigint {
  let burnt = 0n;
  for (const [key, after] of changes) {
    const before = base.get(key);
    if (before?.LedgerEntryType === "AccountRoot") burnt += BigInt(before.Balance);
    if (after?.LedgerEntryType === "AccountRoot") burnt -= BigInt(after.Balance);
  }
  return burnt;
}

/** A chain of what changed, not the tree of all entries: it tells two histories apart, and proves nothing about one entry. */
function stateHash(before: string, changes: Map<string, Entry | null>): string {
  const sorted = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha512Half(before, new TextEncoder().encode(JSON.stringify(sorted)));
}

export const metadataBlob = (meta: Metadata): string => encodeObject(meta);

function leafHash(tx: Transaction, meta: Metadata): string {
  const metaBlob = metadataBlob(meta);
  return sha512Half(TRANSACTION_NODE_PREFIX, prefixed(tx.blob), prefixed(metaBlob), tx.hash);
}

/** A blob with its length before it, in one to three bytes. */
function prefixed(blob: string): string {
  const length = blob.length / 2;
  if (length <= 192) return uint(length, 1) + blob;
  if (length <= 12_480) {
    const rest = length - 193;
    return uint(193 + (rest >> 8), 1) + uint(rest & 0xff, 1) + blob;
  }
  const rest = length - 12_481;
  return uint(241 + (rest >> 16), 1) + uint((rest >> 8) & 0xff, 1) + uint(rest & 0xff, 1) + blob;
}

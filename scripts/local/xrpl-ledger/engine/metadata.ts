import type { EngineResult } from "./engine-results.ts";
import type { Amount, Entry } from "./entries.ts";
import { accountKey } from "./keylets.ts";
import type { Sandbox } from "./view.ts";

type Fields = Record<string, unknown>;
export type AffectedNode = {
  [kind in "CreatedNode" | "ModifiedNode" | "DeletedNode"]?: {
    LedgerEntryType: string;
    LedgerIndex: string;
    NewFields?: Fields;
    FinalFields?: Fields;
    PreviousFields?: Fields;
    PreviousTxnID?: string;
    PreviousTxnLgrSeq?: number;
  };
};

export type Metadata = {
  AffectedNodes: AffectedNode[];
  TransactionIndex: number;
  TransactionResult: EngineResult;
  DeliveredAmount?: Amount;
};

/** Never shown in metadata: the type stands beside the fields, and the indexes of a directory would be long. */
const HIDDEN = new Set(["LedgerEntryType", "Indexes", "PreviousTxnID", "PreviousTxnLgrSeq"]);

const visible = (entry: Entry): [string, unknown][] =>
  Object.entries(entry).filter(([name, value]) => !HIDDEN.has(name) && value !== undefined);

const isDefault = (name: string, value: unknown): boolean =>
  value === 0 || (value === "0" && (name.endsWith("Node") || name === "Balance"));

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The accounts that an entry belongs to: their history shows that it came or went. */
function ownersOf(entry: Entry): string[] {
  switch (entry.LedgerEntryType) {
    case "RippleState":
      return [entry.LowLimit.issuer, entry.HighLimit.issuer];
    case "Ticket":
    case "DepositPreauth":
      return [entry.Account];
    case "AccountRoot":
    case "SignerList":
    case "DirectoryNode":
      return [];
  }
}

type Thread = { PreviousTxnID?: string; PreviousTxnLgrSeq?: number };

/** What the entry said was its last transaction; nothing for an entry that had none. */
function threadOf(entry: Entry): Thread {
  const { PreviousTxnID, PreviousTxnLgrSeq } = entry;
  if (PreviousTxnID === undefined || /^0+$/.test(PreviousTxnID)) return {};
  return { PreviousTxnID, PreviousTxnLgrSeq: PreviousTxnLgrSeq ?? 0 };
}

/**
 * Writes down what a transaction changed, and marks every changed entry with the transaction. To be called once for each
 * transaction of a closed ledger, before its changes are committed.
 */
export function recordMetadata(
  changes: Sandbox,
  tx: { hash: string; index: number; result: EngineResult; delivered?: Amount | undefined },
): Metadata {
  const { hash, index: TransactionIndex, result: TransactionResult } = tx;
  const mark = { PreviousTxnID: hash, PreviousTxnLgrSeq: changes.ledgerIndex };
  const nodes = new Map<string, AffectedNode>();
  const owners = new Set<string>();
  for (const [key, after] of [...changes.changes]) {
    const before = changes.base.get(key);
    const node = nodeOf(key, before, after);
    if (node === null) continue;
    nodes.set(key, node);
    if (after !== null) changes.set(key, { ...after, ...mark });
    const comesOrGoes = before === undefined || after === null;
    if (comesOrGoes) for (const owner of ownersOf(after ?? (before as Entry))) owners.add(owner);
  }
  for (const owner of owners) {
    const key = accountKey(owner);
    const root = changes.get(key);
    if (root === undefined || nodes.has(key)) continue;
    changes.set(key, { ...root, ...mark });
    nodes.set(key, {
      ModifiedNode: { LedgerEntryType: root.LedgerEntryType, LedgerIndex: key, ...threadOf(root) },
    });
  }
  const AffectedNodes = [...nodes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
  return {
    AffectedNodes,
    TransactionIndex,
    TransactionResult,
    ...(tx.delivered === undefined ? {} : { DeliveredAmount: tx.delivered }),
  };
}

function nodeOf(LedgerIndex: string, before: Entry | undefined, after: Entry | null): AffectedNode | null {
  if (before === undefined) {
    if (after === null) return null;
    const NewFields = Object.fromEntries(visible(after).filter(([name, value]) => !isDefault(name, value)));
    return { CreatedNode: { LedgerEntryType: after.LedgerEntryType, LedgerIndex, NewFields } };
  }
  if (after !== null && same(before, after)) return null;
  const { LedgerEntryType } = before;
  const now = (after ?? before) as Fields;
  const changed = visible(before).filter(([name, value]) => !same(value, now[name]));
  const PreviousFields = changed.length === 0 ? {} : { PreviousFields: Object.fromEntries(changed) };
  const FinalFields = Object.fromEntries(visible(now as Entry));
  if (after !== null) {
    return {
      ModifiedNode: { FinalFields, LedgerEntryType, LedgerIndex, ...PreviousFields, ...threadOf(before) },
    };
  }
  // A deleted entry shows its last transaction among its fields.
  Object.assign(FinalFields, threadOf(before));
  return { DeletedNode: { FinalFields, LedgerEntryType, LedgerIndex, ...PreviousFields } };
}

import type { Amount, Entry } from "./entries.ts";
import { accountKey } from "./keylets.ts";
import type { AffectedNode, Metadata } from "./metadata.ts";
import type { Transaction } from "./transaction.ts";
import type { Fees, LedgerView } from "./view.ts";

export type ClosedTransaction = { tx: Transaction; meta: Metadata; ledgerIndex: number };

export type ClosedLedger = {
  index: number;
  hash: string;
  parentHash: string;
  /** Seconds since the ledger epoch, 2000-01-01. */
  closeTime: number;
  parentCloseTime: number;
  totalDrops: bigint;
  accountHash: string;
  transactionHash: string;
  transactions: ClosedTransaction[];
  fees: Fees;
};

/** The two first ledgers of a standalone server hold no transactions, and no transaction database knows them. */
export const FIRST_INDEX = 2;

type Version = { from: number; entry: Entry | null };

/** All closed ledgers, and every entry as it was in each of them. */
export class LedgerHistory {
  readonly #ledgers: ClosedLedger[] = [];
  readonly #byHash = new Map<string, ClosedLedger>();
  readonly #versions = new Map<string, Version[]>();
  readonly #transactions = new Map<string, ClosedTransaction>();
  readonly #byAccount = new Map<string, ClosedTransaction[]>();

  get last(): ClosedLedger {
    const last = this.#ledgers.at(-1);
    if (last === undefined) throw new Error("the history has no ledger");
    return last;
  }

  ledger(index: number): ClosedLedger | undefined {
    return this.#ledgers[index - FIRST_INDEX];
  }

  ledgerByHash(hash: string): ClosedLedger | undefined {
    return this.#byHash.get(hash);
  }

  transaction(hash: string): ClosedTransaction | undefined {
    return this.#transactions.get(hash);
  }

  /** In the order of the ledger, the oldest first. */
  transactionsOf(account: string): readonly ClosedTransaction[] {
    return this.#byAccount.get(account) ?? [];
  }

  append(ledger: ClosedLedger, changes: Iterable<[string, Entry | null]>): void {
    this.#ledgers.push(ledger);
    this.#byHash.set(ledger.hash, ledger);
    for (const [key, entry] of changes) {
      const versions = this.#versions.get(key);
      if (versions === undefined) this.#versions.set(key, [{ from: ledger.index, entry }]);
      else versions.push({ from: ledger.index, entry });
    }
    for (const closed of ledger.transactions) {
      this.#transactions.set(closed.tx.hash, closed);
      for (const account of affectedAccounts(closed.meta)) {
        const list = this.#byAccount.get(account);
        if (list === undefined) this.#byAccount.set(account, [closed]);
        else list.push(closed);
      }
    }
  }

  /** A closed ledger as a view, however old. */
  at(ledger: ClosedLedger): LedgerView {
    const versions = this.#versions;
    return {
      ledgerIndex: ledger.index,
      isOpen: false,
      fees: ledger.fees,
      get(key) {
        const all = versions.get(key) ?? [];
        for (let at = all.length - 1; at >= 0; at--) {
          const version = all[at];
          if (version !== undefined && version.from <= ledger.index) return version.entry ?? undefined;
        }
        return undefined;
      },
    };
  }
}

/** Whoever is named in what a transaction changed finds it in their history. */
function affectedAccounts({ AffectedNodes }: Metadata): Set<string> {
  const accounts = new Set<string>();
  for (const node of AffectedNodes) {
    for (const [name, value] of Object.entries(fieldsOf(node))) {
      if (/^(Account|RegularKey|Authorize|Owner|Destination|NFTokenMinter)$/.test(name)) {
        accounts.add(value as string);
      }
      if (/^(LowLimit|HighLimit)$/.test(name)) accounts.add((value as Exclude<Amount, string>).issuer);
    }
  }
  return accounts;
}

function fieldsOf({ CreatedNode, ModifiedNode, DeletedNode }: AffectedNode): Record<string, unknown> {
  return CreatedNode?.NewFields ?? (ModifiedNode ?? DeletedNode)?.FinalFields ?? {};
}

export const GENESIS_ACCOUNT = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
const GENESIS_DROPS = 100_000_000_000_000_000n;

/** What a standalone server starts from: all XRP on one account, whose key everybody knows. */
export function genesisLedger(
  fees: Fees,
  seal: (ledger: Omit<ClosedLedger, "hash">) => ClosedLedger,
): { ledger: ClosedLedger; entries: [string, Entry][] } {
  const root: Entry = {
    LedgerEntryType: "AccountRoot",
    Account: GENESIS_ACCOUNT,
    Balance: String(GENESIS_DROPS),
    Flags: 0,
    OwnerCount: 0,
    PreviousTxnID: "0".repeat(64),
    PreviousTxnLgrSeq: 0,
    Sequence: 1,
  };
  const none = "0".repeat(64);
  const ledger = seal({
    index: FIRST_INDEX,
    parentHash: none,
    closeTime: 0,
    parentCloseTime: 0,
    totalDrops: GENESIS_DROPS,
    accountHash: none,
    transactionHash: none,
    transactions: [],
    fees,
  });
  return { ledger, entries: [[accountKey(GENESIS_ACCOUNT), root]] };
}

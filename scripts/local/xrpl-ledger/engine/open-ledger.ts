import { type ApplyOptions, applyTransaction } from "./apply-transaction.ts";
import type { EngineResult } from "./engine-results.ts";
import type { ClosedLedger } from "./ledger-history.ts";
import type { Transaction } from "./transaction.ts";
import { type Fees, type LedgerView, Sandbox } from "./view.ts";

export type Attempt = { result: EngineResult; isApplied: boolean };

/** The ledger that is being filled: what it holds is provisional until it closes. */
export class OpenLedger {
  readonly view: Sandbox;
  readonly transactions = new Map<string, Transaction>();
  readonly #networkId: number;

  constructor(parent: ClosedLedger, parentView: LedgerView, fees: Fees, networkId: number) {
    this.view = new Sandbox(parentView, { ledgerIndex: parent.index + 1, isOpen: true, fees });
    this.#networkId = networkId;
  }

  apply(tx: Transaction, options: Omit<ApplyOptions, "networkId"> = {}): Attempt {
    const { result, changes } = applyTransaction(this.view, tx, { ...options, networkId: this.#networkId });
    if (changes === null) return { result, isApplied: false };
    changes.commitTo(this.view);
    this.transactions.set(tx.hash, tx);
    return { result, isApplied: true };
  }

  /** Several transactions that go in together or not at all. The last one's result is the result. */
  applyTogether(transactions: Transaction[]): Attempt {
    const together = new Sandbox(this.view);
    let last: Attempt = { result: "telINSUF_FEE_P", isApplied: false };
    for (const tx of transactions) {
      const { result, changes } = applyTransaction(together, tx, { networkId: this.#networkId });
      last = { result, isApplied: changes !== null };
      // A ticket that is gone only means that this transaction was in the ledger already.
      if (changes === null && result !== "tefNO_TICKET") return last;
      changes?.commitTo(together);
    }
    if (!last.isApplied) return last;
    together.commitTo(this.view);
    for (const tx of transactions) this.transactions.set(tx.hash, tx);
    return last;
  }
}

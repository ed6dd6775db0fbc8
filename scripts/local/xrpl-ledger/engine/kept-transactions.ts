import { canonicalOrder, NO_SALT } from "./canonical-order.ts";
import { compareUse, sequenceUse, type Transaction } from "./transaction.ts";
import { accountRoot, type LedgerView, ticketOf } from "./view.ts";

const LEDGERS_KEPT = 5;

/**
 * Everything that was submitted here without fail_hard, refused or not, is tried again whenever a new ledger opens: for five
 * ledgers, or until its LastLedgerSequence. That is how a refused payment comes to be paid.
 */
export class KeptTransactions {
  #kept: { tx: Transaction; lastIndex: number }[] = [];

  keep(tx: Transaction, openIndex: number): void {
    const last = tx.fields.LastLedgerSequence;
    const limit = openIndex + LEDGERS_KEPT;
    this.#kept.push({ tx, lastIndex: last === undefined ? limit : Math.min(limit, last + 1) });
  }

  /** What has not been closed yet, in the order in which it is tried. */
  inOrder(isClosed: (hash: string) => boolean): Transaction[] {
    const open = this.#kept.filter(({ tx }) => !isClosed(tx.hash));
    const once = new Map(open.map(({ tx }) => [tx.hash, tx]));
    return canonicalOrder(once.values(), NO_SALT);
  }

  /** Forgets what was validated, what can never be, and what was kept for long enough. */
  sweep(view: LedgerView, isClosed: (hash: string) => boolean): void {
    this.#kept = this.#kept.filter(({ tx, lastIndex }) => {
      if (view.ledgerIndex > lastIndex || isClosed(tx.hash)) return false;
      const root = accountRoot(view, tx.fields.Account);
      if (root === undefined) return true;
      const use = sequenceUse(tx.fields);
      if (use.kind === "sequence") return root.Sequence <= use.number;
      return root.Sequence <= use.number || ticketOf(view, tx.fields.Account, use.number) !== undefined;
    });
  }
}

/** Refusals that may work within the same ledger (ter), until it closes. */
export class HeldTransactions {
  #held = new Map<string, Transaction>();

  hold(tx: Transaction): void {
    this.#held.set(tx.hash, tx);
  }

  /** The next one of the same account, now that `tx` was applied: the following Sequence, or any ticket. */
  takeFollowing(tx: Transaction): Transaction | null {
    const use = sequenceUse(tx.fields);
    const [next] = canonicalOrder(
      [...this.#held.values()].filter(
        ({ fields }) => fields.Account === tx.fields.Account && compareUse(sequenceUse(fields), use) >= 0,
      ),
      NO_SALT,
    );
    if (next === undefined) return null;
    const nextUse = sequenceUse(next.fields);
    if (nextUse.kind === "sequence" && nextUse.number !== use.number + 1) return null;
    this.#held.delete(next.hash);
    return next;
  }

  takeAll(salt: string): Transaction[] {
    const all = canonicalOrder(this.#held.values(), salt);
    this.#held = new Map();
    return all;
  }
}

import { EventEmitter } from "node:events";
import { applyTransaction, baseFeeOf } from "./apply-transaction.ts";
import { buildLedger, sealLedger } from "./build-ledger.ts";
import { canonicalOrder } from "./canonical-order.ts";
import { claimsFee, type EngineResult, isSuccess, mayBeRetried } from "./engine-results.ts";
import { BASE_LEVEL, FeeMetrics, feeLevelPaid } from "./fee-metrics.ts";
import { HeldTransactions, KeptTransactions } from "./kept-transactions.ts";
import { type ClosedLedger, genesisLedger, LedgerHistory } from "./ledger-history.ts";
import { OpenLedger } from "./open-ledger.ts";
import type { Operation } from "./operations.ts";
import type { Transaction } from "./transaction.ts";
import { TransactionQueue } from "./transaction-queue.ts";
import { accountRoot, type Fees, type LedgerView } from "./view.ts";

export type SubmitOutcome = {
  result: EngineResult;
  isApplied: boolean;
  isBroadcast: boolean;
  isKept: boolean;
  isQueued: boolean;
  /** The next Sequence by the open ledger, and by the open ledger and the queue; 0 for a missing account. */
  nextSequence: number;
  availableSequence: number;
  openLedgerCostDrops: bigint;
  validatedIndex: number;
};

type EngineEvents = {
  closed: [ClosedLedger];
  /** Applied to the open ledger: a provisional result. */
  proposed: [Transaction, EngineResult];
};

type Deferred = { tx: Transaction; openIndex: number };

const DEFAULT_FEES: Fees = {
  baseFeeDrops: 10n,
  reserveBaseDrops: 1_000_000n,
  reserveIncrementDrops: 200_000n,
};

const EXECUTION = { isFailHard: false };

/** One ledger server without a network: an open ledger, the closed ones behind it, and what waits to get in. */
export class LedgerEngine {
  readonly networkId: number;
  readonly history = new LedgerHistory();
  readonly events = new EventEmitter<EngineEvents>();
  /** Whatever came in and was well signed, with its last known state or without: `tx` finds it. */
  readonly known = new Map<string, Transaction>();
  fees: Fees = DEFAULT_FEES;
  /** Called with every operation before it is done. */
  record: (operation: Operation) => void = () => undefined;
  readonly queue: TransactionQueue;
  #open: OpenLedger;
  readonly #malformed = new Set<string>();
  readonly #kept = new KeptTransactions();
  readonly #held = new HeldTransactions();
  #deferred: Deferred[] = [];
  #forNextLedger: Transaction[] = [];

  constructor({ networkId, expectedTransactions }: { networkId: number; expectedTransactions: number }) {
    this.networkId = networkId;
    this.queue = new TransactionQueue(new FeeMetrics(expectedTransactions), networkId);
    const { ledger, entries } = genesisLedger(this.fees, sealLedger);
    this.history.append(ledger, entries);
    this.#open = this.#emptyOpenLedger();
  }

  get openView(): LedgerView {
    return this.#open.view;
  }

  get openTransactions(): readonly Transaction[] {
    return [...this.#open.transactions.values()];
  }

  /** What it takes to get into the open ledger, in 256ths of the base fee. */
  get openLedgerLevel(): bigint {
    return this.queue.requiredLevel(this.#open);
  }

  #emptyOpenLedger(): OpenLedger {
    const { last } = this.history;
    return new OpenLedger(last, this.history.at(last), this.fees, this.networkId);
  }

  /** Changes what every transaction has to pay, and how many times that to get into the open ledger. */
  setFees(baseFeeDrops: bigint, loadFactor: number): void {
    this.record({ baseFeeDrops: String(baseFeeDrops), loadFactor });
    this.fees = { ...this.fees, baseFeeDrops };
    this.queue.metrics.loadLevel = BASE_LEVEL * BigInt(loadFactor);
    const before = this.#open;
    this.#open = this.#emptyOpenLedger();
    before.view.commitTo(this.#open.view);
    for (const [hash, tx] of before.transactions) this.#open.transactions.set(hash, tx);
  }

  submit(tx: Transaction, { isFailHard } = EXECUTION): SubmitOutcome {
    this.record({ submit: tx.blob, ...(isFailHard ? { failHard: true } : {}) });
    const outcome = this.#process(tx, isFailHard);
    if (isSuccess(outcome.result)) this.#releaseHeld(tx);
    return outcome;
  }

  /** What `submit` would answer, without anything having happened. */
  preview(tx: Transaction, { isFailHard } = EXECUTION): SubmitOutcome {
    const applied = applyTransaction(this.#open.view, tx, { networkId: this.networkId, isFailHard });
    const isApplied = applied.changes !== null;
    const kept = isApplied || !isFailHard;
    return this.#outcome(tx, applied.result, { isApplied, isKept: kept }, applied.changes ?? undefined);
  }

  /** Comes into the open ledger only after so many more ledgers have closed. */
  defer(tx: Transaction, ledgers: number): void {
    this.record({ defer: tx.blob, ledgers });
    this.known.set(tx.hash, tx);
    this.#deferred.push({ tx, openIndex: this.#open.view.ledgerIndex + ledgers });
  }

  /** Waits for the next open ledger, as a transaction does that pays too little for this one. */
  enqueue(tx: Transaction): SubmitOutcome {
    this.record({ queue: tx.blob });
    this.known.set(tx.hash, tx);
    this.#forNextLedger.push(tx);
    this.#kept.keep(tx, this.#open.view.ledgerIndex);
    return this.#outcome(tx, "terQUEUED", { isBroadcast: true, isKept: true, isQueued: true });
  }

  /** Gives a refusal that the ledger did not have a reason for, and tries again later as after any other. */
  refuse(tx: Transaction, result: EngineResult, { isFailHard } = EXECUTION): SubmitOutcome {
    this.record({ refuse: tx.blob, result, ...(isFailHard ? { failHard: true } : {}) });
    this.known.set(tx.hash, tx);
    if (!isFailHard) {
      this.#kept.keep(tx, this.#open.view.ledgerIndex);
      if (mayBeRetried(result)) this.#held.hold(tx);
    }
    return this.#outcome(tx, result, { isKept: !isFailHard });
  }

  #process(tx: Transaction, isFailHard: boolean): SubmitOutcome {
    this.known.set(tx.hash, tx);
    // Once malformed, a transaction is not looked at again.
    if (this.#malformed.has(tx.hash)) return this.#outcome(tx, "temBAD_SIGNATURE", {});
    const { result, isApplied } = this.queue.apply(this.#open, tx, { isFailHard });
    if (isApplied) this.events.emit("proposed", tx, result);
    if (result.startsWith("tem")) this.#malformed.add(tx.hash);
    if (mayBeRetried(result) && !isFailHard) this.#held.hold(tx);
    const isKept = isSuccess(result) || !isFailHard;
    const isQueued = result === "terQUEUED";
    if (isKept) this.#kept.keep(tx, this.#open.view.ledgerIndex);
    return this.#outcome(tx, result, { isApplied, isBroadcast: isApplied || isQueued, isKept, isQueued });
  }

  #releaseHeld(tx: Transaction): void {
    for (let next = this.#held.takeFollowing(tx); next !== null; next = this.#held.takeFollowing(tx)) {
      const { result, isApplied } = this.queue.apply(this.#open, next);
      if (isApplied) this.events.emit("proposed", next, result);
      if (isSuccess(result)) this.#releaseHeld(next);
      else if (mayBeRetried(result)) this.#held.hold(next);
      if (mayBeRetried(result)) return;
    }
  }

  #outcome(
    tx: Transaction,
    result: EngineResult,
    flags: Partial<Pick<SubmitOutcome, "isApplied" | "isBroadcast" | "isKept" | "isQueued">>,
    view: LedgerView = this.#open.view,
  ): SubmitOutcome {
    const nextSequence = accountRoot(view, tx.fields.Account)?.Sequence ?? 0;
    return {
      result,
      isApplied: false,
      isBroadcast: flags.isApplied ?? false,
      isKept: false,
      isQueued: false,
      ...flags,
      nextSequence,
      availableSequence: this.queue.availableSequence(view, tx.fields.Account),
      // Rounded down, as the server does here and nowhere else.
      openLedgerCostDrops: (this.openLedgerLevel * baseFeeOf(view, tx)) / BASE_LEVEL,
      validatedIndex: this.history.last.index,
    };
  }

  /** Closes the open ledger and opens the next one. Times are seconds of the ledger's epoch. */
  close(closeTime: number): ClosedLedger {
    this.record({ close: closeTime });
    const { last } = this.history;
    for (const tx of this.#held.takeAll(last.hash)) this.queue.apply(this.#open, tx);
    const closing = this.#open.transactions;
    const built = buildLedger({
      parent: last,
      parentView: this.history.at(last),
      transactions: [...closing.values()],
      closeTime: Math.max(closeTime, last.closeTime + 1),
      fees: this.fees,
      networkId: this.networkId,
    });
    this.history.append(built.ledger, built.changes);
    this.#learnFees(built.ledger);
    this.#open = this.#emptyOpenLedger();
    this.#reapply(closing, built.retries, built.salt);
    for (const tx of this.#forNextLedger.splice(0)) this.#open.apply(tx);
    this.queue.fill(this.#open, built.ledger.hash);
    const isClosed = (hash: string): boolean => this.history.transaction(hash) !== undefined;
    for (const tx of this.#kept.inOrder(isClosed)) this.queue.apply(this.#open, tx);
    this.#kept.sweep(this.history.at(built.ledger), isClosed);
    this.#releaseDeferred();
    this.events.emit("closed", built.ledger);
    return built.ledger;
  }

  #learnFees(ledger: ClosedLedger): void {
    const view = this.history.at(ledger);
    this.queue.metrics.update(ledger.transactions.map(({ tx }) => feeLevelPaid(view, tx)));
    this.queue.dropExpired(ledger.index);
  }

  /** What the closed ledger did not take gets the first chance in the next one. */
  #reapply(closing: Map<string, Transaction>, retries: Transaction[], salt: string): void {
    let left = canonicalOrder(
      new Set([
        ...retries,
        ...[...closing.values()].filter(({ hash }) => this.history.transaction(hash) === undefined),
      ]),
      salt,
    );
    for (const isRetryAssured of [true, true, false]) {
      left = left.filter((tx) => {
        const { result, isApplied } = this.#open.apply(tx, { isRetryAssured });
        return !isApplied && (mayBeRetried(result) || (isRetryAssured && claimsFee(result)));
      });
    }
  }

  #releaseDeferred(): void {
    const due = this.#deferred.filter(({ openIndex }) => openIndex <= this.#open.view.ledgerIndex);
    this.#deferred = this.#deferred.filter((one) => !due.includes(one));
    for (const { tx } of due) this.#process(tx, false);
  }
}

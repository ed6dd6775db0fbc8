import { transactorFor } from "../transactions/index.ts";
import { type ApplyOptions, preclaim, preflight } from "./apply-transaction.ts";
import { claimsFee, type EngineResult, isSuccess } from "./engine-results.ts";
import { BASE_LEVEL, type FeeMetrics, feeLevelPaid } from "./fee-metrics.ts";
import type { Attempt, OpenLedger } from "./open-ledger.ts";
import { compareUse, type SequenceUse, sequenceUse, type Transaction } from "./transaction.ts";
import { accountRoot, type LedgerView, Sandbox, updateAccount } from "./view.ts";

const RETRIES = 10;
const MOST_PER_ACCOUNT = 10;
/** A transaction must be valid for that many ledgers more to be worth queueing. */
const LEDGER_BUFFER = 2;
const REPLACEMENT_PERCENT = 125n;

type Queued = { tx: Transaction; use: SequenceUse; level: bigint; retries: number };
type Options = Omit<ApplyOptions, "networkId">;

/** Nothing may wait behind a transaction that changes who may sign. */
export const isBlocker = (tx: Transaction): boolean =>
  transactorFor(tx.fields.TransactionType).changesAuthority?.(tx) ?? false;

/** What it may take out of the account besides its fee. */
export const spendDrops = (tx: Transaction): bigint =>
  transactorFor(tx.fields.TransactionType).maxSpendDrops?.(tx) ?? 0n;

const followingSequence = ({ fields }: Transaction): number =>
  fields.Sequence + 1 + (fields.TransactionType === "TicketCreate" ? (fields.TicketCount ?? 0) : 0);

/** Transactions that are good but pay too little for the ledger that is open: they wait for the next one that has room. */
export class TransactionQueue {
  readonly metrics: FeeMetrics;
  readonly #networkId: number;
  #queued: Queued[] = [];

  constructor(metrics: FeeMetrics, networkId: number) {
    this.metrics = metrics;
    this.#networkId = networkId;
  }

  get size(): number {
    return this.#queued.length;
  }

  /** An account's queue in the order in which it will be tried. */
  of(account: string): readonly Queued[] {
    return this.#queued
      .filter(({ tx }) => tx.fields.Account === account)
      .sort((a, b) => compareUse(a.use, b.use));
  }

  requiredLevel(open: OpenLedger): bigint {
    return this.metrics.requiredLevel(open.transactions.size);
  }

  /** The next Sequence that is neither used by the ledger nor by the queue; 0 for a missing account. */
  availableSequence(view: LedgerView, account: string): number {
    let next = accountRoot(view, account)?.Sequence ?? 0;
    for (const { use, tx } of this.of(account)) {
      if (use.kind === "sequence" && use.number === next) next = followingSequence(tx);
    }
    return next;
  }

  /** Puts a transaction into the open ledger, or into the queue, or neither. */
  apply(open: OpenLedger, tx: Transaction, options: Options = {}): Attempt {
    const malformed = preflight(tx, this.#networkId);
    if (!isSuccess(malformed)) return refused(malformed);
    const { Account } = tx.fields;
    const root = accountRoot(open.view, Account);
    if (root === undefined) return refused("terNO_ACCOUNT");
    const use = sequenceUse(tx.fields);
    const level = feeLevelPaid(open.view, tx);
    const isNext = use.kind === "ticket" || use.number === root.Sequence;
    if (isNext && level >= this.requiredLevel(open)) {
      const attempt = open.apply(tx, options);
      if (attempt.isApplied) this.#remove(Account, use);
      return attempt;
    }
    const refusal = this.#refusal(open, tx, level, options);
    if (refusal !== null) return typeof refusal === "string" ? refused(refusal) : refusal;
    this.#remove(Account, use);
    this.#queued.push({ tx, use, level, retries: RETRIES });
    return refused("terQUEUED");
  }

  /** Why a transaction can not be queued; an attempt, where its fee pays for everything before it. */
  #refusal(
    open: OpenLedger,
    tx: Transaction,
    level: bigint,
    options: Options,
  ): EngineResult | Attempt | null {
    const { view } = open;
    const { Account } = tx.fields;
    const sequence = accountRoot(view, Account)?.Sequence ?? 0;
    const use = sequenceUse(tx.fields);
    if (use.kind === "ticket") {
      const ticket = preclaim(view, tx);
      if (ticket === "tefNO_TICKET" || ticket === "terPRE_TICKET") return ticket;
    }
    const others = this.of(Account).filter((one) => one.use.kind === "ticket" || one.use.number >= sequence);
    const replaced = others.find((one) => compareUse(one.use, use) === 0);
    const isAlone = others.length === 0 || (others.length === 1 && replaced !== undefined);
    if (isBlocker(tx) && !isAlone) return "telCAN_NOT_QUEUE_BLOCKS";
    if (others.length === 1 && others[0] !== undefined && replaced === undefined && isBlocker(others[0].tx)) {
      return "telCAN_NOT_QUEUE_BLOCKED";
    }
    if (replaced !== undefined && level <= (replaced.level * REPLACEMENT_PERCENT) / 100n) {
      return "telCAN_NOT_QUEUE_FEE";
    }
    if (use.kind === "sequence" && use.number < sequence) return "tefPAST_SEQ";
    if (isAlone) {
      if (use.kind === "sequence" && use.number > sequence) return "terPRE_SEQ";
      const result = preclaim(view, tx);
      return isLikely(result, options) ? this.#unholdable(view, tx, others, replaced, options) : result;
    }
    return this.#refusalBehind(open, tx, level, others, replaced, options);
  }

  /** For a transaction that has others of its account before or after it in the queue. */
  #refusalBehind(
    open: OpenLedger,
    tx: Transaction,
    level: bigint,
    others: readonly Queued[],
    replaced: Queued | undefined,
    options: Options,
  ): EngineResult | Attempt | null {
    const { view } = open;
    const use = sequenceUse(tx.fields);
    const unholdable = this.#unholdable(view, tx, others, replaced, options);
    if (unholdable !== null) return unholdable;
    const available = this.availableSequence(view, tx.fields.Account);
    const isFirst = !others.some((one) => compareUse(one.use, use) <= 0);
    if (use.kind === "sequence" && isFirst && use.number > available) return "terPRE_SEQ";
    if (use.kind === "sequence" && !isFirst && replaced === undefined && use.number !== available) {
      return "telCAN_NOT_QUEUE";
    }
    const inFlight = others
      .filter((one) => one !== replaced)
      .map((one) => ({ feeDrops: BigInt(one.tx.fields.Fee), spendDrops: spendDrops(one.tx) }));
    const feesDrops = inFlight.reduce((sum, one) => sum + one.feeDrops, 0n);
    const balanceDrops = BigInt(accountRoot(view, tx.fields.Account)?.Balance ?? "0");
    const reserveDrops = view.fees.reserveBaseDrops;
    if (feesDrops >= balanceDrops || feesDrops >= reserveDrops) return "telCAN_NOT_QUEUE_BALANCE";
    const spareDrops = balanceDrops > reserveDrops ? balanceDrops - reserveDrops : 0n;
    const spentDrops = inFlight.reduce((sum, one) => sum + one.spendDrops, 0n);
    // As the account will be when everything before has been applied.
    const later = new Sandbox(view);
    updateAccount(later, tx.fields.Account, {
      Balance: String(balanceDrops - feesDrops - (spentDrops < spareDrops ? spentDrops : spareDrops)),
      Sequence: use.kind === "sequence" ? use.number : available,
    });
    const result = preclaim(later, tx);
    if (!isLikely(result, options)) return result;
    return this.#clearingAttempt(open, tx, level, others);
  }

  #unholdable(
    view: LedgerView,
    tx: Transaction,
    others: readonly Queued[],
    replaced: Queued | undefined,
    options: Options,
  ): EngineResult | null {
    if (tx.fields.AccountTxnID !== undefined || options.isFailHard === true) return "telCAN_NOT_QUEUE";
    const last = tx.fields.LastLedgerSequence;
    if (last !== undefined && last < view.ledgerIndex + LEDGER_BUFFER) return "telCAN_NOT_QUEUE";
    if (replaced === undefined && others.length >= MOST_PER_ACCOUNT) return "telCAN_NOT_QUEUE_FULL";
    if (replaced === undefined && this.size >= this.metrics.maxQueueSize) return "telCAN_NOT_QUEUE_FULL";
    return null;
  }

  /** A fee that is high enough can take everything that waits before it along. */
  #clearingAttempt(
    open: OpenLedger,
    tx: Transaction,
    level: bigint,
    others: readonly Queued[],
  ): Attempt | null {
    const required = this.requiredLevel(open);
    const use = sequenceUse(tx.fields);
    if (use.kind !== "sequence" || level <= required || required <= BASE_LEVEL) return null;
    const before = others.filter((one) => compareUse(one.use, use) < 0);
    const paid = before.reduce((sum, one) => sum + one.level, level);
    if (paid < this.metrics.seriesLevel(open.transactions.size, before.length + 1)) return null;
    const attempt = open.applyTogether([...before.map((one) => one.tx), tx]);
    if (!attempt.isApplied) return null;
    for (const one of before) this.#remove(tx.fields.Account, one.use);
    this.#remove(tx.fields.Account, use);
    return attempt;
  }

  #remove(account: string, use: SequenceUse): void {
    this.#queued = this.#queued.filter(
      (one) => one.tx.fields.Account !== account || compareUse(one.use, use) !== 0,
    );
  }

  /** What expired with the ledger that closed is not queued any longer. */
  dropExpired(closedIndex: number): void {
    this.#queued = this.#queued.filter(
      ({ tx }) => (tx.fields.LastLedgerSequence ?? Number.POSITIVE_INFINITY) > closedIndex,
    );
  }

  /** Fills a new open ledger from the queue, the highest fees first, as long as they are high enough. */
  fill(open: OpenLedger, parentHash: string): void {
    const skipped = new Set<string>();
    for (
      let next = this.#best(parentHash, skipped);
      next !== undefined;
      next = this.#best(parentHash, skipped)
    ) {
      if (next.level < this.requiredLevel(open)) return;
      const { result, isApplied } = open.apply(next.tx);
      const isLost = result.startsWith("tef") || result.startsWith("tem") || next.retries <= 0;
      if (isApplied || isLost) this.#remove(next.tx.fields.Account, next.use);
      else {
        next.retries -= 1;
        skipped.add(next.tx.hash);
      }
    }
  }

  #best(parentHash: string, skipped: Set<string>): Queued | undefined {
    const salt = BigInt(`0x${parentHash}`);
    const order = (one: Queued): bigint => BigInt(`0x${one.tx.hash}`) ^ salt;
    return this.#queued
      .filter((one) => !skipped.has(one.tx.hash) && this.#isFirstOfAccount(one))
      .sort((a, b) => (a.level !== b.level ? (a.level > b.level ? -1 : 1) : order(a) < order(b) ? -1 : 1))[0];
  }

  #isFirstOfAccount(one: Queued): boolean {
    return one.use.kind === "ticket" || this.of(one.tx.fields.Account)[0] === one;
  }
}

const refused = (result: EngineResult): Attempt => ({ result, isApplied: false });

const isLikely = (result: EngineResult, options: Options): boolean =>
  isSuccess(result) || (claimsFee(result) && options.isRetryAssured !== true);

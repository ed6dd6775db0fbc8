import { baseFeeOf } from "./apply-transaction.ts";
import type { Transaction } from "./transaction.ts";
import type { LedgerView } from "./view.ts";

/** Fees are compared as levels: 256 is what a transaction costs when nobody else wants in. */
export const BASE_LEVEL = 256n;
const LEAST_MULTIPLIER = 500n * BASE_LEVEL;
const LEDGERS_IN_QUEUE = 20;
const GROWTH_PERCENT = 120;
const TARGET_SIZE = 256;

export function feeLevelPaid(view: LedgerView, tx: Transaction): bigint {
  const base = baseFeeOf(view, tx);
  // Where the transaction is free, a base fee is given on top, so that there is something to divide by.
  const gift = base > 0n ? 0n : view.fees.baseFeeDrops;
  return ((BigInt(tx.fields.Fee) + gift) * BASE_LEVEL) / (base + gift);
}

/** How many transactions a ledger is expected to take, and what those beyond that number have to pay. */
export class FeeMetrics {
  expected: number;
  multiplier = LEAST_MULTIPLIER;
  /** A busy network's own demand, whatever the ledger holds. */
  loadLevel = BASE_LEVEL;
  #recent: number[] = [];

  constructor(expected: number) {
    this.expected = expected;
  }

  get maxQueueSize(): number {
    return this.expected * LEDGERS_IN_QUEUE;
  }

  /** Learns from a ledger that closed. */
  update(levels: bigint[]): void {
    const size = levels.length;
    if (size > this.expected || size > TARGET_SIZE) {
      this.#recent = [...this.#recent, Math.floor((size * GROWTH_PERCENT) / 100)].slice(-LEDGERS_IN_QUEUE);
      const most = Math.max(...this.#recent);
      // Quick to grow, slow to shrink.
      this.expected = most >= this.expected ? most : Math.floor((this.expected * 9 + most) / 10);
    }
    const sorted = levels.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const [upper, lower] = [sorted[Math.floor(size / 2)], sorted[Math.floor((size - 1) / 2)]];
    const median = upper === undefined || lower === undefined ? 0n : (upper + lower + 1n) / 2n;
    this.multiplier = median > LEAST_MULTIPLIER ? median : LEAST_MULTIPLIER;
  }

  /** What it takes to get into an open ledger that holds so many already. */
  requiredLevel(openCount: number): bigint {
    const escalated = openCount > this.expected ? this.#escalated(BigInt(openCount) ** 2n) : BASE_LEVEL;
    return escalated > this.loadLevel ? escalated : this.loadLevel;
  }

  #escalated(squares: bigint): bigint {
    return (this.multiplier * squares) / BigInt(this.expected) ** 2n;
  }

  /** What a series has to pay together to get in one after the other. */
  seriesLevel(openCount: number, length: number): bigint {
    const firstSquares = (count: bigint): bigint => (count * (count + 1n) * (2n * count + 1n)) / 6n;
    const last = BigInt(openCount + length - 1);
    return this.#escalated(firstSquares(last) - firstSquares(BigInt(openCount - 1)));
  }
}

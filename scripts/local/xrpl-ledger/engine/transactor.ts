import type { EngineResult } from "./engine-results.ts";
import type { Amount } from "./entries.ts";
import type { Transaction } from "./transaction.ts";
import type { LedgerView, Sandbox } from "./view.ts";

export type ApplyContext = {
  sandbox: Sandbox;
  tx: Transaction;
  /** What the account had before this transaction's fee: reserves are measured against it. */
  priorBalanceDrops: bigint;
  /** Says what arrived, where that is not simply the Amount. */
  deliver(amount: Amount): void;
};

/** One transaction type. The steps run in this order; the first result other than tesSUCCESS ends it. */
export type Transactor = {
  /** Without a signer's share; the default is the base fee of the ledger. */
  baseFeeDrops?(view: LedgerView, tx: Transaction): bigint;
  /** Whether it may change who can sign, which the queue must know. */
  changesAuthority?(tx: Transaction): boolean;
  /** What it takes out of the account at most, apart from the fee. */
  maxSpendDrops?(tx: Transaction): bigint;
  /** Needs nothing but the transaction itself. */
  preflight(tx: Transaction): EngineResult;
  /** Needs the ledger, and changes nothing. */
  preclaim(view: LedgerView, tx: Transaction): EngineResult;
  apply(context: ApplyContext): EngineResult;
};

const FULLY_CANONICAL = 0x8000_0000;

/** Whether there is a flag that the type does not know. */
export function hasUnknownFlags(tx: Transaction, known = 0): boolean {
  return ((tx.fields.Flags ?? 0) & ~(FULLY_CANONICAL | known)) !== 0;
}

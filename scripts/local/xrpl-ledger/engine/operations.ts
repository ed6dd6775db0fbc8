import { isEngineResult } from "./engine-results.ts";
import type { LedgerEngine } from "./ledger-engine.ts";
import { transactionOf } from "./transaction.ts";

/** Everything that can change a ledger server. The same operations in the same order give the same ledgers, hash by hash. */
export type Operation =
  | { submit: string; failHard?: true }
  | { defer: string; ledgers: number }
  | { queue: string }
  | { refuse: string; result: string; failHard?: true }
  | { close: number }
  | { baseFeeDrops: string; loadFactor: number };

/** Does an operation again. Signatures were checked before it was recorded. */
export function perform(engine: LedgerEngine, operation: Operation): void {
  if ("close" in operation) engine.close(operation.close);
  else if ("baseFeeDrops" in operation) engine.setFees(BigInt(operation.baseFeeDrops), operation.loadFactor);
  else if ("submit" in operation) {
    engine.submit(transactionOf(operation.submit), { isFailHard: operation.failHard === true });
  } else if ("defer" in operation) engine.defer(transactionOf(operation.defer), operation.ledgers);
  else if ("queue" in operation) engine.enqueue(transactionOf(operation.queue));
  else {
    const { result } = operation;
    if (!isEngineResult(result)) throw new Error(`the log has an unknown result, "${result}"`);
    engine.refuse(transactionOf(operation.refuse), result, { isFailHard: operation.failHard === true });
  }
}

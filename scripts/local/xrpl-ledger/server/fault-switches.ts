import { type EngineResult, isEngineResult } from "../engine/engine-results.ts";

/** What happens to one submission instead of the usual. */
export type SubmissionFault =
  | { kind: "drop" }
  | { kind: "delay"; ledgers: number }
  | { kind: "close-after" }
  | { kind: "close-before" }
  | { kind: "queue" }
  | { kind: "refuse"; result: EngineResult };

/** Faults that the next submissions meet, in the order in which they were asked for. */
export class FaultSwitches {
  isStalled = false;
  isUnsynced = false;

  /** Whether subscribers hear of anything. */
  get isSilent(): boolean {
    return this.isStalled || this.isUnsynced;
  }

  readonly #pending: SubmissionFault[] = [];

  next(): SubmissionFault | null {
    return this.#pending.shift() ?? null;
  }

  add(count: number, fault: SubmissionFault): void {
    for (let at = 0; at < count; at++) this.#pending.push(fault);
  }

  addRefusals(count: number, result: string): void {
    if (!isEngineResult(result) || /^te[sc]/.test(result)) {
      throw new Error(
        `"${result}" is not a refusal that this ledger knows, such as tefPAST_SEQ or terPRE_SEQ`,
      );
    }
    this.add(count, { kind: "refuse", result });
  }
}

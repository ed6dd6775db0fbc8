import type { Fault } from "./judge.ts";

/** A kind of fault in one place: how often it was seen, and the request that showed it first. */
export type Finding = Fault & { times: number; first: number; smallest: string };

/** Counts faults, each kind in each place once. */
export class Findings {
  readonly #found = new Map<string, Finding>();
  readonly #onNew: (finding: Finding) => void;

  constructor(onNew: (finding: Finding) => void) {
    this.#onNew = onNew;
  }

  /** `at` is the request's number in the run, `shown` what was sent. */
  note(faults: readonly Fault[], at: number, shown: unknown): void {
    for (const fault of faults) {
      // Ids in the detail differ from one time to the next.
      const detail = fault.detail.replace(/[0-9a-f-]{8,}/g, "").slice(0, 40);
      const key = `${fault.kind} ${fault.where} ${detail}`;
      const known = this.#found.get(key);
      if (known !== undefined) {
        known.times += 1;
        continue;
      }
      const finding = { ...fault, times: 1, first: at, smallest: JSON.stringify(shown) };
      this.#found.set(key, finding);
      this.#onNew(finding);
    }
  }

  all(): Finding[] {
    return [...this.#found.values()];
  }
}

import { FIRST_INDEX } from "../engine/ledger-history.ts";

/** Ledgers that this server is made to have missed. The current state is not touched by that. */
export class HistoryGaps {
  #gaps: { from: number; to: number }[] = [];

  open(from: number, to: number): void {
    this.#gaps.push({ from, to });
  }

  fill(): void {
    this.#gaps = [];
  }

  isMissing(index: number): boolean {
    return this.#gaps.some(({ from, to }) => from <= index && index <= to);
  }

  hasAll(from: number, to: number): boolean {
    return !this.#gaps.some((gap) => gap.from <= to && gap.to >= from);
  }

  /** The ranges that are there: "2-7" or "2-4,8-12". */
  complete(last: number): string {
    const ranges: string[] = [];
    let from: number | null = null;
    for (let index = FIRST_INDEX; index <= last + 1; index++) {
      const isThere = index <= last && !this.isMissing(index);
      if (isThere) from ??= index;
      else if (from !== null) {
        ranges.push(from === index - 1 ? `${from}` : `${from}-${index - 1}`);
        from = null;
      }
    }
    return ranges.length === 0 ? "empty" : ranges.join(",");
  }

  /** The oldest ledger from which on nothing is missing. */
  contiguousFrom(last: number): number {
    const ends = this.#gaps.filter(({ from }) => from <= last).map(({ to }) => to + 1);
    return Math.min(Math.max(FIRST_INDEX, ...ends), last + 1);
  }
}

import type { StatementLine } from "../api/types.ts";

/** One row of the statement: an entry, or a run of taps that nothing else came between. */
export type StatementRow = { kind: "entry"; line: StatementLine } | TapRun;

export type TapRun = {
  kind: "taps";
  /** Newest first. */
  lines: readonly StatementLine[];
  /** What they came to. */
  amount: bigint;
};

export function isTap(line: Pick<StatementLine, "cause">): boolean {
  return /^click/.test(line.cause);
}

/** Folds runs of taps, newest first as the lines are. Nothing is left out: a run holds its entries. */
export function groupTaps(lines: readonly StatementLine[]): StatementRow[] {
  const rows: StatementRow[] = [];
  for (const line of lines) {
    const last = rows.at(-1);
    if (!isTap(line)) rows.push({ kind: "entry", line });
    else if (last?.kind === "taps") {
      rows[rows.length - 1] = {
        kind: "taps",
        lines: [...last.lines, line],
        amount: last.amount + BigInt(line.amount),
      };
    } else rows.push({ kind: "taps", lines: [line], amount: BigInt(line.amount) });
  }
  return rows;
}

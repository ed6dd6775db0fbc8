import type { Payout } from "../api/types.ts";

/** What a payout must say on the page and in what is signed alike. */
export type ShownPayout = Pick<Payout, "to" | "asset" | "amount" | "number"> & { scale: number };

/** How a difference is told. */
export function differs(what: string, signed: unknown, shown: unknown): string {
  return `${what}: the payload says ${wordsOf(signed)}, the page ${wordsOf(shown)}`;
}

function wordsOf(value: unknown): string {
  if (value === undefined || value === null) return "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

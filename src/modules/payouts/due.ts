import type { Tx } from "../../platform/db/index.ts";

/** The LISTEN channel that tells a rail, by its name, that something may leave on it now. */
export const PAYOUTS_DUE = "payouts_due";

/** Told when the transaction commits; whoever misses it finds the payouts a little later by looking. */
export async function tellDue(tx: Tx, rails: Iterable<string>): Promise<void> {
  await tx.query({
    name: "payouts_tell_due",
    text: "SELECT pg_notify($1, rail) FROM unnest($2::text[]) AS rail",
    values: [PAYOUTS_DUE, [...new Set(rails)]],
  });
}

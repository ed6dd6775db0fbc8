import type { Queryable } from "../../platform/db/index.ts";

/** A balance as clients see it. */
export type BalanceView = { asset: string; available: string; held: string };

/** The balances of up to a batch of owners in one read of the ledger's view; owners without accounts are missing. */
export async function balancesByOwner(
  q: Queryable,
  owners: readonly string[],
): Promise<Map<string, BalanceView[]>> {
  const balances = new Map<string, BalanceView[]>();
  if (owners.length === 0) return balances;
  const { rows } = await q.query<{ owner: string; asset: string; available: bigint; held: bigint }>({
    name: "payout_balances",
    text: "SELECT owner, asset, available, held FROM balances WHERE owner = ANY ($1::text[]) ORDER BY owner, asset",
    values: [owners],
  });
  for (const { owner, asset, available, held } of rows) {
    const view = { asset, available: available.toString(), held: held.toString() };
    const known = balances.get(owner);
    if (known === undefined) balances.set(owner, [view]);
    else known.push(view);
  }
  return balances;
}

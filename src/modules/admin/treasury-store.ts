import type { Queryable } from "../../platform/db/index.ts";

export type UnderWay = { asset: string; status: string; count: number; amount: bigint };

/** On-chain payouts that have neither ended nor been paid, and those that the vault owes, summed by status. */
export async function payoutsUnderWay(q: Queryable): Promise<UnderWay[]> {
  const { rows } = await q.query<UnderWay>({
    name: "admin_payouts_under_way",
    text: `SELECT asset, status, count(*)::int AS count, sum(amount) AS amount FROM payouts
           WHERE source = 'onchain'
             AND status IN ('requested', 'pending_approval', 'approved', 'batched', 'submitted', 'credited')
           GROUP BY asset, status ORDER BY asset, status`,
  });
  return rows;
}

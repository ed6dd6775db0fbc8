import type { Queryable } from "../../platform/db/index.ts";
import { type Payout, policyOf, usageToday } from "../payouts/index.ts";

/** What is known about a payout's account, address and limits; amounts in minor units of the payout's asset. */
export type PayoutFacts = {
  addressWasPaid: boolean;
  paidCount: number;
  paidTotal: bigint;
  /** On this UTC day, this payout included if it was requested today; null where no cap of a player applies. */
  playerToday: { used: bigint; cap: bigint } | null;
  /** null when the asset has no policy any more. */
  assetToday: { used: bigint; cap: bigint } | null;
};

export async function readPayoutFacts(q: Queryable, payout: Payout, now: Date): Promise<PayoutFacts> {
  const [paid, policy, usage] = await Promise.all([
    readPaid(q, payout),
    policyOf(q, payout.asset),
    // What the rewards account gives away counts against no player.
    usageToday(q, {
      asset: payout.asset,
      playerId: payout.funding === "rewards" ? null : payout.playerId,
      now,
    }),
  ]);
  return {
    ...paid,
    playerToday:
      policy === null || usage.player === null ? null : { used: usage.player, cap: policy.playerDailyCap },
    assetToday: policy === null ? null : { used: usage.asset, cap: policy.assetDailyCap },
  };
}

async function readPaid(
  q: Queryable,
  payout: Payout,
): Promise<Pick<PayoutFacts, "addressWasPaid" | "paidCount" | "paidTotal">> {
  const { rows } = await q.query<{ addressWasPaid: boolean; paidCount: number; paidTotal: bigint }>({
    name: "approvals_paid_before",
    text: `SELECT EXISTS (SELECT FROM payouts WHERE to_address = $1 AND status = 'confirmed' AND source = 'onchain') AS "addressWasPaid",
                  count(*)::int AS "paidCount", coalesce(sum(amount), 0) AS "paidTotal"
           FROM payouts
           WHERE account = $2 AND asset = $3 AND source = 'onchain' AND status IN ('confirmed', 'credited')`,
    values: [payout.to, payout.account, payout.asset],
  });
  return rows[0] ?? { addressWasPaid: false, paidCount: 0, paidTotal: 0n };
}

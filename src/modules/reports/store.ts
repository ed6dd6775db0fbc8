import type { Queryable } from "../../platform/db/index.ts";

export type RankedPlayer = { account: string; display_name: string; score: bigint };

/**
 * Wallet players by accepted clicks, most first; equals in the order of their accounts, so that it never flickers. Names
 * are looked up one by one: for a LIMIT that it does not know the planner expects a tenth of all players, and a join
 * would read every user.
 */
export async function topPlayers(q: Queryable, limit: number): Promise<RankedPlayer[]> {
  const { rows } = await q.query<RankedPlayer>({
    name: "reports_top_players",
    text: `SELECT address AS account, (SELECT display_name FROM users WHERE id = user_id) AS display_name, clicks AS score
           FROM click_states
           WHERE address IS NOT NULL AND clicks > 0
           ORDER BY clicks DESC, address COLLATE "C" LIMIT $1`,
    values: [limit],
  });
  return rows;
}

export type Winner = {
  account: string;
  amount: bigint;
  asset: string;
  id: string;
  tx_hash: string | null;
  updated_at: Date;
};

/** The payouts that were confirmed last; demo payouts are no wins. `confirmed` is final, so `updated_at` is when. */
export async function recentWinners(q: Queryable, limit: number): Promise<Winner[]> {
  const { rows } = await q.query<Winner>({
    name: "reports_recent_winners",
    text: `SELECT account, amount, asset, id, tx_hash, updated_at FROM payouts
           WHERE status = 'confirmed' AND source <> 'demo'
           ORDER BY updated_at DESC, id DESC LIMIT $1`,
    values: [limit],
  });
  return rows;
}

export type PublicPayout = {
  id: string;
  number: bigint | null;
  status: string;
  source: string;
  rail: string;
  to_address: string;
  asset: string;
  amount: bigint;
  spent_asset: string;
  spent_amount: bigint;
  tx_hash: string | null;
  block_number: bigint | null;
  created_at: Date;
};

/** An account's payouts, newest first, after the payout `after`; one more than `limit`, which tells that there are more. */
export async function payoutsOf(
  q: Queryable,
  account: string,
  page: { limit: number; after: string | null },
): Promise<PublicPayout[]> {
  const { rows } = await q.query<PublicPayout>({
    name: page.after === null ? "reports_payouts_first" : "reports_payouts_after",
    text: `SELECT id, number, status, source, rail, to_address, asset, amount, spent_asset, spent_amount,
                  tx_hash, block_number, created_at
           FROM payouts
           WHERE account = $1
             ${page.after === null ? "" : "AND (created_at, id) < (SELECT created_at, id FROM payouts WHERE id = $3)"}
           ORDER BY created_at DESC, id DESC LIMIT $2`,
    values: page.after === null ? [account, page.limit + 1] : [account, page.limit + 1, page.after],
  });
  return rows;
}

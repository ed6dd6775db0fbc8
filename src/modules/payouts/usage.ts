import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { Payout } from "./payout.ts";
import type { DailyUsage } from "./policy.ts";

/** The subject under which an asset's whole day is counted. */
const WHOLE_ASSET = "*";

type Counted = Pick<Payout, "source" | "funding" | "playerId" | "asset" | "amount" | "createdAt">;

/** Under what a payout is counted: its asset's day, and its player's unless the rewards account gives it away. */
function subjectsOf(payout: Counted): string[] {
  if (payout.source === "demo") return [];
  const { playerId } = payout;
  return payout.funding === "rewards" || playerId === null ? [WHOLE_ASSET] : [WHOLE_ASSET, playerId];
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/**
 * Counts a payout into its day and gives the sums with it. The rows stay locked until the transaction ends, so payouts
 * that are requested at once see one another's sums.
 */
export async function addUsage(tx: Tx, payout: Counted): Promise<DailyUsage> {
  const subjects = subjectsOf(payout);
  const { rows } = await tx.query<{ subject: string; amount: bigint }>({
    name: "payout_usage_add",
    text: `INSERT INTO payout_usage AS u (asset, day, subject, amount)
           SELECT $1, $2::date, s.subject, $3::numeric FROM unnest($4::text[]) WITH ORDINALITY AS s (subject, i) ORDER BY s.i
           ON CONFLICT (asset, day, subject) DO UPDATE SET amount = u.amount + EXCLUDED.amount
           RETURNING subject, amount`,
    values: [payout.asset, dayOf(payout.createdAt), payout.amount, subjects],
  });
  const sumOf = (subject: string) => rows.find((row) => row.subject === subject)?.amount;
  return {
    asset: sumOf(WHOLE_ASSET) ?? 0n,
    player: subjects.length > 1 ? (sumOf(subjects[1] ?? "") ?? 0n) : null,
  };
}

/** Takes payouts that ended unpaid out of the days that they were requested on. */
export async function returnUsage(tx: Tx, payouts: readonly Counted[]): Promise<void> {
  const sums = new Map<string, { asset: string; day: string; subject: string; amount: bigint }>();
  for (const payout of payouts) {
    for (const subject of subjectsOf(payout)) {
      const row = { asset: payout.asset, day: dayOf(payout.createdAt), subject, amount: payout.amount };
      const key = JSON.stringify([row.asset, row.day, row.subject]);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, row);
      else sum.amount += payout.amount;
    }
  }
  const rows = [...sums.values()];
  if (rows.length === 0) return;
  // Locked in the order in which requests lock them, the asset's row before its players', so that nobody deadlocks.
  await tx.query({
    name: "payout_usage_return",
    text: `WITH locked AS MATERIALIZED (
             SELECT u.asset, u.day, u.subject, s.amount
             FROM payout_usage u
             JOIN unnest($1::text[], $2::date[], $3::text[], $4::numeric[]) AS s (asset, day, subject, amount)
               USING (asset, day, subject)
             ORDER BY u.asset, u.day, u.subject COLLATE "C"
             FOR UPDATE OF u)
           UPDATE payout_usage u SET amount = u.amount - l.amount
           FROM locked l WHERE (u.asset, u.day, u.subject) = (l.asset, l.day, l.subject)`,
    values: [
      rows.map((row) => row.asset),
      rows.map((row) => row.day),
      rows.map((row) => row.subject),
      rows.map((row) => row.amount),
    ],
  });
}

/** What a player, and everybody, took of an asset today. */
export async function usageToday(
  q: Queryable,
  question: { asset: string; playerId: string | null; now: Date },
): Promise<DailyUsage> {
  const subject = question.playerId;
  const { rows } = await q.query<{ subject: string; amount: bigint }>({
    name: "payout_usage_today",
    text: "SELECT subject, amount FROM payout_usage WHERE asset = $1 AND day = $2::date AND subject IN ($3, $4)",
    values: [question.asset, dayOf(question.now), WHOLE_ASSET, subject],
  });
  const sumOf = (name: string) => rows.find((row) => row.subject === name)?.amount ?? 0n;
  return { asset: sumOf(WHOLE_ASSET), player: subject === null ? null : sumOf(subject) };
}

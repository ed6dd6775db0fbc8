import type { Database, Tx } from "../../platform/db/index.ts";
import { statusAfterRequest } from "./request-payout.ts";
import { transitionPayouts } from "./transition.ts";

const ACTOR = "system:policy";
/** Payouts that one transaction releases. */
const AT_ONCE = 200;

type DuePayout = { id: string; approvalsRequired: number; denied: boolean };

/**
 * Lets payouts go on whose wait is over, and rejects those whose address was put on the deny list
 * meanwhile. Safe to run in several processes: each skips what another has locked. Returns how many it moved.
 */
export async function releaseDelayed(db: Database, now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const moved = await db.transaction((tx) => releaseSome(tx, now));
    total += moved;
    if (moved < AT_ONCE) return total;
  }
}

async function releaseSome(tx: Tx, now: Date): Promise<number> {
  const { rows } = await tx.query<DuePayout>({
    name: "payouts_due",
    text: `SELECT p.id, p.approvals_required AS "approvalsRequired",
             EXISTS (SELECT FROM payout_address_rules r
                     WHERE r.address IN (p.to_address, p.account) AND r.rule = 'deny') AS denied
           FROM payouts p WHERE p.status = 'requested' AND p.not_before <= $1
           ORDER BY p.not_before LIMIT $2 FOR NO KEY UPDATE OF p SKIP LOCKED`,
    values: [now, AT_ONCE],
  });
  const released = Map.groupBy(rows, (row) => (row.denied ? "rejected" : statusAfterRequest(row)));
  // Rejections first: they touch the ledger, and number counters are locked after it everywhere.
  for (const to of ["rejected", "pending_approval", "approved"] as const) {
    await transitionPayouts(tx, {
      payoutIds: (released.get(to) ?? []).map((row) => row.id),
      from: "requested",
      to,
      actor: ACTOR,
      reason: to === "rejected" ? "its address was put on the deny list" : "its wait is over",
      now,
    });
  }
  return rows.length;
}

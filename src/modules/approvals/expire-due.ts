import { appendAudit } from "../../platform/audit.ts";
import { type Database, runAgain } from "../../platform/db/index.ts";
import { transitionPayouts } from "../payouts/index.ts";
import { lockDuePayouts } from "./store.ts";

const ACTOR = "system:approvals";
/** Payouts that one transaction expires. */
const AT_ONCE = 100;

/**
 * Ends payouts that were not approved in time, and approved ones that were not sent in time: the vault would refuse
 * their signatures. Their holds are released. Safe to run in several processes; returns how many it ended.
 */
export async function expireDuePayouts(db: Database, now: Date): Promise<number> {
  // A status at a time, each chunk a transaction of its own: one ledger call each, so locks are taken in one order.
  return (await expireIn(db, "pending_approval", now)) + (await expireIn(db, "approved", now));
}

async function expireIn(db: Database, status: "pending_approval" | "approved", now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const ended = await runAgain(() =>
      db.transaction(async (tx) => {
        const due = await lockDuePayouts(tx, { status, now, limit: AT_ONCE });
        if (due.length === 0) return 0;
        const reason =
          status === "approved" ? "approvals expired before it was sent" : "not approved in time";
        await transitionPayouts(tx, {
          payoutIds: due.map((payout) => payout.id),
          from: status,
          to: "expired",
          actor: ACTOR,
          reason,
          now,
        });
        for (const { id, validUntil } of due) {
          await appendAudit(tx, {
            actor: ACTOR,
            action: "payout_expired",
            subject: `payout:${id}`,
            details: { from: status, validUntil: validUntil.toISOString(), reason },
          });
        }
        return due.length;
      }),
    );
    total += ended;
    if (ended < AT_ONCE) return total;
  }
}

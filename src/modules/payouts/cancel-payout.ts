import type { Tx } from "../../platform/db/index.ts";
import { cannotCancel, payoutNotFound } from "./errors.ts";
import type { Payout } from "./payout.ts";
import { cancelRefusal } from "./state.ts";
import { lockPayouts } from "./store.ts";
import { transitionPayouts } from "./transition.ts";

/**
 * Takes a payout back for whoever proposed it, while nothing of it has left: what was held returns. A worker that
 * batches it at the same moment either sees it cancelled, or has it and the owner is told so. Cancelling twice is
 * cancelling once.
 */
export async function cancelPayout(
  tx: Tx,
  cancel: { payoutId: string; actor: string; now: Date },
): Promise<Payout> {
  const { payoutId, actor, now } = cancel;
  const [payout] = await lockPayouts(tx, [payoutId]);
  if (payout === undefined || payout.proposedBy !== actor) throw payoutNotFound(payoutId);
  if (payout.status === "cancelled") return payout;
  const refusal = cancelRefusal(payout.status, payout.delivery);
  if (refusal !== null) throw cannotCancel(payoutId, payout.status, refusal);
  const [cancelled] = await transitionPayouts(tx, {
    payoutIds: [payoutId],
    from: payout.status,
    to: "cancelled",
    actor,
    reason: "cancelled by its owner",
    now,
  });
  return cancelled ?? payout;
}

import {
  endPayload,
  noncesOfEnded,
  type OfferedPayload,
  offeredPayloads,
  offerPayload,
  payoutsWithoutPayload,
  type WithoutPayload,
} from "../approvals/index.ts";
import { endedUnpaid, findPayout, unixSeconds } from "../payouts/index.ts";
import { pickNonce } from "./pick-nonce.ts";
import type { ChainView } from "./rails/rail.ts";
import { fillGap } from "./send-batch.ts";
import { ACTOR, type Settling } from "./settling.ts";
import { knownNonces } from "./store.ts";

/** Payouts that get something to sign in one pass. */
const AT_ONCE = 50;

/**
 * On a rail whose approvers sign a transaction in full: gives every payout that waits for approvals one to sign, bound
 * to a nonce of its own, and takes back what can never be included any more. True when anything changed.
 */
export async function offerPayloads(
  settling: Settling,
  view: ChainView,
  { mayOffer }: { mayOffer: boolean },
): Promise<boolean> {
  if (settling.rail.draft === null) return false;
  let moved = false;
  for (const payload of await offeredPayloads(settling.db.pool, settling.rail.name)) {
    moved = (await endDeadPayload(settling, payload, view)) || moved;
  }
  if (!mayOffer) return moved;
  for (const missing of await payoutsWithoutPayload(settling.db.pool, settling.rail.name, AT_ONCE)) {
    const offered = await offer(settling, missing, view);
    if (offered === "no_nonce") break;
    moved ||= offered === "offered";
  }
  return moved;
}

/**
 * Takes back what approvers signed and the chain would not take, before it was ever sent. It may still become valid until
 * its last block, so what the payout is offered next is bound to the same nonce: one of the two is included at most.
 */
export async function retractPayload(settling: Settling, payoutId: string, reason: string): Promise<void> {
  const { db, rail, clock } = settling;
  const standing = (await offeredPayloads(db.pool, rail.name)).find((one) => one.payoutId === payoutId);
  if (standing === undefined) return;
  await settling.write((tx) =>
    endPayload(tx, { payoutId, payloadId: standing.id, reason, actor: ACTOR, now: clock.now() }),
  );
}

/** A payload is dead when its nonce still exists past its last block, or has served another transaction. */
async function endDeadPayload(
  settling: Settling,
  payload: OfferedPayload,
  view: ChainView,
): Promise<boolean> {
  const { payoutId, id: payloadId, status, isInBatch } = payload;
  const isWaiting = status === "pending_approval" || status === "approved";
  const isPaid = status === "confirmed";
  if (isWaiting ? isInBatch : !isPaid && !endedUnpaid(status)) return false;
  const consumed = view.nonces.consumed(payload.nonce) === "final";
  if (!consumed && view.final.number <= payload.lastBlock) return false;
  const reason = !consumed
    ? `it expired unused: ledger ${view.final.number} is past ${payload.lastBlock}`
    : isPaid
      ? "it was paid"
      : "its ticket was used by another transaction";
  return settling.write((tx) =>
    endPayload(tx, { payoutId, payloadId, reason, actor: ACTOR, now: settling.clock.now() }),
  );
}

/**
 * What is out for a payout that is over, whether it ended unpaid or was paid by another transaction, is killed by a
 * transaction of nothing under its nonce: nobody can bring it afterwards.
 */
export async function killEnded(settling: Settling, view: ChainView): Promise<boolean> {
  const { rail, db } = settling;
  if (rail.draft === null) return false;
  const question = { finalBlock: view.final.number, among: view.nonces.candidates(null) };
  let moved = false;
  for (const nonce of await noncesOfEnded(db.pool, rail.name, question)) {
    moved = (await fillGap(settling, nonce, view)) || moved;
  }
  return moved;
}

async function offer(
  settling: Settling,
  missing: WithoutPayload,
  view: ChainView,
): Promise<"offered" | "not_now" | "no_nonce"> {
  const { db, rail, assets } = settling;
  const payout = await findPayout(db.pool, missing.payoutId);
  const assetRef = assets.find(({ code }) => code === payout?.asset)?.assetRef;
  if (payout === null || payout.number === null || payout.validUntil === null || assetRef === undefined)
    return "not_now";
  const nonce = await nonceFor(settling, missing, view);
  if (nonce === null || rail.draft === null) return "no_nonce";
  if (nonce === "bound") return "not_now";
  const payment = { number: payout.number, to: payout.to, amount: payout.amount };
  const draft = await rail.draft(
    { assetRef, payment, validUntil: unixSeconds(payout.validUntil), approvals: payout.approvalsRequired },
    nonce,
    view,
  );
  const now = settling.clock.now();
  const offered = await settling.write((tx) =>
    offerPayload(tx, { payoutId: payout.id, rail: rail.name, draft: { ...draft, nonce }, now }),
  );
  if (offered) await settling.reached("payload_stored");
  return offered ? "offered" : "not_now";
}

/**
 * The one that it had before, as long as what was signed under that can be included: only so is one of the two included
 * at most. `bound` while that one is being used up; null when there is none to be had.
 */
async function nonceFor(
  settling: Settling,
  { last }: WithoutPayload,
  view: ChainView,
): Promise<bigint | "bound" | null> {
  if (last === null) return pickNonce(settling, view);
  const mayBeIncluded = last.lastBlock >= view.final.number && view.nonces.consumed(last.nonce) !== "final";
  if (!mayBeIncluded) return pickNonce(settling, view, last.nonce);
  const taken = await knownNonces(settling.db.pool, settling.by, [last.nonce]);
  return taken.has(last.nonce) ? "bound" : last.nonce;
}

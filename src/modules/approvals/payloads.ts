import type { Queryable, Tx } from "../../platform/db/index.ts";
import { newId } from "../../platform/ids.ts";
import { endedUnpaid, lockPayouts } from "../payouts/index.ts";
import { insertPayload, stampPayloadEnded, standingPayload } from "./payloads-store.ts";
import { standingApprovals } from "./store.ts";
import { takeBackApprovals } from "./take-back.ts";

/** What a rail wants approvers to sign: JSON of a transaction, and the digest of exactly that. */
export type DraftPayload = { nonce: bigint; lastBlock: bigint; body: string; digest: string };

/** Offers a transaction for signing, if the payout still waits for one; false when it does not. */
export async function offerPayload(
  tx: Tx,
  offer: { payoutId: string; rail: string; draft: DraftPayload; now: Date },
): Promise<boolean> {
  const { payoutId, rail, draft, now } = offer;
  const [payout] = await lockPayouts(tx, [payoutId]);
  if (payout?.status !== "pending_approval") return false;
  if ((await standingPayload(tx, payoutId)) !== null) return false;
  await insertPayload(tx, { ...draft, id: newId(now), payoutId, rail, now });
  return true;
}

/**
 * Ends a payload that can never be included any more: signatures over it are worth nothing, so they are taken back, and
 * a payout that they had approved waits for approvals again. False when settlement has taken the payout meanwhile.
 */
export async function endPayload(
  tx: Tx,
  end: { payoutId: string; payloadId: string; reason: string; actor: string; now: Date },
): Promise<boolean> {
  const { payoutId, actor, reason, now } = end;
  const [payout] = await lockPayouts(tx, [payoutId]);
  const standing = await standingPayload(tx, payoutId);
  if (payout === undefined || standing?.id !== end.payloadId) return false;
  const isOpen = payout.status === "pending_approval" || payout.status === "approved";
  if (!isOpen && !endedUnpaid(payout.status) && payout.status !== "confirmed") return false;
  if (isOpen && payout.batchId !== null) return false;
  await stampPayloadEnded(tx, { payloadId: end.payloadId, reason, now });
  const approvals = await standingApprovals(tx, [payoutId]);
  if (isOpen && approvals.length > 0) {
    const signedBy = approvals.map(({ approver }) => approver);
    await takeBackApprovals(tx, {
      payout,
      signedBy,
      withdraw: signedBy,
      approvers: signedBy,
      actor,
      reason,
      now,
    });
  }
  return true;
}

/** Signatures that stand on a payout, and what exactly they are over where that is a transaction in full. */
export async function signedApproval(
  q: Queryable,
  payoutId: string,
): Promise<{
  approvals: { signer: string; signature: string }[];
  payload: { body: string; nonce: bigint; lastBlock: bigint } | null;
}> {
  const [standing, payload] = await Promise.all([
    standingApprovals(q, [payoutId]),
    standingPayload(q, payoutId),
  ]);
  return {
    approvals: standing
      .filter(({ digest }) => payload === null || digest === payload.digest)
      .map(({ approver, signature }) => ({ signer: approver, signature })),
    payload,
  };
}

import { appendAudit } from "../../platform/audit.ts";
import type { Tx } from "../../platform/db/index.ts";
import { applyReceipt } from "./apply-word.ts";
import type { Attempt, OpenNonce } from "./batch.ts";
import { decideNonce, type SeenAttempt } from "./decide.ts";
import { WordRefused } from "./errors.ts";
import type { ChainView, Inclusion } from "./rails/rail.ts";
import { fillGap, offer, renew, replace } from "./send-batch.ts";
import { ACTOR, type Settling } from "./settling.ts";
import {
  closeNonce,
  knownNonces,
  lockOpenNonce,
  markDropped,
  markIncluded,
  noteBatch,
  openNonces,
} from "./store.ts";

export type NonceOutcome = "landed" | "reverted" | "lost" | "released" | "moved" | "waiting";

/**
 * Looks after every nonce that one of our transactions may still consume; says what became of each. Those whose
 * transactions have all expired are given back: what follows for them is decided once the chain's history is read.
 */
export async function settleNonces(
  settling: Settling,
  view: ChainView,
): Promise<{ outcomes: NonceOutcome[]; expired: OpenNonce[] }> {
  const open = await openNonces(settling.db.pool, settling.by);
  const outcomes: NonceOutcome[] = [];
  const expired: OpenNonce[] = [];
  for (const gap of await freeGaps(settling, open, view)) {
    if (await fillGap(settling, gap, view)) outcomes.push("moved");
  }
  const seen = await Promise.all(open.map((nonce) => inclusionsOf(settling, nonce, view)));
  for (const [index, nonce] of open.entries()) {
    const outcome = await settleNonce(settling, nonce, view, seen[index] ?? new Map());
    if (outcome === "expired") expired.push(nonce);
    else outcomes.push(outcome);
  }
  return { outcomes, expired };
}

/**
 * Signs anew what has expired. The caller has read the history up to the final block and applied it: a payout that
 * another transaction has paid, which this database had forgotten, must not be paid once more.
 */
export async function settleExpired(
  settling: Settling,
  view: ChainView,
  expired: readonly OpenNonce[],
): Promise<NonceOutcome[]> {
  const outcomes: NonceOutcome[] = [];
  for (const nonce of expired) outcomes.push(await expire(settling, nonce, view));
  return outcomes;
}

async function freeGaps(
  settling: Settling,
  open: readonly OpenNonce[],
  view: ChainView,
): Promise<readonly bigint[]> {
  const gaps = view.nonces.gaps(open.map(({ nonce }) => nonce));
  if (gaps.length === 0) return [];
  // A nonce that we saw consumed is no gap: the node that says so is behind.
  const known = await knownNonces(settling.db.pool, settling.by, gaps);
  return gaps.filter((nonce) => !known.has(nonce));
}

type Inclusions = ReadonlyMap<string, Inclusion | null>;

/** Every attempt is looked for: an older one may be included after it was replaced. */
async function inclusionsOf(settling: Settling, open: OpenNonce, view: ChainView): Promise<Inclusions> {
  const found = await Promise.all(
    open.attempts.map(
      async (attempt) => [attempt.txHash, await settling.rail.inclusionOf(attempt, view)] as const,
    ),
  );
  return new Map(found);
}

async function settleNonce(
  settling: Settling,
  open: OpenNonce,
  view: ChainView,
  inclusions: Inclusions,
): Promise<NonceOutcome | "expired"> {
  const attempts = open.attempts.map(
    (attempt): SeenAttempt => ({ ...attempt, inclusion: inclusions.get(attempt.txHash) ?? null }),
  );
  const step = decideNonce({
    nonce: open.nonce,
    attempts,
    view,
    now: settling.clock.now(),
    replaceAfterSeconds: settling.settings.replaceAfterSeconds,
  });
  const attempt = "txHash" in step ? open.attempts.find(({ txHash }) => txHash === step.txHash) : undefined;
  const inclusion = attempt === undefined ? null : (inclusions.get(attempt.txHash) ?? null);

  switch (step.do) {
    case "wait":
      return "waiting";
    case "close_lost":
      await close(settling, open, view, { status: "lost" });
      return "lost";
    case "expire":
      return "expired";
    case "land":
      if (attempt === undefined || inclusion === null) return "waiting";
      return land(settling, open, view, attempt, inclusion);
    case "close_reverted":
      if (attempt !== undefined && inclusion !== null)
        await close(settling, open, view, { status: "reverted", attempt, inclusion });
      return "reverted";
    case "note_included":
      await settling.reached("inclusion_seen");
      if (inclusion !== null) await settling.write((tx) => markIncluded(tx, step.txHash, inclusion));
      await settling.reached("inclusion_noted");
      return "waiting";
    case "note_dropped":
      settling.log.warn(
        { txHash: step.txHash },
        "a block with our transaction left the chain; watching goes on",
      );
      await settling.write((tx) => markDropped(tx, step.txHash));
      return "moved";
    case "broadcast":
      if (attempt !== undefined) await offer(settling, attempt);
      return "moved";
    case "replace":
      if (attempt !== undefined && !(await replace(settling, { ...open, raw: attempt.raw }, view)))
        await offer(settling, attempt);
      return "waiting";
  }
}

/** The end of payouts that were paid: events, holds, receipts, feed and the nonce in one transaction. */
async function land(
  settling: Settling,
  open: OpenNonce,
  view: ChainView,
  attempt: Attempt,
  inclusion: Inclusion,
): Promise<NonceOutcome> {
  await settling.reached("landing_seen");
  const landed = (tx: Tx) => writeLanding(tx, settling, open, view, attempt, inclusion);
  try {
    await settling.write(landed);
  } catch (error) {
    if (!(error instanceof WordRefused)) throw error;
    // It stays open and is looked at again with every pass, so that nothing of it is forgotten.
    await settling.pause(error.faults[0] ?? "the chain and the database do not fit", {
      transaction: attempt.txHash,
      block: inclusion.blockNumber.toString(),
      faults: error.faults.slice(0, 20),
    });
    return "waiting";
  }
  settling.log.info(
    { txHash: attempt.txHash, batchId: open.batchId, block: inclusion.blockNumber.toString() },
    "a transaction is final",
  );
  await settling.reached("landing_committed");
  return "landed";
}

async function writeLanding(
  tx: Tx,
  settling: Settling,
  open: OpenNonce,
  view: ChainView,
  attempt: Attempt,
  inclusion: Inclusion,
): Promise<void> {
  if (!(await lockOpenNonce(tx, settling.by, open.nonce))) return;
  await applyReceipt(tx, settling, { txHash: attempt.txHash, events: inclusion.events, raw: attempt.raw });
  await closeNonce(tx, settling.by, {
    nonce: open.nonce,
    status: "landed",
    finalBlock: view.final.number,
    consumedBy: { txHash: attempt.txHash, ...inclusion },
    now: settling.clock.now(),
  });
  await settling.reached("landing_written");
}

/** What expired is signed anew under the same nonce; what cannot be is let go, and its payouts are free. */
async function expire(settling: Settling, open: OpenNonce, view: ChainView): Promise<NonceOutcome> {
  const prepared = await renew(settling, open, view);
  if (prepared.ok) return "moved";
  const { effect, message } = prepared.refusal;
  if (open.batchId !== null) await noteBatch(settling.db.pool, open.batchId, message);
  // The nonce stays the batch's own as long as waiting may help.
  if (effect === "wait") return "waiting";
  if (effect === "pause") {
    await settling.pause(`an expired transaction cannot be renewed: ${message}`, { batchId: open.batchId });
    return "waiting";
  }
  await close(settling, open, view, { status: "released" });
  return "released";
}

type NonceEnd =
  | { status: "lost" | "released" }
  | { status: "reverted"; attempt: Attempt; inclusion: Inclusion };

/**
 * The nonce came to its end without having paid: consumed by our own transaction that reverted or by one that is not
 * ours, or unconsumed past the last block of every attempt. What that means for the payouts is decided afterwards.
 */
async function close(settling: Settling, open: OpenNonce, view: ChainView, end: NonceEnd): Promise<void> {
  const { by } = settling;
  await settling.write(async (tx) => {
    if (!(await lockOpenNonce(tx, by, open.nonce))) return;
    await closeNonce(tx, by, {
      nonce: open.nonce,
      status: end.status,
      finalBlock: view.final.number,
      consumedBy: end.status === "reverted" ? { txHash: end.attempt.txHash, ...end.inclusion } : null,
      now: settling.clock.now(),
    });
    const details = {
      nonce: open.nonce.toString(),
      batchId: open.batchId,
      finalBlock: view.final.number.toString(),
      transactions: open.attempts.map(({ txHash }) => txHash),
    };
    switch (end.status) {
      case "lost":
        // Somebody else holds the operator's key, or another installation uses it: the owner must know.
        settling.log.error(details, "a nonce of the operator was consumed by a transaction that is not ours");
        await appendAudit(tx, {
          actor: ACTOR,
          action: "foreign_nonce_use",
          subject: `signer:${by.signer}`,
          details,
        });
        break;
      case "reverted":
        settling.log.warn(
          { ...details, result: end.inclusion.result },
          "a transaction was included and did not pay",
        );
        break;
      case "released":
        settling.log.warn(details, "transactions expired; their nonce is unconsumed and free again");
    }
  });
  await settling.reached("loss_committed");
}

import { appendAudit } from "../../platform/audit.ts";
import type { Attempt, OpenNonce } from "./batch.ts";
import { decideNonce, type NonceStep, type SeenAttempt } from "./decide.ts";
import { landAll } from "./land-all.ts";
import type { ChainView, Inclusion } from "./rails/rail.ts";
import { fillGap, offer, renew, replace } from "./send-batch.ts";
import { ACTOR, type Settling } from "./settling.ts";
import {
  closeNonces,
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
  const looked = open.map((nonce, index) => look(settling, nonce, view, seen[index] ?? new Map()));
  const landings = looked.flatMap(({ step, open: nonce, attempt, inclusion }) =>
    step.do === "land" && attempt !== undefined && inclusion !== null
      ? { open: nonce, attempt, inclusion }
      : [],
  );
  for (const landed of await landAll(settling, view, landings)) outcomes.push(landed ? "landed" : "waiting");
  for (const one of looked) {
    if (one.step.do === "land") continue;
    if (one.step.do === "expire") expired.push(one.open);
    else outcomes.push(await take(settling, view, one));
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

/** An open nonce, what is to be done about it, and the attempt that this is about. */
type Looked = {
  open: OpenNonce;
  step: NonceStep;
  attempt: Attempt | undefined;
  inclusion: Inclusion | null;
};

function look(settling: Settling, open: OpenNonce, view: ChainView, inclusions: Inclusions): Looked {
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
  return { open, step, attempt, inclusion };
}

/** Carries out a step other than those that the caller takes together. */
async function take(
  settling: Settling,
  view: ChainView,
  { open, step, attempt, inclusion }: Looked,
): Promise<NonceOutcome> {
  switch (step.do) {
    case "wait":
    case "land":
    case "expire":
      return "waiting";
    case "close_lost":
      await close(settling, open, view, { status: "lost" });
      return "lost";
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
    const consumedBy = end.status === "reverted" ? { txHash: end.attempt.txHash, ...end.inclusion } : null;
    await closeNonces(tx, by, {
      ends: [{ nonce: open.nonce, status: end.status, consumedBy }],
      finalBlock: view.final.number,
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

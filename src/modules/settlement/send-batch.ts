import { signedApproval } from "../approvals/index.ts";
import {
  closesNumber,
  noteBatchTransaction,
  type Payout,
  payoutsOfBatch,
  railPause,
  transitionPayouts,
  unixSeconds,
} from "../payouts/index.ts";
import type { Batch, OpenNonce } from "./batch.ts";
import { numbersInWaitingEvents } from "./events-store.ts";
import { pickNonce } from "./pick-nonce.ts";
import type { ChainView, Instruction, Payment, Preparation, Refusal, SignedAttempt } from "./rails/rail.ts";
import { ACTOR, type Settling } from "./settling.ts";
import {
  endExpiredAttempts,
  insertAttempt,
  insertNonce,
  knownNonces,
  lockIdleBatch,
  lockOpenNonce,
  markBroadcast,
  setBatchStatus,
  unresolvedBatch,
} from "./store.ts";

/** Why a batch waits for which the signer has no nonce free. */
export const NO_NONCE = "no_nonce";

/** What came of trying to send a batch that no nonce can pay. */
export type Sending = { sent: true } | { sent: false; refusal: Refusal };

/**
 * Simulates, signs, stores and only then sends. The nonce, the signed bytes and the members' new status are one
 * transaction: after it, the batch has a nonce that may pay it and gets no other until that one's end is proven.
 */
export async function sendBatch(settling: Settling, batch: Batch, view: ChainView): Promise<Sending> {
  const { rail, db } = settling;
  const members = await payoutsOfBatch(db.pool, batch.id);
  const { instruction, boundNonce } = await instructionFor(settling, batch, members);
  const nonce = boundNonce ?? (await pickNonce(settling, view));
  if (nonce === null) return refuse(NO_NONCE, `${rail.signer} has no free ticket; more are on their way`);
  const prepared = await rail.prepare(instruction, nonce, view);
  if (!prepared.ok) return { sent: false, refusal: prepared.refusal };
  const { attempt } = prepared;
  await settling.reached("attempt_signed");
  const now = settling.clock.now();
  const stored = await settling.write(async (tx) => {
    if ((await railPause(tx, rail.name)) !== null) return false;
    if ((await lockIdleBatch(tx, batch.id)) === null) return false;
    await insertNonce(tx, settling.by, { nonce, batchId: batch.id, now });
    await insertAttempt(tx, settling.by, { nonce, attempt, signedAtBlock: view.final.number, now });
    await transitionPayouts(tx, {
      payoutIds: members.filter((member) => !closesNumber(member)).map(({ id }) => id),
      to: "submitted",
      actor: ACTOR,
      reason: `signed as ${attempt.txHash} under ${rail.words.nonce} ${nonce}`,
      now,
      patch: { txHash: attempt.txHash },
    });
    await setBatchStatus(tx, { batchId: batch.id, status: "submitted", now });
    return true;
  });
  if (!stored) return refuse("rail_paused", "the rail is paused");
  await settling.reached("attempt_stored");
  await offer(settling, attempt);
  return { sent: true };
}

/** Consumes a nonce that nothing else will, by a transaction of nothing to ourselves. */
export async function fillGap(settling: Settling, nonce: bigint, view: ChainView): Promise<boolean> {
  if ((await knownNonces(settling.db.pool, settling.by, [nonce])).has(nonce)) return false;
  const prepared = await settling.rail.prepare({ kind: "fill" }, nonce, view);
  if (!prepared.ok) return false;
  const { attempt } = prepared;
  const now = settling.clock.now();
  await settling.write(async (tx) => {
    await insertNonce(tx, settling.by, { nonce, batchId: null, now });
    await insertAttempt(tx, settling.by, { nonce, attempt, signedAtBlock: view.final.number, now });
  });
  settling.log.warn(
    { nonce: nonce.toString(), txHash: attempt.txHash },
    "using up a nonce by a transaction of nothing",
  );
  await settling.reached("attempt_stored");
  await offer(settling, attempt);
  return true;
}

/**
 * Signs anew under the same nonce what has expired: of all that was ever signed under it the chain includes one at
 * most, so this can never pay twice. What approvers signed in full cannot be signed anew here.
 */
export async function renew(settling: Settling, open: OpenNonce, view: ChainView): Promise<Preparation> {
  const { rail, db, by } = settling;
  const batch = open.batchId === null ? null : await unresolvedBatch(db.pool, open.batchId);
  if (batch?.kind === "signed") {
    return {
      ok: false,
      refusal: {
        effect: "sign_again",
        code: "payload_expired",
        message: "what approvers signed has expired",
      },
    };
  }
  if (batch !== null && (await hasWaitingWord(settling, batch))) {
    const message = "the chain has said something about its number that does not fit yet";
    return { ok: false, refusal: { effect: "wait", code: "word_waits", message } };
  }
  const instruction: Instruction =
    batch === null
      ? { kind: "fill" }
      : (await instructionFor(settling, batch, await payoutsOfBatch(db.pool, batch.id))).instruction;
  const prepared = await rail.prepare(instruction, open.nonce, view);
  if (!prepared.ok) return prepared;
  const { attempt } = prepared;
  const now = settling.clock.now();
  const stored = await settling.write(async (tx) => {
    if (!(await lockOpenNonce(tx, by, open.nonce))) return false;
    await endExpiredAttempts(tx, by, open.nonce, view.final.number);
    await insertAttempt(tx, by, { nonce: open.nonce, attempt, signedAtBlock: view.final.number, now });
    if (open.batchId !== null) {
      await noteBatchTransaction(tx, { batchId: open.batchId, txHash: attempt.txHash, now });
    }
    return true;
  });
  if (!stored) return prepared;
  await settling.reached("replacement_stored");
  settling.log.info(
    { nonce: open.nonce.toString(), txHash: attempt.txHash },
    "signed anew after it had expired",
  );
  await settling.rail.broadcast(attempt.raw);
  await settling.reached("replacement_sent");
  await markBroadcast(db.pool, attempt.txHash, settling.clock.now());
  return prepared;
}

/** Whether the history names the batch's number in a word that was not taken: it may have been paid. */
async function hasWaitingWord({ rail, db }: Settling, batch: Batch): Promise<boolean> {
  if (rail.consumedNumbers !== null) return false;
  return (await numbersInWaitingEvents(db.pool, rail.name, [batch.firstNumber])).size > 0;
}

/** Sends bytes that are stored; doing it again is always safe, so a crash on either side of it costs nothing. */
export async function offer(
  settling: Settling,
  attempt: Pick<SignedAttempt, "raw" | "txHash">,
): Promise<void> {
  const answer = await settling.rail.broadcast(attempt.raw);
  if (answer.result === "rejected") {
    settling.log.warn(
      { txHash: attempt.txHash, answer: answer.message },
      "the node rejects a transaction; it stays watched",
    );
  }
  await settling.reached("attempt_sent");
  await markBroadcast(settling.db.pool, attempt.txHash, settling.clock.now());
  await settling.reached("attempt_sent_noted");
}

/** The same transaction under the same nonce with a higher fee; false when the cap leaves no room for one. */
export async function replace(
  settling: Settling,
  slot: { nonce: bigint; raw: string; batchId: string | null },
  view: ChainView,
): Promise<boolean> {
  const next = await settling.rail.raise(slot.raw);
  if (next === null) return false;
  const { nonce, batchId } = slot;
  const now = settling.clock.now();
  await settling.write(async (tx) => {
    await insertAttempt(tx, settling.by, { nonce, attempt: next, signedAtBlock: view.final.number, now });
    if (batchId !== null) await noteBatchTransaction(tx, { batchId, txHash: next.txHash, now });
  });
  await settling.reached("replacement_stored");
  settling.log.info({ nonce: nonce.toString(), txHash: next.txHash }, "offering a higher fee");
  await settling.rail.broadcast(next.raw);
  await settling.reached("replacement_sent");
  await markBroadcast(settling.db.pool, next.txHash, settling.clock.now());
  return true;
}

async function instructionFor(
  settling: Settling,
  batch: Batch,
  members: readonly Payout[],
): Promise<{ instruction: Instruction; boundNonce: bigint | null }> {
  const assetRef = settling.assets.find(({ code }) => code === batch.asset)?.assetRef;
  if (assetRef === undefined)
    throw new Error(`batch ${batch.id} pays ${batch.asset}, which this rail does not`);
  if (batch.kind === "push") {
    return {
      instruction: {
        kind: "push",
        assetRef,
        firstNumber: batch.firstNumber,
        payments: payments(batch, members),
      },
      boundNonce: null,
    };
  }
  const [member] = members;
  if (member === undefined || member.validUntil === null)
    throw new Error(`batch ${batch.id} has nothing to pay`);
  const { approvals, payload } = await signedApproval(settling.db.pool, member.id);
  return {
    instruction: {
      kind: "signed",
      assetRef,
      payment: { number: batch.firstNumber, to: member.to, amount: member.amount },
      validUntil: unixSeconds(member.validUntil),
      approvals,
      payload: payload?.body ?? null,
    },
    boundNonce: payload?.nonce ?? null,
  };
}

/** One word for each number; what is missing from the members would shift all that follow, so nothing may be. */
function payments(batch: Batch, members: readonly Payout[]): (Payment | null)[] {
  const byNumber = new Map(members.map((member) => [member.number, member]));
  return Array.from({ length: batch.size }, (_unused, index) => {
    const number = batch.firstNumber + BigInt(index);
    const member = byNumber.get(number);
    if (member === undefined) throw new Error(`batch ${batch.id} has no member with number ${number}`);
    return closesNumber(member) ? null : { number, to: member.to, amount: member.amount };
  });
}

function refuse(code: string, message: string): Sending {
  return { sent: false, refusal: { effect: "wait", code, message } };
}

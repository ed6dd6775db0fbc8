import {
  closesNumber,
  type Payout,
  payoutsOfBatch,
  releaseBatch,
  transitionPayouts,
  unixSeconds,
} from "../payouts/index.ts";
import type { Batch } from "./batch.ts";
import { type MemberFact, remainderOf } from "./decide.ts";
import { numbersInWaitingEvents } from "./events-store.ts";
import { overdueClaims } from "./payouts-store.ts";
import type { ChainView, Refusal } from "./rails/rail.ts";
import { ACTOR, type Settling } from "./settling.ts";
import {
  type BatchEnd,
  lastEndOf,
  lockIdleBatch,
  noteBatch,
  resolveFinishedBatches,
  setBatchStatus,
} from "./store.ts";

const CLAIMS_AT_ONCE = 200;

/**
 * What becomes of a batch whose nonces have all come to their end, none of them by a payment that is known: no
 * transaction of ours can pay it any more, and the chain is asked about every number at a final block from then on.
 * Unpaid payouts are approved again, or fail where the chain named the payee's fault; a number that was consumed waits
 * for the event that says how.
 *
 * `abandon` also gives up a batch that was never sent, so that its members can go into others.
 */
export async function settleIdleBatch(
  settling: Settling,
  batch: Batch,
  view: ChainView,
  abandon: Refusal | null,
): Promise<"waiting" | "dissolved"> {
  const { db, rail } = settling;
  const end = await lastEndOf(db.pool, batch.id);
  if (end !== null && end.block > view.final.number) return "waiting";
  const members = await payoutsOfBatch(db.pool, batch.id);
  const facts = await factsOf(settling, members, view);
  const { awaited, free } = remainderOf(facts);
  if (awaited.length > 0) {
    const numbers = awaited.map(({ number }) => number.toString()).join(", ");
    await noteBatch(
      db.pool,
      batch.id,
      `the vault has consumed ${numbers}; waiting for the event that says how`,
    );
    return "waiting";
  }
  const now = settling.clock.now();
  const expired = free.length > 0 && isExpired(batch, members, view);
  // Never sent, nothing consumed and nobody missing: it is as good as before.
  if (batch.status === "batched" && abandon === null && !expired && free.length === batch.size)
    return "waiting";
  await settling.reached("batch_proven_unpaid");
  const refusal = abandon ?? (await refusalIn(settling, batch, members, end));
  const why = refusal === null ? "its transaction can never pay it" : refusal.message;
  if (refusal?.effect === "pause") {
    await settling.pause(why, { batchId: batch.id, code: refusal.code });
  }
  await settling.write(async (tx) => {
    if ((await lockIdleBatch(tx, batch.id)) === null) return;
    if (free.length === 0) {
      await resolveFinishedBatches(tx, [batch.id], now);
      return;
    }
    const reason = `unpaid in final ${rail.words.block} ${view.final.number} (${rail.name}): ${why}`;
    const released = await releaseBatch(tx, { batchId: batch.id, actor: ACTOR, reason, now });
    if (refusal?.effect === "payee") {
      await transitionPayouts(tx, {
        payoutIds: released.map(({ id }) => id),
        to: "failed",
        actor: ACTOR,
        reason: `${refusal.code}: ${why}`,
        now,
      });
    } else if (expired) {
      await transitionPayouts(tx, {
        payoutIds: released.map(({ id }) => id),
        to: "expired",
        actor: ACTOR,
        reason: `its approvals expired and it is unpaid in final ${rail.words.block} ${view.final.number}`,
        now,
      });
    }
    await setBatchStatus(tx, { batchId: batch.id, status: "dissolved", now });
  });
  settling.log.warn(
    { batchId: batch.id, why, free: free.length, expired },
    "a batch was proven unpaid and dissolved",
  );
  await settling.reached("batch_dissolved");
  return "dissolved";
}

/** What the chain itself said of a transaction that it included and that did not pay; null where none was. */
async function refusalIn(
  { rail, assets }: Settling,
  batch: Batch,
  members: readonly Payout[],
  end: BatchEnd | null,
): Promise<Refusal | null> {
  const [member] = members;
  const assetRef = assets.find(({ code }) => code === batch.asset)?.assetRef;
  if (end?.status !== "reverted" || member === undefined || assetRef === undefined) return null;
  const payment = { number: batch.firstNumber, to: member.to, amount: member.amount };
  return rail.refusalOf({ result: end.result, block: end.includedIn ?? end.block }, { assetRef, payment });
}

/** A signed payout whose approvers' time is over. Blocks' times never fall, so the final one decides. */
export function isExpired(batch: Batch, members: readonly Payout[], view: ChainView): boolean {
  if (batch.kind !== "signed") return false;
  return members.every(
    ({ validUntil }) => validUntil !== null && unixSeconds(validUntil) < view.final.timestamp,
  );
}

async function factsOf(
  settling: Settling,
  members: readonly Payout[],
  view: ChainView,
): Promise<MemberFact[]> {
  const consumed = await consumedNumbers(
    settling,
    members.flatMap(({ number }) => number ?? []),
    view,
  );
  return members.flatMap((member) =>
    member.number === null
      ? []
      : {
          number: member.number,
          live:
            member.status === "batched" ||
            member.status === "submitted" ||
            (closesNumber(member) && !member.numberClosed),
          consumed: consumed.has(member.number),
        },
  );
}

/**
 * Which of these numbers the chain has consumed, as far as it keeps numbers; otherwise what its history says and the
 * ledger does not reflect yet. The history must have been read up to the final block.
 */
async function consumedNumbers(
  settling: Settling,
  numbers: readonly bigint[],
  view: ChainView,
): Promise<Set<bigint>> {
  const { rail, db } = settling;
  return rail.consumedNumbers === null
    ? numbersInWaitingEvents(db.pool, rail.name, numbers)
    : rail.consumedNumbers(numbers, view.final.number);
}

/** Ends claims that nobody brought in time: no block after the final one can take their vouchers. */
export async function expireClaims(settling: Settling, view: ChainView): Promise<boolean> {
  const { rail, db } = settling;
  const overdue = await overdueClaims(db.pool, rail.name, view.final.timestamp, CLAIMS_AT_ONCE);
  if (overdue.length === 0) return false;
  const consumed = await consumedNumbers(
    settling,
    overdue.map(({ number }) => number),
    view,
  );
  const unclaimed = overdue.filter(({ number }) => !consumed.has(number)).map(({ id }) => id);
  if (unclaimed.length === 0) return false;
  await settling.write((tx) =>
    transitionPayouts(tx, {
      payoutIds: unclaimed,
      to: "failed",
      actor: ACTOR,
      reason: `nobody claimed it before its voucher expired; unpaid in final ${rail.words.block} ${view.final.number}`,
      now: settling.clock.now(),
    }),
  );
  return true;
}

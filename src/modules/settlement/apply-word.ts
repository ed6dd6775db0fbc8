import type { Tx } from "../../platform/db/index.ts";
import { derivedId } from "../../platform/ids.ts";
import { accountIds, classifyResult, postTransfers, requirePosted } from "../ledger/index.ts";
import { decodeNumber, markNumbersClosed, transitionPayouts } from "../payouts/index.ts";
import { WordRefused } from "./errors.ts";
import {
  insertEvents,
  lockWaitingEvents,
  markApplied,
  noteEvent,
  type StoredEvent,
  waitingEvents,
} from "./events-store.ts";
import { creditsPulledBy, payoutsByNumber } from "./payouts-store.ts";
import type { ChainEvent, Payment } from "./rails/rail.ts";
import { ACTOR, type Settling } from "./settling.ts";
import { rawOf, resolveFinishedBatches } from "./store.ts";
import { consumesNumbers, judge, readWords, type Verdict } from "./word.ts";

const EVENTS_AT_ONCE = 500;

/** A transaction that consumed numbers, and what it told the vault to pay where that can be read from it. */
type Told = { txHash: string; payments: readonly (Payment | null)[] | null };

/** What the words of one transaction do to payouts. */
type Verdicts = {
  txHash: string;
  block: bigint;
  steps: { payout: SettledPayout; to: SteppedTo }[];
  closed: bigint[];
};
type SettledPayout = Awaited<ReturnType<typeof payoutsByNumber>>[number];
type SteppedTo = Extract<Verdict, { kind: "step" }>["to"];

/**
 * Takes the chain's word about the numbers that these transactions consumed: all of their payouts reach their end
 * together, with their holds, or none does. Applying it again changes nothing. Throws `WordRefused` when any of it does
 * not fit.
 */
export async function applyNumberEvents(tx: Tx, settling: Settling, told: readonly Told[]): Promise<void> {
  const rail = settling.rail.name;
  const waiting = await lockWaitingEvents(
    tx,
    rail,
    told.map(({ txHash }) => txHash),
  );
  const events = waiting.filter(consumesNumbers);
  if (events.length === 0) return;
  const now = settling.clock.now();
  const eventsOf = Map.groupBy(events, (event) => event.txHash);
  const read = told.flatMap(({ txHash, payments }) => {
    const own = eventsOf.get(txHash);
    const block = own?.[0]?.blockNumber;
    return own === undefined || block === undefined ? [] : { txHash, block, ...readWords(own, payments) };
  });
  const payouts = await payoutsByNumber(
    tx,
    rail,
    read.flatMap(({ words }) => words.map(({ number }) => number)),
  );
  const byNumber = new Map(payouts.map((payout) => [payout.number, payout]));
  const faults = read.flatMap((one) => one.faults);
  const verdicts = read.map(({ txHash, block, words }): Verdicts => {
    const found: Verdicts = { txHash, block, steps: [], closed: [] };
    for (const word of words) {
      const payout = byNumber.get(word.number);
      const verdict = judge(word, payout, txHash);
      if (verdict.kind === "fault") faults.push(verdict.fault);
      if (verdict.kind === "close") found.closed.push(word.number);
      if (verdict.kind === "step" && payout !== undefined) found.steps.push({ payout, to: verdict.to });
    }
    return found;
  });
  if (faults.length > 0) throw new WordRefused(faults);

  for (const one of verdicts) await catchUpWith(tx, one, now);
  // What the histories say names the block and nothing finer, so a block's transactions are written as one.
  for (const [block, ofBlock] of Map.groupBy(verdicts, (one) => one.block)) {
    await endPayouts(tx, settling, block, ofBlock, now);
  }
  const closed = verdicts.flatMap((one) => one.closed);
  if (closed.length > 0) await markNumbersClosed(tx, closed, now);
  const batchIds = new Set(payouts.flatMap(({ batchId }) => batchId ?? []));
  await resolveFinishedBatches(tx, [...batchIds], now);
  await markApplied(tx, rail, events, now);
}

/** Payouts that the database had not sent yet pass through submitted, so that history shows every step. */
async function catchUpWith(tx: Tx, { txHash, steps }: Verdicts, now: Date): Promise<void> {
  const behind = steps
    .filter(({ to }) => to === "confirmed" || to === "credited")
    .map(({ payout }) => payout)
    .filter(({ status }) => status !== "submitted");
  await transitionPayouts(tx, {
    payoutIds: behind.filter(({ status }) => status === "pending_approval").map(({ id }) => id),
    to: "approved",
    actor: ACTOR,
    reason: `the chain has counted its approvers' signatures in ${txHash}`,
    now,
  });
  await transitionPayouts(tx, {
    payoutIds: behind.map(({ id }) => id),
    to: "submitted",
    actor: ACTOR,
    reason: `found on chain in ${txHash}`,
    now,
    patch: { txHash },
  });
}

/** What one block's transactions say becomes of their payouts. */
async function endPayouts(
  tx: Tx,
  settling: Settling,
  block: bigint,
  verdicts: readonly Verdicts[],
  now: Date,
): Promise<void> {
  const unit = settling.rail.words.block;
  const paidIn = new Map(
    verdicts.flatMap(({ txHash, steps }) => steps.map(({ payout }) => [payout.id, txHash])),
  );
  const idsTo = (wanted: SteppedTo): string[] =>
    verdicts.flatMap(({ steps }) => steps.filter(({ to }) => to === wanted).map(({ payout }) => payout.id));
  const reason = {
    confirmed: `paid on chain in ${unit} ${block}`,
    credited: `the payee refused it in ${unit} ${block}; the vault owes it and the payee can withdraw it`,
  };
  for (const to of ["confirmed", "credited"] as const) {
    await transitionPayouts(tx, {
      payoutIds: idsTo(to),
      from: "submitted",
      to,
      actor: ACTOR,
      reason: reason[to],
      now,
      patch: ({ id }) => {
        const txHash = paidIn.get(id);
        return { blockNumber: block, ...(txHash === undefined ? {} : { txHash }) };
      },
    });
  }
  for (const to of ["failed", "rejected"] as const) {
    await transitionPayouts(tx, {
      payoutIds: idsTo(to),
      to,
      actor: ACTOR,
      reason: `its number was closed on chain in ${unit} ${block} without a payment`,
      now,
      patch: { numberClosed: true },
    });
  }
}

/** Keeps receipts' events and takes their word, in the caller's transaction. */
export async function applyReceipts(
  tx: Tx,
  settling: Settling,
  receipts: readonly { txHash: string; events: readonly ChainEvent[]; raw: string }[],
): Promise<void> {
  const told: Told[] = [];
  for (const { txHash, raw } of receipts)
    told.push({ txHash, payments: await settling.rail.paymentsOf({ raw }) });
  await insertEvents(
    tx,
    settling.rail.name,
    receipts.flatMap(({ events }) => events),
  );
  await applyNumberEvents(tx, settling, told);
}

/**
 * Applies what scanning found and no receipt brought: claims, credits that were pulled, funding, sweeps, numbers that
 * others closed, and payments that this database has forgotten or never knew. True when anything was applied.
 */
export async function applyWaitingEvents(settling: Settling): Promise<boolean> {
  const { rail, db } = settling;
  let applied = false;
  // Nothing may be sent while a word is left that was read and not taken: it may be that of a payment.
  for (let more = true; more; ) {
    const waiting = await waitingEvents(db.pool, rail.name, EVENTS_AT_ONCE);
    const taken = await applyEvents(settling, waiting);
    applied ||= taken;
    more = taken && waiting.length === EVENTS_AT_ONCE;
  }
  return applied;
}

async function applyEvents(settling: Settling, waiting: readonly StoredEvent[]): Promise<boolean> {
  let applied = false;
  for (const [txHash, events] of Map.groupBy(waiting, (event) => event.txHash)) {
    if (events.some(consumesNumbers)) {
      applied =
        (await refusable(settling, events[0], () => applyTransaction(settling, txHash, events))) || applied;
    }
    for (const event of events.filter((candidate) => !consumesNumbers(candidate))) {
      applied = (await refusable(settling, event, () => applyMovement(settling, event))) || applied;
    }
  }
  return applied;
}

/** A word that does not fit stays waiting with a note and stops the rail; the others go on. */
async function refusable(
  settling: Settling,
  event: StoredEvent | undefined,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    await settling.reached("event_applied");
    return true;
  } catch (error) {
    if (!(error instanceof WordRefused) || event === undefined) throw error;
    await noteEvent(settling.db.pool, settling.rail.name, event, error.message);
    await settling.pause(error.faults[0] ?? "the chain and the database do not fit", {
      transaction: event.txHash,
      block: event.blockNumber.toString(),
      faults: error.faults.slice(0, 20),
    });
    return false;
  }
}

async function applyTransaction(
  settling: Settling,
  txHash: string,
  events: readonly StoredEvent[],
): Promise<void> {
  const raw = await rawOf(settling.db.pool, txHash);
  const payments = await settling.rail.paymentsOf(raw === null ? { txHash } : { raw });
  await settling.write((tx) => applyNumberEvents(tx, settling, [{ txHash, payments }]));
  const unsigned = settling.rail.draft === null ? undefined : events.find(isUnsigned);
  if (unsigned !== undefined) {
    await settling.pause(
      `number ${unsigned.firstNumber} was paid in ${txHash} by a key alone, though its approvers' signatures are wanted: the rail stops until somebody has looked`,
      { transaction: txHash, block: unsigned.blockNumber.toString(), to: unsigned.party },
    );
  }
}

/** Where approvers sign the transaction itself, what they must sign is not paid without them. */
function isUnsigned({ kind, firstNumber }: StoredEvent): boolean {
  return kind === "paid" && firstNumber !== null && decodeNumber(firstNumber)?.series === "signed";
}

/** Money that came or went without a number: by ids that the event gives, so that it is posted once. */
async function applyMovement(settling: Settling, event: StoredEvent): Promise<void> {
  const { rail, clock } = settling;
  const asset = settling.assets.find(({ assetRef }) => assetRef === event.assetRef);
  if (event.kind === "unknown_payment") {
    await settling.pause(
      `${event.amount} of ${asset?.code ?? event.assetRef} left the treasury in ${event.txHash} without a payout number: the rail stops until somebody has looked`,
      { transaction: event.txHash, block: event.blockNumber.toString(), to: event.party },
    );
  }
  await settling.write(async (tx) => {
    const still = await lockWaitingEvents(tx, rail.name, [event.txHash]);
    if (!still.some(({ logIndex }) => logIndex === event.logIndex)) return;
    // An asset that the ledger does not keep is none of its business.
    if (asset !== undefined && event.amount > 0n) {
      if (event.kind === "credit_withdrawn") await pullCredits(tx, settling, event, asset.code);
      else await postMovement(tx, settling, event, asset.code);
    }
    await markApplied(tx, rail.name, [event], clock.now());
  });
}

async function postMovement(tx: Tx, settling: Settling, event: StoredEvent, asset: string): Promise<void> {
  const { from, to, cause } = movementOf(event.kind);
  const [debit = 0n, credit = 0n] = await accountIds(
    tx,
    [from, to].map((owner) => ({ owner, asset })),
  );
  const outcomes = await postTransfers(tx, [
    {
      kind: "posted",
      id: derivedId(`vault-${event.kind}`, settling.rail.name, event.txHash, event.logIndex.toString()),
      debit,
      credit,
      amount: event.amount,
      cause,
      ref: event.txHash,
    },
  ]);
  if (outcomes.some(({ result }) => classifyResult(result) === "retryable")) {
    throw new WordRefused([
      `${event.amount} of ${asset} ${event.kind === "swept" ? "was swept from" : "left"} the vault in ${event.txHash}, more than the rewards account has free: what is held for payouts is not covered any more`,
    ]);
  }
  requirePosted(outcomes);
}

async function pullCredits(tx: Tx, settling: Settling, event: StoredEvent, asset: string): Promise<void> {
  const pulled = await creditsPulledBy(tx, settling.rail.name, { ...event, asset });
  const total = pulled.reduce((sum, { amount }) => sum + amount, 0n);
  if (total !== event.amount) {
    throw new WordRefused([
      `${event.party} withdrew ${event.amount} of ${asset} in ${event.txHash}, the database knows credits of ${total}`,
    ]);
  }
  await transitionPayouts(tx, {
    payoutIds: pulled.map(({ id }) => id),
    from: "credited",
    to: "confirmed",
    actor: ACTOR,
    reason: `the payee withdrew it from the vault in ${event.txHash}`,
    now: settling.clock.now(),
  });
}

/** Between which house accounts such money goes, and as what. */
function movementOf(kind: StoredEvent["kind"]): { from: string; to: string; cause: string } {
  switch (kind) {
    case "funded":
      return { from: "house:external", to: "house:rewards", cause: "vault_funded" };
    case "fee":
      return { from: "house:fees", to: "house:external", cause: "chain_fee" };
    case "unknown_payment":
      return { from: "house:rewards", to: "house:external", cause: "unknown_payment" };
    default:
      return { from: "house:rewards", to: "house:external", cause: "vault_swept" };
  }
}

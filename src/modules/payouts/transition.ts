import type { Tx } from "../../platform/db/index.ts";
import { postTransfers, requirePosted } from "../ledger/index.ts";
import { accountIdsByKey } from "./accounts.ts";
import { announceBalances, announceSteps } from "./announce.ts";
import { tellDue } from "./due.ts";
import { missingPayouts, payoutStateConflict } from "./errors.ts";
import { accountsForResolve, resolveTransfers } from "./holds.ts";
import { seriesOf } from "./numbers.ts";
import type { Payout } from "./payout.ts";
import { canTransition, endedUnpaid, holdEffect, type PayoutStatus } from "./state.ts";
import { insertTransitions, lockPayouts, takeNumbers, updateSteppedPayouts } from "./store.ts";
import { returnUsage } from "./usage.ts";

/** What a step may set beside the status; what it leaves out stays as it is. */
export type PayoutPatch = {
  batchId?: string;
  txHash?: string;
  blockNumber?: bigint;
  /** Only where none was set before: it is part of what is signed. */
  validUntil?: Date;
  /** The chain consumed the number without a batch of ours. */
  numberClosed?: true;
};

export type TransitionStep = {
  payoutIds: readonly string[];
  /** Where all of them must be; without it, anywhere that `to` follows from. */
  from?: PayoutStatus;
  to: PayoutStatus;
  /** An address, an account or `system:{part}`. */
  actor: string;
  /** Why, in words; a payout that ends unpaid shows it. */
  reason: string;
  now: Date;
  /** The same for all, or told for each. */
  patch?: PayoutPatch | ((payout: Payout) => PayoutPatch);
};

/**
 * Takes a step with up to 1,000 payouts: the only writer of their status. All of them or, by throwing
 * `payout_state_conflict`, none. In the same transaction it resolves what the ledger holds for them, gives numbers to
 * those that need one, writes their history and announces what changed.
 *
 * A payout that is at `to` already is left untouched, so a step that is repeated after a crash changes nothing.
 * Concurrent callers wait for one another on the payouts' rows, locked in id order; the loser sees where the winner
 * left them. Returns the payouts as they are afterwards, in id order.
 */
export async function transitionPayouts(tx: Tx, step: TransitionStep): Promise<Payout[]> {
  if (step.payoutIds.length === 0) return [];
  const locked = await lockPayouts(tx, step.payoutIds);
  const wanted = new Set(step.payoutIds);
  if (locked.length !== wanted.size) {
    for (const payout of locked) wanted.delete(payout.id);
    throw missingPayouts([...wanted]);
  }
  const stepping = locked.filter((payout) => payout.status !== step.to);
  if (stepping.length === 0) return locked;
  for (const payout of stepping) {
    const { id, status } = payout;
    if ((step.from !== undefined && status !== step.from) || !mayStep(payout, step.to)) {
      throw payoutStateConflict(id, status, step);
    }
  }

  const moved = await resolveHolds(tx, stepping, step.to);
  if (endedUnpaid(step.to)) await returnUsage(tx, stepping);
  const numbers = await numbersFor(tx, stepping, step.to);
  const stepped = stepping.map((payout) => afterStep(payout, step, numbers.get(payout.id)));
  await updateSteppedPayouts(tx, stepped);
  await insertTransitions(tx, {
    payouts: stepped,
    from: stepping.map((payout) => payout.status),
    to: step.to,
    actor: step.actor,
    reason: step.reason,
    now: step.now,
  });
  await announceSteps(
    tx,
    stepped.map((payout, i) => ({ payout, from: stepping[i]?.status ?? null })),
  );
  await announceBalances(tx, moved);
  if (step.to === "approved")
    await tellDue(
      tx,
      stepped.map(({ rail }) => rail),
    );

  const byId = new Map(stepped.map((payout) => [payout.id, payout]));
  return locked.map((payout) => byId.get(payout.id) ?? payout);
}

/**
 * The table, and what it cannot say: what leaves for a chain is never done in one step, what needs approvals passes
 * through them and nothing else does, and a claim whose voucher is out is never ours to batch, send or cancel again.
 */
function mayStep(payout: Payout, to: PayoutStatus): boolean {
  const { status: from, delivery } = payout;
  if (!canTransition(from, to)) return false;
  if (to === "pending_approval") return payout.approvalsRequired > 0;
  if (from === "requested" && to === "approved") return payout.approvalsRequired === 0;
  if (from === "requested" && to === "confirmed") return payout.source !== "onchain";
  return delivery === "push" || (to !== "batched" && !(from === "submitted" && to === "approved"));
}

/** Posts, voids or credits what the ledger holds; gives back the payouts whose money moved. */
async function resolveHolds(tx: Tx, payouts: readonly Payout[], to: PayoutStatus): Promise<Payout[]> {
  const resolving = payouts
    .filter((payout) => payout.source === "onchain")
    .map((payout) => ({ payout, effect: holdEffect(payout.status, to) }))
    .filter(({ effect }) => effect !== "keep");
  if (resolving.length === 0) return [];
  const accounts = await accountIdsByKey(
    tx,
    resolving.flatMap(({ payout, effect }) => accountsForResolve(payout, effect)),
  );
  const transfers = resolving.flatMap(({ payout, effect }) => resolveTransfers(payout, effect, accounts));
  requirePosted(await postTransfers(tx, transfers));
  return resolving.map(({ payout }) => payout);
}

/** Numbers for those that get theirs with this step, in the order of their ids, which is the order of requests. */
async function numbersFor(
  tx: Tx,
  payouts: readonly Payout[],
  to: PayoutStatus,
): Promise<Map<string, bigint>> {
  const numbers = new Map<string, bigint>();
  if (to !== "pending_approval" && to !== "approved") return numbers;
  const groups = Map.groupBy(
    payouts.filter((payout) => payout.source === "onchain" && payout.number === null),
    (payout) => JSON.stringify([payout.rail, seriesOf(payout), payout.asset]),
  );
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = group;
    if (first === undefined) continue;
    const key = { rail: first.rail, series: seriesOf(first), asset: first.asset };
    const taken = await takeNumbers(tx, key, group.length);
    for (const [i, payout] of group.entries()) {
      const number = taken[i];
      if (number !== undefined) numbers.set(payout.id, number);
    }
  }
  return numbers;
}

/** The payout as the step leaves it. */
function afterStep(payout: Payout, step: TransitionStep, number: bigint | undefined): Payout {
  const patch = typeof step.patch === "function" ? step.patch(payout) : step.patch;
  const next: Payout = {
    ...payout,
    status: step.to,
    version: payout.version + 1,
    updatedAt: step.now,
    reason: endedUnpaid(step.to) ? step.reason : payout.reason,
  };
  if (number !== undefined) {
    next.number = number;
    next.series = seriesOf(payout);
  }
  // Out of its batch: another one will take it, or close its number.
  if (step.to === "approved" || endedUnpaid(step.to)) next.batchId = null;
  if (step.to === "approved") {
    next.txHash = null;
    next.blockNumber = null;
  }
  if (patch !== undefined) {
    next.batchId = patch.batchId ?? next.batchId;
    next.txHash = patch.txHash ?? next.txHash;
    next.blockNumber = patch.blockNumber ?? next.blockNumber;
    next.validUntil = patch.validUntil ?? next.validUntil;
    next.numberClosed = patch.numberClosed ?? next.numberClosed;
  }
  return next;
}

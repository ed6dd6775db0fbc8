import type { Tx } from "../../platform/db/index.ts";
import { newId } from "../../platform/ids.ts";
import { postTransfers, requirePosted, type TransferOutcome } from "../ledger/index.ts";
import { accountIdsByKey } from "./accounts.ts";
import { announceBalances, announceSteps } from "./announce.ts";
import { balancesByOwner } from "./balances.ts";
import { insufficientFunds, treasuryShort } from "./errors.ts";
import { accountsForRequest, debitOwners, HOUSE, playerOwner, requestTransfers } from "./holds.ts";
import type { Payout } from "./payout.ts";
import type { PayoutPlan } from "./plan-payout.ts";
import { refuseAboveCaps } from "./policy.ts";
import { insertPayout } from "./store.ts";
import { transitionPayouts } from "./transition.ts";
import { addUsage } from "./usage.ts";

export type PayoutOrder = {
  plan: PayoutPlan;
  /** Who asks; cannot approve it. */
  proposedBy: string;
  /** With which of their wallets. */
  proposedWith: string | null;
  metadata: Record<string, unknown>;
  approvalSeconds: number;
  now: Date;
};

/**
 * Carries out a plan in the caller's transaction: writes the payout, holds its money (or moves it at once, when it
 * never leaves for a chain), counts it against the day's caps and takes it as far as it goes without anybody else.
 * Throws, and so undoes all of it, when money or a cap is short. Of two requests for the same money the second finds
 * it held.
 */
export async function placePayout(tx: Tx, order: PayoutOrder): Promise<Payout> {
  const payout = newPayout(order);
  const { plan, now } = order;
  await insertPayout(tx, payout);
  await moveMoney(tx, payout, plan);
  if (payout.source !== "demo") {
    refuseAboveCaps(plan.policy, plan.paid.asset, payout.amount, await addUsage(tx, payout));
  }
  const placed = await firstStep(tx, payout, now);
  await announceBalances(tx, [placed]);
  return placed;
}

function newPayout({ plan, proposedBy, proposedWith, metadata, approvalSeconds, now }: PayoutOrder): Payout {
  const { decision } = plan;
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
  const waits = decision.delaySeconds > 0;
  // Approvers sign whole seconds, so nothing finer is stored.
  const approvalsEnd = Math.floor(after(decision.delaySeconds + approvalSeconds).getTime() / 1_000) * 1_000;
  return {
    id: newId(now),
    playerId: plan.payee.playerId,
    account: plan.payee.account,
    to: plan.to,
    rail: plan.paid.rail,
    source: plan.source,
    delivery: plan.delivery,
    funding: plan.funding,
    status: "requested",
    series: null,
    number: null,
    numberClosed: false,
    asset: plan.paid.asset.code,
    assetRef: plan.paid.ref,
    amount: plan.paid.amount,
    spentAsset: plan.spent.asset.code,
    spentAmount: plan.spent.amount,
    approvalsRequired: decision.approvalsRequired,
    notBefore: waits ? after(decision.delaySeconds) : null,
    validUntil: decision.approvalsRequired > 0 ? new Date(approvalsEnd) : null,
    reason: decision.reason,
    proposedBy,
    proposedWith,
    metadata,
    batchId: null,
    txHash: null,
    blockNumber: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

async function moveMoney(tx: Tx, payout: Payout, plan: PayoutPlan): Promise<void> {
  const accounts = await accountIdsByKey(tx, accountsForRequest(payout));
  const transfers = requestTransfers(payout, accounts);
  if (transfers.length === 0) return;
  const outcomes = await postTransfers(tx, transfers);
  const short = shortOwner(payout, outcomes);
  if (short === HOUSE.rewards) throw treasuryShort(plan.paid.asset);
  if (short !== null) {
    const owned = (await balancesByOwner(tx, [short])).get(short) ?? [];
    const available = owned.find((balance) => balance.asset === payout.spentAsset)?.available ?? "0";
    throw insufficientFunds(plan.spent.asset, payout.spentAmount, BigInt(available));
  }
  requirePosted(outcomes);
}

/** Whose account could not cover its leg; null when that was not the trouble. */
function shortOwner(payout: Payout, outcomes: readonly TransferOutcome[]): string | null {
  const index = outcomes.findIndex(({ result }) => result === "insufficient_funds");
  return debitOwners(payout)[index] ?? null;
}

/** As far as a new payout goes by itself. */
async function firstStep(tx: Tx, payout: Payout, now: Date): Promise<Payout> {
  if (payout.notBefore !== null) {
    await announceSteps(tx, [{ payout, from: null }]);
    return payout;
  }
  const step = { payoutIds: [payout.id], from: "requested", actor: "system:policy", now } as const;
  const [placed] = await transitionPayouts(
    tx,
    payout.source === "onchain"
      ? { ...step, to: statusAfterRequest(payout), reason: payout.reason }
      : { ...step, to: "confirmed", reason: doneAtOnce(payout) },
  );
  return placed ?? payout;
}

/** Where an on-chain payout goes once nothing delays it. */
export function statusAfterRequest(
  payout: Pick<Payout, "approvalsRequired">,
): "pending_approval" | "approved" {
  return payout.approvalsRequired > 0 ? "pending_approval" : "approved";
}

function doneAtOnce(payout: Payout): string {
  if (payout.source === "demo") return "demo: nothing leaves";
  return `${payout.asset} posted to ${playerOwner(payout.playerId ?? "")} on the ledger`;
}

import { formatUnits } from "../../platform/amounts.ts";
import type { Queryable } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import { type Asset, assets } from "../ledger/index.ts";
import type { Payout } from "../payouts/index.ts";
import { readPayoutFacts } from "./facts.ts";
import type { PayoutSimulation, PayoutSummary } from "./schemas.ts";
import type { StandingApproval } from "./store.ts";

/** What an approver should know before signing: who gets how much, where, for the how-manieth time, and what is odd about it. */
export async function summarizePayout(
  q: Queryable,
  question: {
    payout: Payout;
    validUntil: Date;
    standing: readonly StandingApproval[];
    simulation: PayoutSimulation;
    viewer: string | null;
    now: Date;
  },
): Promise<PayoutSummary> {
  const { payout, standing, now } = question;
  const known = await assets(q);
  const facts = await readPayoutFacts(q, payout, now);
  const units = (amount: bigint, asset: string) => words(amount, assetNamed(known, asset));
  const money = (amount: bigint, asset: string) => ({
    asset,
    amount: amount.toString(),
    formatted: units(amount, asset),
  });
  const limit = (today: { used: bigint; cap: bigint } | null) =>
    today === null
      ? null
      : {
          used: today.used.toString(),
          cap: today.cap.toString(),
          formatted: `${formatUnits(today.used, assetNamed(known, payout.asset).scale)} of ${units(today.cap, payout.asset)}`,
        };
  return {
    text: `Pay ${units(payout.amount, payout.asset)} (${payout.amount} minor units) to ${payout.to}, for ${payout.account}`,
    status: payout.status,
    account: payout.account,
    to: payout.to,
    amount: money(payout.amount, payout.asset),
    spent: money(payout.spentAmount, payout.spentAsset),
    firstPaymentToAddress: !facts.addressWasPaid,
    history: {
      count: facts.paidCount,
      total: facts.paidTotal.toString(),
      formatted: units(facts.paidTotal, payout.asset),
    },
    limitsToday: { player: limit(facts.playerToday), asset: limit(facts.assetToday) },
    proposedBy: payout.proposedBy,
    reason: payout.reason,
    expiresAt: question.validUntil.toISOString(),
    signedBy: standing.map(({ approver, createdAt }) => ({ approver, at: createdAt.toISOString() })),
    warnings: warningsAbout({ ...question, addressWasPaid: facts.addressWasPaid }),
  };
}

function assetNamed(known: readonly Asset[], code: string): Asset {
  const asset = known.find((entry) => entry.code === code);
  if (asset === undefined) throw new InvariantError(`asset ${code} of a payout is unknown to the ledger`);
  return asset;
}

function words(amount: bigint, asset: Asset): string {
  return `${formatUnits(amount, asset.scale)} ${asset.code}`;
}

/** What deserves a second look, in words. Unknown facts are not warned about: the simulation shows them as unknown. */
export function warningsAbout(question: {
  payout: Payout;
  simulation: PayoutSimulation;
  viewer: string | null;
  addressWasPaid: boolean;
}): string[] {
  const { payout, simulation, viewer } = question;
  const { vault, requiredApprovals, payeeIsContract } = simulation;
  const warnings: string[] = [];
  if (!question.addressWasPaid) warnings.push("this address was never paid before");
  if (payout.to !== payout.account) warnings.push("the address is not the account's own wallet");
  if (viewer === payout.to || viewer === payout.account) warnings.push("you are the payee of this payout");
  if (viewer === payout.proposedBy) warnings.push("you proposed this payout, so you cannot approve it");
  if (payeeIsContract.value === true) {
    warnings.push(
      "the payee is a contract: if it refuses the money, the vault owes it until the contract takes it",
    );
  }
  if (requiredApprovals.agree === false) {
    const there =
      requiredApprovals.onChain.value === null
        ? requiredApprovals.onChain.note
        : `the vault on chain asks for ${requiredApprovals.onChain.value}`;
    warnings.push(`we ask for ${requiredApprovals.ours} approvals, but ${there}`);
  }
  if (simulation.payeeProblem.value !== null) {
    warnings.push(`the payment would be refused as things are: ${simulation.payeeProblem.value}`);
  }
  if (vault.paused.value === true)
    warnings.push("the vault on chain is paused: nothing can be paid until it resumes");
  if (vault.numberConsumed.value === true) {
    warnings.push("the vault has consumed this payout's number already: it was paid or closed");
  }
  if (vault.balanceAfter.value?.startsWith("-") === true) {
    warnings.push("the vault on chain holds less than this payout");
  }
  return warnings;
}

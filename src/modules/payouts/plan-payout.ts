import type { Config } from "../../config.ts";
import type { Queryable } from "../../platform/db/index.ts";
import type { AppError } from "../../platform/errors.ts";
import { type Asset, assets } from "../ledger/index.ts";
import {
  amountTooLarge,
  demoHasNoAddress,
  notOnChainHere,
  noWalletOnRail,
  policyMissing,
  railHasNoClaims,
  railPaused,
  staysOnLedger,
  unknownAsset,
  unsupportedPair,
} from "./errors.ts";
import { coinRates, exchangeFor, supportedPairs } from "./exchange.ts";
import type { Delivery, Funding, PayoutSource } from "./payout.ts";
import { decide, type PayoutPolicy, type PolicyDecision } from "./policy.ts";
import { addressStanding, policyOf } from "./policy-store.ts";
import { railPause } from "./rail-pause.ts";
import { isOnRail, type PayoutRail, type PayoutRails } from "./rails.ts";

export type PlanSettings = Pick<Config, "payouts" | "flare" | "xrpl" | "auth"> & { rails: PayoutRails };

/** Whom a payout is for. */
export type Payee = {
  playerId: string | null;
  /** A wallet address, or `demo:{playerId}`. */
  account: string;
  isDemo: boolean;
};

/** What is suspicious about how a player earned, in words; empty when nothing is. */
export type Suspicions = (q: Queryable, playerId: string) => Promise<readonly string[]>;

/** What somebody wants: `amount` minor units of `asset`, paid out as `payAs`. */
export type PayoutIntent = {
  asset: string;
  amount: bigint;
  payAs: string;
  to?: string;
  destinationTag?: number;
  delivery?: Delivery;
};

/** All that is decided about a payout before anything is written. */
export type PayoutPlan = {
  payee: Payee;
  to: string;
  source: PayoutSource;
  delivery: Delivery;
  funding: Funding;
  rate: bigint;
  spent: { asset: Asset; amount: bigint };
  paid: { asset: Asset; rail: string; ref: string; amount: bigint };
  policy: PayoutPolicy;
  decision: PolicyDecision;
  /** How many may approve it at all. */
  approvers: number;
  /** Whether it could be claimed instead, were it below the approval tier. */
  canClaim: boolean;
};

/** Plans what a player asks for, or refuses it; reads only. */
export async function planRequest(
  q: Queryable,
  settings: PlanSettings & { suspicionsOf: Suspicions },
  payee: Payee,
  intent: PayoutIntent,
): Promise<PayoutPlan> {
  const [spentAsset, paidAsset] = await findAssets(q, intent.asset, intent.payAs);
  const { rate, funding } = exchangeFor(coinRates(settings), intent.asset, intent.payAs);
  const source: PayoutSource = payee.isDemo ? "demo" : settings.payouts.mode;
  if (source !== "onchain") {
    // Without a chain there is nothing that a balance of a settled asset could be turned into.
    if (funding === "balance") throw notOnChainHere(intent.payAs, source);
    const elsewhere = intent.to !== undefined && intent.to.toLowerCase() !== payee.account.toLowerCase();
    if (elsewhere || intent.delivery === "claim") throw payee.isDemo ? demoHasNoAddress() : staysOnLedger();
  }
  return completePlan(q, settings, {
    payee,
    to: source === "onchain" ? await payeeOf(q, settings.rails, payee, intent, paidAsset) : payee.account,
    source,
    delivery: intent.delivery ?? "push",
    funding,
    rate,
    spent: { asset: spentAsset, amount: intent.amount },
    paidAsset,
    amount: intent.amount * rate,
    suspicions: payee.playerId === null ? [] : await settings.suspicionsOf(q, payee.playerId),
  });
}

/** Whom the intent names, or the player's own wallet on the asset's rail. */
async function payeeOf(
  q: Queryable,
  rails: PayoutRails,
  payee: Payee,
  intent: PayoutIntent,
  asset: Asset,
): Promise<string> {
  const rail = railOf(rails, asset);
  if (intent.to !== undefined) {
    return rail.parsePayee({ to: intent.to, destinationTag: intent.destinationTag });
  }
  const chosen = payee.playerId === null ? null : await rail.ownWallet(q, payee.playerId);
  const own = chosen ?? (isOnRail(rail.name, payee.account) ? payee.account : null);
  if (own === null) throw noWalletOnRail(rail.name, asset.code);
  return rail.parsePayee({ to: own, destinationTag: intent.destinationTag });
}

function railOf(rails: PayoutRails, asset: Asset): PayoutRail {
  const rail = asset.rail === null ? undefined : rails.get(asset.rail);
  if (rail === undefined) throw policyMissing(asset.code);
  return rail;
}

/**
 * What the chain has against paying this, asked before anything is locked or written: it may take a while. null where
 * nothing is known against it, and also for an intent that is refused anyway.
 */
export async function findIntentProblem(
  q: Queryable,
  settings: PlanSettings,
  payee: Payee,
  intent: PayoutIntent,
): Promise<AppError | null> {
  if (payee.isDemo || settings.payouts.mode !== "onchain") return null;
  const [, paidAsset] = await findAssets(q, intent.asset, intent.payAs);
  const { rate } = exchangeFor(coinRates(settings), intent.asset, intent.payAs);
  const to = await payeeOf(q, settings.rails, payee, intent, paidAsset);
  return railOf(settings.rails, paidAsset).findProblem({
    payee: to,
    asset: paidAsset,
    amount: intent.amount * rate,
    askedBy: payee.account,
  });
}

/** The same for what was planned already. */
export async function findPlanProblem(
  settings: PlanSettings,
  { source, payee, to, paid }: PayoutPlan,
): Promise<AppError | null> {
  if (source !== "onchain") return null;
  const { asset, amount } = paid;
  return railOf(settings.rails, asset).findProblem({ payee: to, asset, amount, askedBy: payee.account });
}

/** The same for a payout from the rewards account. */
export async function findProposalProblem(
  q: Queryable,
  settings: PlanSettings,
  proposal: {
    proposer: { account: string };
    asset: string;
    amount: bigint;
    to: string;
    destinationTag?: number | undefined;
  },
): Promise<AppError | null> {
  if (settings.payouts.mode !== "onchain") return null;
  const [asset] = await findAssets(q, proposal.asset, proposal.asset);
  if (!Object.hasOwn(coinRates(settings), asset.code)) return null;
  const rail = railOf(settings.rails, asset);
  return rail.findProblem({
    payee: rail.parsePayee(proposal),
    asset,
    amount: proposal.amount,
    askedBy: proposal.proposer.account,
  });
}

/** Plans a payout that the rewards account gives away, or refuses it; reads only. */
export async function planProposal(
  q: Queryable,
  settings: PlanSettings,
  proposal: {
    asset: string;
    amount: bigint;
    to: string;
    destinationTag?: number | undefined;
    playerOf: (to: string) => Promise<string | null>;
  },
): Promise<PayoutPlan> {
  const [asset] = await findAssets(q, proposal.asset, proposal.asset);
  const rates = coinRates(settings);
  if (!Object.hasOwn(rates, asset.code)) {
    throw unsupportedPair(asset.code, asset.code, supportedPairs(rates));
  }
  const to = railOf(settings.rails, asset).parsePayee(proposal);
  const playerId = await proposal.playerOf(to);
  return completePlan(q, settings, {
    // A tag is the payee's own business: an account is a wallet.
    payee: { playerId, account: to.split(":", 1)[0] ?? to, isDemo: false },
    to,
    source: settings.payouts.mode,
    delivery: "push",
    funding: "rewards",
    rate: 1n,
    spent: { asset, amount: proposal.amount },
    paidAsset: asset,
    amount: proposal.amount,
    // An admin decided, not the player's clicks.
    suspicions: [],
  });
}

type Draft = Omit<PayoutPlan, "paid" | "policy" | "decision" | "approvers" | "canClaim"> & {
  paidAsset: Asset;
  amount: bigint;
  suspicions: readonly string[];
};

async function completePlan(
  q: Queryable,
  settings: PlanSettings,
  { paidAsset, amount, suspicions, ...draft }: Draft,
): Promise<PayoutPlan> {
  const { rail, chainRef } = paidAsset;
  if (rail === null || chainRef === null) {
    throw unsupportedPair(draft.spent.asset.code, paidAsset.code, supportedPairs(coinRates(settings)));
  }
  const way = railOf(settings.rails, paidAsset);
  const most = way.maxAmount(paidAsset);
  if (amount > most) throw amountTooLarge(amount, most, paidAsset);
  if (draft.delivery === "claim" && !way.hasClaims) throw railHasNoClaims(rail);
  const policy = await policyOf(q, paidAsset.code);
  if (policy === null) throw policyMissing(paidAsset.code);
  if (draft.source === "onchain") {
    const pause = await railPause(q, rail);
    if (pause !== null) throw railPaused(rail, pause.reason);
  }
  const standing = await addressStanding(q, draft.to, draft.payee.account);
  const decision = decide({
    policy,
    asset: paidAsset,
    amount,
    source: draft.source,
    delivery: draft.delivery,
    approvers: way.approvers,
    payee: { address: draft.to, ...standing },
    suspicions,
  });
  return {
    ...draft,
    paid: { asset: paidAsset, rail, ref: chainRef, amount },
    policy,
    decision,
    approvers: way.approvers,
    canClaim: draft.source === "onchain" && way.hasClaims,
  };
}

async function findAssets(q: Queryable, spend: string, payAs: string): Promise<[Asset, Asset]> {
  const known = await assets(q);
  const find = (code: string): Asset => {
    const asset = known.find((candidate) => candidate.code === code);
    if (asset === undefined) {
      throw unknownAsset(
        code,
        known.map((candidate) => candidate.code),
      );
    }
    return asset;
  };
  return [find(spend), find(payAs)];
}

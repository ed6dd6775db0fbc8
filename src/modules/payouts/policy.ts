import { formatUnits } from "../../platform/amounts.ts";
import {
  addressDenied,
  amountTooLarge,
  amountTooSmall,
  claimNeedsNoApproval,
  dailyCapReached,
  tooFewApprovers,
} from "./errors.ts";
import type { Delivery, PayoutSource } from "./payout.ts";

/** The vault's amounts are uint96. */
export const MAX_ONCHAIN_AMOUNT = (1n << 96n) - 1n;

/** From `above` on (inclusive), a payout needs `approvals` signatures. */
export type Tier = { above: bigint; approvals: number };

/** What may be paid of one asset; a row of payout_policies. Tiers ascend. */
export type PayoutPolicy = {
  asset: string;
  tiers: readonly Tier[];
  minAmount: bigint;
  playerDailyCap: bigint;
  assetDailyCap: bigint;
  firstAddressDelaySeconds: number;
  /** How long a player's payouts wait while something about how they earned is suspicious. */
  suspicionDelaySeconds: number;
};

export type PolicyQuestion = {
  policy: PayoutPolicy;
  asset: { code: string; scale: number };
  amount: bigint;
  source: PayoutSource;
  delivery: Delivery;
  /** How many may approve at all. */
  approvers: number;
  payee: {
    address: string;
    rule: "allow" | "deny" | null;
    /** Whether a payout to it was ever final. */
    paidBefore: boolean;
  };
  /** What is suspicious about the player who asks, in words; empty when nothing is. */
  suspicions: readonly string[];
};

export type PolicyDecision = {
  approvalsRequired: number;
  /** Seconds that the payout waits before it goes on by itself. */
  delaySeconds: number;
  /** The decision in words. */
  reason: string;
};

/** Signatures that `amount` needs: the highest tier that it reaches. */
export function approvalsFor(policy: PayoutPolicy, amount: bigint): { required: number; tier: Tier | null } {
  let tier: Tier | null = null;
  for (const candidate of policy.tiers) {
    if (amount >= candidate.above && (tier === null || candidate.above >= tier.above)) tier = candidate;
  }
  return { required: tier?.approvals ?? 0, tier };
}

/**
 * What the policy says about one payout, or the first refusal: what the caller can never have comes before what they
 * could have with another amount. Daily caps are not in here, see `refuseAboveCaps`.
 */
export function decide(question: PolicyQuestion): PolicyDecision {
  const { policy, asset, amount, source, delivery, approvers, payee, suspicions } = question;
  if (payee.rule === "deny") throw addressDenied(payee.address);
  if (amount < policy.minAmount) throw amountTooSmall(amount, policy.minAmount, asset);
  if (source === "demo") {
    return {
      approvalsRequired: 0,
      delaySeconds: 0,
      reason: `demo: no ${asset.code} leaves, so it needs no approval`,
    };
  }
  if (source === "server") {
    return { approvalsRequired: 0, delaySeconds: 0, reason: "needs no approval: it stays on the ledger" };
  }
  if (amount > MAX_ONCHAIN_AMOUNT) throw amountTooLarge(amount, MAX_ONCHAIN_AMOUNT, asset);
  const { required, tier } = approvalsFor(policy, amount);
  if (delivery === "claim" && required > 0) throw claimNeedsNoApproval(required, approvers);
  if (required > approvers) throw tooFewApprovers(required, approvers);
  const isKnown = payee.paidBefore || payee.rule === "allow";
  const waits = [
    { seconds: isKnown ? 0 : policy.firstAddressDelaySeconds, why: "first payout to this address" },
    // Slowed, never kept: a person who was mistaken for a program gets everything, later.
    {
      seconds: suspicions.length === 0 || payee.rule === "allow" ? 0 : policy.suspicionDelaySeconds,
      why: `unusual clicking (${suspicions.join(", ")})`,
    },
  ].filter(({ seconds }) => seconds > 0);
  const delaySeconds = Math.max(0, ...waits.map(({ seconds }) => seconds));
  const words = (value: bigint) => `${formatUnits(value, asset.scale)} ${asset.code}`;
  const [lowest] = policy.tiers;
  const needs =
    tier !== null
      ? `needs ${required} of ${approvers}: ${words(tier.above)} or more`
      : `needs no approval: ${lowest === undefined ? `no tier is set for ${asset.code}` : `below ${words(lowest.above)}`}`;
  const because = waits.map(({ why }) => why).join(" and ");
  const then = delaySeconds > 0 ? `; waits ${durationText(delaySeconds)}: ${because}` : "";
  return { approvalsRequired: required, delaySeconds, reason: `${needs}${then}` };
}

/** What was requested today, this payout included; `player` is null where no player's cap applies. */
export type DailyUsage = { player: bigint | null; asset: bigint };

/** Refuses a payout that takes its player or its asset past the day's cap. A demo payout uses up neither. */
export function refuseAboveCaps(
  policy: PayoutPolicy,
  asset: { code: string; scale: number },
  amount: bigint,
  usage: DailyUsage,
): void {
  const left = (cap: bigint, used: bigint) => (cap > used - amount ? cap - (used - amount) : 0n);
  if (usage.player !== null && usage.player > policy.playerDailyCap) {
    throw dailyCapReached("player", asset, policy.playerDailyCap, left(policy.playerDailyCap, usage.player));
  }
  if (usage.asset > policy.assetDailyCap) {
    throw dailyCapReached("asset", asset, policy.assetDailyCap, left(policy.assetDailyCap, usage.asset));
  }
}

/** `90061` is `1 d 1 h 1 min 1 s`. */
export function durationText(seconds: number): string {
  const parts: [count: number, unit: string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

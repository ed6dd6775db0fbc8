import type { Asset } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import type { AssetTreasury } from "./types.ts";

/** How many must sign, by the highest tier that the amount reaches, and in words why. */
export function approvalsFor(asset: Asset, amount: bigint): { required: number; why: string } {
  const tiers = asset.tiers
    .map(({ above, approvals }) => ({ above: BigInt(above), approvals }))
    .toSorted((a, b) => (a.above < b.above ? -1 : a.above > b.above ? 1 : 0));
  const words = (value: bigint): string =>
    `${formatAmount(value, asset.scale, { maxFraction: 18 })} ${asset.code}`;
  const tier = tiers.findLast(({ above }) => amount >= above);
  const next = tiers.find(({ above }) => amount < above);
  if (tier === undefined) {
    return {
      required: 0,
      why: next === undefined ? `${asset.code} has no tiers` : `it is below ${words(next.above)}`,
    };
  }
  const from = `${words(tier.above)} or more`;
  return {
    required: tier.approvals,
    why: next === undefined ? `it is ${from}` : `it is ${from}, and below ${words(next.above)}`,
  };
}

export type TreasuryEffect = {
  available: bigint;
  after: bigint;
  /** The rewards account cannot pay it. */
  isShort: boolean;
  /** Without approvals the vault pays out of its bucket; null where that does not matter or is not known. */
  bucket: { available: bigint; isShort: boolean } | null;
};

/** What paying `amount` leaves. */
export function treasuryEffect(
  { ledger, chain }: AssetTreasury,
  amount: bigint,
  approvalsRequired: number,
): TreasuryEffect {
  const available = BigInt(ledger.rewardsAvailable);
  const bucket = chain === null || approvalsRequired > 0 ? null : BigInt(chain.bucketAvailable);
  return {
    available,
    after: available - amount,
    isShort: amount > available,
    bucket: bucket === null ? null : { available: bucket, isShort: amount > bucket },
  };
}

import type { Asset, Quote } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";

/** What is wrong with an amount that was typed; null when nothing is. */
export function faultOf(
  text: string,
  amount: bigint | null,
  available: bigint,
  asset: { code: string; scale: number },
): string | null {
  if (text.trim() === "") return "Say how much.";
  if (amount === null) {
    return asset.scale === 0
      ? `${asset.code} has no fractions: write a whole number.`
      : `Write a number with at most ${asset.scale} digits after the point.`;
  }
  if (amount === 0n) return "Say more than zero.";
  return amount > available ? `You have ${formatAmount(available, asset.scale)} ${asset.code}.` : null;
}

/** A quote above a limit is still a quote; the request would be refused. */
export function overCap({ amount, limits }: Quote, paid: Asset): string | null {
  const units = (value: string) => `${formatAmount(value, paid.scale)} ${paid.code}`;
  if (BigInt(amount) > BigInt(limits.playerLeftToday)) {
    return `That is ${units(amount)}; ${units(limits.playerLeftToday)} are left for you today.`;
  }
  if (BigInt(amount) > BigInt(limits.assetLeftToday)) {
    return `That is ${units(amount)}; ${units(limits.assetLeftToday)} may leave in all today.`;
  }
  return null;
}

import { InvariantError } from "../../platform/errors.ts";

/** Which way out of the vault a number belongs to; each way accepts its own series only. */
export type Series = "push" | "signed" | "claim";

/** Bits 60 and 61 of a number (IPayoutVault.sol). */
const SERIES_BITS: { readonly [S in Series]: bigint } = { push: 0n, signed: 1n, claim: 2n };
const SERIES_SHIFT = 60n;
const ASSET_SHIFT = 40n;

/** Counters are dense from 1 in the low 40 bits. */
export const MAX_COUNTER = (1n << ASSET_SHIFT) - 1n;

/**
 * Bits 40 to 59. They are part of what was signed and of what the chain has consumed, so an index is never reused or
 * changed; a new settled asset takes the next one.
 */
const ASSET_INDEX: Readonly<Record<string, bigint>> = { FLR: 0n, XRP: 1n, RLUSD: 2n };

export function assetIndex(asset: string): bigint {
  const index = ASSET_INDEX[asset];
  if (index === undefined) throw new InvariantError(`asset ${asset} has no index in payout numbers`);
  return index;
}

export type PayoutNumberParts = { series: Series; assetIndex: bigint; counter: bigint };

export function encodeNumber(series: Series, asset: string, counter: bigint): bigint {
  if (counter < 1n || counter > MAX_COUNTER)
    throw new InvariantError(`payout counter ${counter} is out of range`);
  return (SERIES_BITS[series] << SERIES_SHIFT) | (assetIndex(asset) << ASSET_SHIFT) | counter;
}

/** null for a number that this scheme never gives. */
export function decodeNumber(number: bigint): PayoutNumberParts | null {
  const series = (Object.keys(SERIES_BITS) as Series[]).find(
    (name) => SERIES_BITS[name] === number >> SERIES_SHIFT,
  );
  const counter = number & MAX_COUNTER;
  if (series === undefined || counter === 0n) return null;
  return {
    series,
    assetIndex: (number >> ASSET_SHIFT) & ((1n << (SERIES_SHIFT - ASSET_SHIFT)) - 1n),
    counter,
  };
}

/** The series in which a payout gets its number. */
export function seriesOf(payout: { delivery: "push" | "claim"; approvalsRequired: number }): Series {
  if (payout.delivery === "claim") return "claim";
  return payout.approvalsRequired > 0 ? "signed" : "push";
}

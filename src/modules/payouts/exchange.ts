import type { Config } from "../../config.ts";
import { unsupportedPair } from "./errors.ts";

/** Points that can be exchanged, and the settled assets that a payout can pay. */
export type Exchange = {
  /** Minor units of what is paid for one minor unit of what is spent. */
  rate: bigint;
  funding: "exchange" | "balance";
};

/** Minor units of each settled asset for one COIN; an asset that is missing is not paid here. */
export type CoinRates = Readonly<Record<string, bigint>>;

export function coinRates({ payouts, xrpl }: Pick<Config, "payouts" | "xrpl">): CoinRates {
  return {
    FLR: payouts.weiPerCoin,
    // What does not leave needs no rail, so a demo shows every asset.
    ...(xrpl === null && payouts.mode === "onchain" ? {} : { XRP: payouts.dropsPerCoin }),
    ...(xrpl?.rlusdIssuer == null ? {} : { RLUSD: payouts.microRlusdPerCoin }),
  };
}

/** What `spend` is worth when paid out as `payAs`. Integer rates only, so nothing is ever rounded. */
export function exchangeFor(rates: CoinRates, spend: string, payAs: string): Exchange {
  const rate = Object.hasOwn(rates, payAs) ? rates[payAs] : undefined;
  if (rate !== undefined && spend === "COIN") return { rate, funding: "exchange" };
  if (rate !== undefined && spend === payAs) return { rate: 1n, funding: "balance" };
  throw unsupportedPair(spend, payAs, supportedPairs(rates));
}

export function supportedPairs(rates: CoinRates): { asset: string; payAs: string }[] {
  return Object.keys(rates).flatMap((code) => [
    { asset: "COIN", payAs: code },
    { asset: code, payAs: code },
  ]);
}

/** The most that a transaction offers per gas. */
export type Fees = {
  maxFeePerGasWei: bigint;
  maxPriorityFeePerGasWei: bigint;
};

/** What `eth_feeHistory` showed: the next block's base fee and the tips of recent blocks. */
export type FeeMarket = {
  nextBaseFeeWei: bigint;
  tipsWei: readonly bigint[];
};

/** A replacement must offer at least a tenth more of both fees (geth, `core/txpool/legacypool` PriceBump = 10). */
const BUMP_PERCENT = 110n;

/** The base fee can double within a minute on Flare, so an offer has room for that. */
const BASE_FEE_ROOM = 2n;

const LEAST_TIP_WEI = 1n;

/** Null while the next block's base fee alone is above the cap: waiting costs less than any offer. */
export function firstFees(market: FeeMarket, capWei: bigint): Fees | null {
  const tip = medianTip(market.tipsWei);
  const wanted = market.nextBaseFeeWei * BASE_FEE_ROOM + tip;
  const maxFeePerGasWei = wanted < capWei ? wanted : capWei;
  if (maxFeePerGasWei < market.nextBaseFeeWei + LEAST_TIP_WEI) return null;
  const room = maxFeePerGasWei - market.nextBaseFeeWei;
  return { maxFeePerGasWei, maxPriorityFeePerGasWei: tip < room ? tip : room };
}

/**
 * Fees for another attempt under the same nonce: today's market, but at least a tenth above the previous attempt in
 * both. Null when the cap leaves no room for that; the previous attempt then goes on being offered as it is.
 */
export function raisedFees(previous: Fees, market: FeeMarket, capWei: bigint): Fees | null {
  const least: Fees = {
    maxFeePerGasWei: bump(previous.maxFeePerGasWei),
    maxPriorityFeePerGasWei: bump(previous.maxPriorityFeePerGasWei),
  };
  if (least.maxFeePerGasWei > capWei || least.maxPriorityFeePerGasWei > capWei) return null;
  const tip = max(least.maxPriorityFeePerGasWei, medianTip(market.tipsWei));
  const fee = max(least.maxFeePerGasWei, market.nextBaseFeeWei * BASE_FEE_ROOM + tip);
  const maxFeePerGasWei = fee < capWei ? fee : capWei;
  return { maxFeePerGasWei, maxPriorityFeePerGasWei: tip < maxFeePerGasWei ? tip : maxFeePerGasWei };
}

/** Rounded up, so that tiny fees rise too. */
function bump(wei: bigint): bigint {
  return (wei * BUMP_PERCENT + 99n) / 100n;
}

function medianTip(tipsWei: readonly bigint[]): bigint {
  const sorted = tipsWei.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return max(sorted[Math.floor(sorted.length / 2)] ?? LEAST_TIP_WEI, LEAST_TIP_WEI);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

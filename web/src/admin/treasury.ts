import type { Asset } from "../api/types.ts";
import type { AssetTreasury } from "./types.ts";

/** How what lies on chain, now, stands to what our books say lies there. */
export type VaultComparison = {
  /** `in_flight`: the chain is ahead of our books by no more than what was sent and is not yet final. */
  state: "agrees" | "surplus" | "in_flight" | "deficit";
  /** Chain minus books. */
  difference: bigint;
};

/**
 * `feeSlack` is what the chain may have taken as fees that are not in our books yet: where fees come out of the same
 * money, they are booked when their transactions have been read.
 */
export function compareVault({ ledger, chain }: AssetTreasury, feeSlack = 0n): VaultComparison | null {
  if (chain === null) return null;
  const difference = BigInt(chain.vault) - BigInt(ledger.vault);
  if (difference === 0n) return { state: "agrees", difference };
  // Anybody may send coins there.
  if (difference > 0n) return { state: "surplus", difference };
  return { state: -difference <= BigInt(ledger.underWay) + feeSlack ? "in_flight" : "deficit", difference };
}

/**
 * What one payout may be without approvals now: less than the lowest tier, from which on signatures are needed, or at most
 * what is in the vault's bucket, whichever is less.
 */
export function unapprovedLimit(
  asset: Pick<Asset, "tiers">,
  bucketAvailable: bigint,
): { kind: "below" | "up_to"; amount: bigint } {
  const lowest = asset.tiers
    .map(({ above }) => BigInt(above))
    .reduce<bigint | null>((least, value) => (least === null || value < least ? value : least), null);
  return lowest === null || bucketAvailable < lowest
    ? { kind: "up_to", amount: bucketAvailable }
    : { kind: "below", amount: lowest };
}

/** Whole hundredths of `whole`, cut, between 0 and 100: for the width of a bar, never for an amount. */
export function percentOf(part: bigint, whole: bigint): number {
  if (whole <= 0n || part <= 0n) return 0;
  return part >= whole ? 100 : Number.parseInt(((part * 100n) / whole).toString(), 10);
}

export type DriftLine = {
  message: string;
  asset: string | null;
  /** Vault minus ledger, where the difference is one of money. */
  difference: bigint | null;
  ledger: bigint | null;
  vault: bigint | null;
};

/** Reads what reconciliation found. What cannot be read is shown as it is, because drift is never hidden. */
export function driftLines(drift: unknown): { block: string | null; lines: DriftLine[] } | null {
  if (drift === null || drift === undefined) return null;
  const { block, drifts } = (typeof drift === "object" ? drift : {}) as {
    block?: unknown;
    drifts?: unknown;
  };
  const lines = Array.isArray(drifts) && drifts.length > 0 ? drifts.map(driftLine) : [plainLine(drift)];
  return { block: typeof block === "string" ? block : null, lines };
}

function driftLine(found: unknown): DriftLine {
  if (typeof found !== "object" || found === null) return plainLine(found);
  const { message, asset, details } = found as { message?: unknown; asset?: unknown; details?: unknown };
  if (typeof message !== "string") return plainLine(found);
  const { ledger, vault } = (details ?? {}) as { ledger?: unknown; vault?: unknown };
  const books = wholeNumber(ledger);
  const chain = wholeNumber(vault);
  return {
    message,
    asset: typeof asset === "string" ? asset : null,
    ledger: books,
    vault: chain,
    difference: books === null || chain === null ? null : chain - books,
  };
}

function plainLine(found: unknown): DriftLine {
  return { message: JSON.stringify(found), asset: null, difference: null, ledger: null, vault: null };
}

function wholeNumber(value: unknown): bigint | null {
  return typeof value === "string" && /^-?[0-9]+$/.test(value) ? BigInt(value) : null;
}

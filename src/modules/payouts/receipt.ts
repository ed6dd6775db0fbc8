import type { Static } from "typebox";
import type { Config } from "../../config.ts";
import { notConfirmed } from "./errors.ts";
import type { Payout, PayoutTransition } from "./payout.ts";
import type { ReceiptSchema } from "./schemas.ts";

export type Receipt = Static<typeof ReceiptSchema>;

/** What one needs to check a finished payout without asking us. */
export function receiptOf(
  config: Pick<Config, "flare" | "xrpl">,
  payout: Payout,
  history: readonly PayoutTransition[],
): Receipt {
  if (payout.status !== "confirmed" && payout.status !== "credited") {
    throw notConfirmed(payout.id, payout.status);
  }
  const chain = chainPart(config, payout);
  const refusedIt = history.some(({ to }) => to === "credited");
  const pulled = payout.status === "confirmed" && refusedIt ? history.at(-1) : undefined;
  return {
    id: payout.id,
    status: payout.status,
    source: payout.source,
    rail: payout.rail,
    account: payout.account,
    to: payout.to,
    asset: payout.asset,
    assetAddress: payout.assetRef,
    amount: payout.amount.toString(),
    spent: { asset: payout.spentAsset, amount: payout.spentAmount.toString() },
    settledAt: payout.updatedAt.toISOString(),
    chain,
    verify:
      chain === null
        ? [offChainText(payout)]
        : verifyTexts(chain, payout, { refusedIt, pulledHow: pulled?.reason ?? null }),
  };
}

function chainPart(config: Pick<Config, "flare" | "xrpl">, payout: Payout): Receipt["chain"] {
  const { number, txHash, blockNumber } = payout;
  const place = placeOf(config, payout.rail);
  if (place === null || number === null || txHash === null || blockNumber === null) return null;
  return { ...place, number: number.toString(), txHash, blockNumber: blockNumber.toString() };
}

/** Which chain, and what pays there. */
function placeOf(
  { flare, xrpl }: Pick<Config, "flare" | "xrpl">,
  rail: string,
): { chainId: number; vault: string } | null {
  if (rail === "xrpl") return xrpl === null ? null : { chainId: xrpl.networkId, vault: xrpl.treasury };
  return flare.vaultAddress === null ? null : { chainId: flare.chainId, vault: flare.vaultAddress };
}

function offChainText(payout: Payout): string {
  return payout.source === "demo"
    ? "a demo payout: nothing left, so there is nothing on chain"
    : `the statement of ${payout.account} shows it with cause payout_${payout.source} and ref payout:${payout.id}`;
}

function verifyTexts(
  chain: NonNullable<Receipt["chain"]>,
  payout: Payout,
  { refusedIt, pulledHow }: { refusedIt: boolean; pulledHow: string | null },
): string[] {
  const { vault, number, txHash } = chain;
  if (payout.rail === "xrpl") return xrplTexts(chain, payout);
  return [
    `call isConsumed(${number}) on the vault ${vault}: true, and for no other payout, ever`,
    `transaction ${txHash} carries ${eventText(payout, number, refusedIt)}`,
    ...(payout.series === "push" ? [`its payBatch call holds the word ${entryWord(payout)} for it`] : []),
    ...(payout.status === "credited"
      ? [
          `${payout.to} refused the payment; the vault owes it: withdrawCredit(${payout.assetRef}, to) pays it`,
        ]
      : []),
    ...(pulledHow === null ? [] : [`${payout.to} refused the payment first; then ${pulledHow}`]),
  ];
}

function xrplTexts(
  { vault, number, txHash, blockNumber }: NonNullable<Receipt["chain"]>,
  payout: Payout,
): string[] {
  return [
    `ask any server of the network for the transaction ${txHash}: validated, in ledger ${blockNumber}, tesSUCCESS, a Payment from ${vault} to ${payout.to}`,
    `its delivered_amount is what arrived: ${payout.amount} minor units of ${payout.assetRef}`,
    `its memo of type coinclicker/payout is ${number}; account_tx of ${vault} shows no other payment with that memo`,
  ];
}

function eventText(payout: Payout, number: string, refusedIt: boolean): string {
  const { assetRef, to, amount, series } = payout;
  if (refusedIt) return `PayoutCredited(${assetRef}, ${number}, ${to}, ${amount})`;
  switch (series) {
    case "signed":
      return `ApprovedPaid(${number}, ${assetRef}, ${to}, ${amount})`;
    case "claim":
      return `Claimed(${number}, ${assetRef}, ${to}, ${amount})`;
    default:
      return `BatchPaid(${assetRef}, first, count, …) with first ≤ ${number} < first + count`;
  }
}

/** `address | uint96 amount`, as `payBatch` takes it. */
function entryWord(payout: Payout): string {
  const word = (BigInt(payout.to) << 96n) | payout.amount;
  return `0x${word.toString(16).padStart(64, "0")}`;
}

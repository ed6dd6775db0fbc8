import { formatXrplDestination, type XrplAddress } from "../../../../platform/xrpl/address.ts";
import {
  assetRefText,
  fromLedgerAmount,
  fromLedgerValue,
  type XrplLedgerAmount,
} from "../../../../platform/xrpl/amount.ts";
import type { ChainEvent } from "../rail.ts";
import { numberInMemos, SCALE } from "./transactions.ts";

/** One entry of `account_tx` in api_version 2. */
export type AccountTransaction = {
  hash: string;
  ledger_index: number;
  validated: boolean;
  tx_json: Record<string, unknown> & { Account: string; Fee: string; TransactionType: string };
  meta: Meta;
};

export type Meta = {
  TransactionResult: string;
  delivered_amount?: XrplLedgerAmount | "unavailable";
  AffectedNodes: readonly Record<string, LedgerNode>[];
};

type LedgerNode = {
  LedgerEntryType: string;
  NewFields?: Record<string, unknown>;
  FinalFields?: Record<string, unknown>;
  PreviousFields?: Record<string, unknown>;
};

const XRP = "XRP";

/**
 * What one validated transaction did to the treasury's money, in full: the fee that it took, the payout that it paid,
 * and whatever else came or went. The sum of the events of an asset is the change of its balance, to the minor unit.
 */
export function eventsOf(treasury: string, entry: AccountTransaction): ChainEvent[] {
  const { tx_json: transaction, meta } = entry;
  const rest = balanceChanges(treasury, meta);
  const events: ChainEvent[] = [];
  const add = (event: Pick<ChainEvent, "kind" | "assetRef" | "firstNumber" | "party" | "amount">) =>
    events.push({
      ...event,
      txHash: entry.hash,
      logIndex: events.length,
      blockNumber: BigInt(entry.ledger_index),
      size: event.firstNumber === null ? 0 : 1,
    });
  const isOurs = transaction.Account === treasury;
  if (isOurs) {
    const fee = BigInt(transaction.Fee);
    add({ kind: "fee", assetRef: XRP, firstNumber: null, party: null, amount: fee });
    change(rest, XRP, fee);
  }
  const paid = isOurs ? paymentIn(entry) : null;
  if (paid !== null) {
    // Without a key of its own it was taken by the signer list's quorum.
    add({ kind: transaction.SigningPubKey === "" ? "paid_signed" : "paid", ...paid });
    change(rest, paid.assetRef, paid.amount);
  }
  for (const [assetRef, amount] of rest) {
    if (amount > 0n) {
      add({ kind: "funded", assetRef, firstNumber: null, party: transaction.Account, amount });
    }
    if (amount < 0n) {
      const party =
        typeof transaction.Destination === "string" ? transaction.Destination : transaction.Account;
      add({ kind: "unknown_payment", assetRef, firstNumber: null, party, amount: -amount });
    }
  }
  return events;
}

/** The payout that a payment of ours paid, by what was delivered and by nothing else. */
function paymentIn({ tx_json: transaction, meta }: AccountTransaction) {
  if (transaction.TransactionType !== "Payment" || meta.TransactionResult !== "tesSUCCESS") return null;
  const firstNumber = numberInMemos(transaction.Memos);
  const delivered = meta.delivered_amount;
  if (firstNumber === null || delivered === undefined || delivered === "unavailable") return null;
  const { ref, minorUnits } = fromLedgerAmount(delivered, SCALE);
  const tag = typeof transaction.DestinationTag === "number" ? transaction.DestinationTag : null;
  const party = formatXrplDestination({ address: transaction.Destination as XrplAddress, tag });
  return { firstNumber, party, assetRef: assetRefText(ref), amount: minorUnits };
}

/** How the transaction changed each of the account's balances; what did not change is missing. */
export function balanceChanges(account: string, meta: Meta): Map<string, bigint> {
  const changes = new Map<string, bigint>();
  for (const entry of meta.AffectedNodes) {
    for (const node of Object.values(entry)) {
      if (node.LedgerEntryType === "AccountRoot") {
        const fields = node.FinalFields ?? node.NewFields;
        if (fields?.Account === account) change(changes, XRP, xrpChange(node));
      }
      if (node.LedgerEntryType === "RippleState") {
        const line = lineChange(account, node);
        if (line !== null) change(changes, line.assetRef, line.amount);
      }
    }
  }
  return changes;
}

function change(changes: Map<string, bigint>, assetRef: string, amount: bigint): void {
  const sum = (changes.get(assetRef) ?? 0n) + amount;
  if (sum === 0n) changes.delete(assetRef);
  else changes.set(assetRef, sum);
}

function xrpChange({ NewFields, FinalFields, PreviousFields }: LedgerNode): bigint {
  if (NewFields !== undefined) return BigInt(String(NewFields.Balance ?? "0"));
  if (PreviousFields?.Balance === undefined) return 0n;
  return BigInt(String(FinalFields?.Balance ?? "0")) - BigInt(String(PreviousFields.Balance));
}

type LineAmount = { currency: string; issuer: string; value: string };

/** A trust line's balance counts for its low account; seen from the high one it is turned round. */
function lineChange(account: string, node: LedgerNode): { assetRef: string; amount: bigint } | null {
  const fields = node.FinalFields ?? node.NewFields;
  const low = fields?.LowLimit as LineAmount | undefined;
  const high = fields?.HighLimit as LineAmount | undefined;
  const after = fields?.Balance as LineAmount | undefined;
  if (low === undefined || high === undefined || after === undefined) return null;
  if (low.issuer !== account && high.issuer !== account) return null;
  const before =
    node.NewFields === undefined
      ? (node.PreviousFields?.Balance as LineAmount | undefined)
      : { ...after, value: "0" };
  if (before === undefined) return null;
  const isLow = low.issuer === account;
  const held = ({ value }: LineAmount) => heldBy(isLow, value);
  const assetRef = assetRefText({
    kind: "issued",
    currency: after.currency,
    issuer: isLow ? high.issuer : low.issuer,
  });
  return { assetRef, amount: held(after) - held(before) };
}

/** Rounded toward zero before and after, so that changes add up to the rounded balance. */
function heldBy(isLow: boolean, value: string): bigint {
  const { minorUnits } = fromLedgerValue(value, SCALE);
  return isLow ? minorUnits : -minorUnits;
}

import { isSuccess } from "../engine/engine-results.ts";
import type { ClosedLedger, ClosedTransaction } from "../engine/ledger-history.ts";
import type { Transaction } from "../engine/transaction.ts";
import { isoTime } from "./ledger-time.ts";
import type { Result } from "./request.ts";

/** From api_version 2 on, a payment's Amount is called what it is: the most that may arrive. */
export function transactionJson({ fields }: Transaction, apiVersion: number): Result {
  if (fields.TransactionType !== "Payment") return { ...fields };
  const { Amount, ...rest } = fields;
  return apiVersion > 1 ? { ...rest, DeliverMax: Amount } : { ...rest, Amount, DeliverMax: Amount };
}

/** Metadata with what arrived, which the ledger itself only stores where it differs from the Amount. */
export function metadataJson({ tx, meta }: ClosedTransaction): Result {
  const hasDelivery = ["Payment", "AccountDelete"].includes(tx.fields.TransactionType);
  const delivered = meta.DeliveredAmount ?? (hasDelivery ? tx.fields.Amount : undefined);
  if (!isSuccess(meta.TransactionResult) || delivered === undefined) return { ...meta };
  return { ...meta, delivered_amount: delivered };
}

/** Where a transaction is, in 16 digits: ledger, place in it, network. */
export function ctidOf({ meta, ledgerIndex }: ClosedTransaction, networkId: number): string | null {
  if (ledgerIndex > 0x0fff_ffff || meta.TransactionIndex > 0xffff || networkId > 0xffff) return null;
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, "0");
  return `C${hex(ledgerIndex, 7)}${hex(meta.TransactionIndex, 4)}${hex(networkId, 4)}`;
}

/** What is said of every transaction of a closed ledger. */
export function closedJson(closed: ClosedTransaction, ledger: ClosedLedger): Result {
  return {
    close_time_iso: isoTime(ledger.closeTime),
    hash: closed.tx.hash,
    ledger_hash: ledger.hash,
    ledger_index: ledger.index,
    meta: metadataJson(closed),
    validated: true,
  };
}

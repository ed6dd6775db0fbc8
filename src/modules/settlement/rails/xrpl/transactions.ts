import type { Transaction, Wallet } from "xrpl";
import { LAST_UNNAMED_NETWORK, parseXrplDestination } from "../../../../platform/xrpl/address.ts";
import { parseAssetRef, toLedgerAmount } from "../../../../platform/xrpl/amount.ts";
import type { Payment } from "../rail.ts";

/** Type of the memo that carries a payout's number, so that anybody can match ledger and payouts. */
export const MEMO_TYPE = "coinclicker/payout";

/** Every asset that is paid on this rail is kept in millionths. */
export const SCALE = 6;

/** What all of the treasury's transactions have in common. */
export type Frame = {
  treasury: string;
  networkId: number;
  feeDrops: bigint;
  /** No ledger above this one can include it. */
  lastLedger: bigint;
};

type Fields = Record<string, unknown>;

function frame({ treasury, networkId, feeDrops, lastLedger }: Frame): Fields {
  return {
    Account: treasury,
    Fee: feeDrops.toString(),
    LastLedgerSequence: uint32(lastLedger),
    ...(networkId > LAST_UNNAMED_NETWORK ? { NetworkID: networkId } : {}),
  };
}

/** Under a ticket the account's own sequence stays out, and must be said to (an absent one is filled in by clients). */
function underTicket(ticket: bigint): Fields {
  return { Sequence: 0, TicketSequence: uint32(ticket) };
}

/** A payment in full: tfPartialPayment is never set, so what is delivered is this amount or nothing. */
export function paymentOf(
  options: Frame & { ticket: bigint; assetRef: string; payment: Payment },
): Transaction {
  const { payment, networkId } = options;
  const { address, tag } = parseXrplDestination(payment.to, { networkId });
  return {
    TransactionType: "Payment",
    ...frame(options),
    ...underTicket(options.ticket),
    Destination: address,
    ...(tag === null ? {} : { DestinationTag: tag }),
    Amount: toLedgerAmount(parseAssetRef(options.assetRef), payment.amount, SCALE),
    Memos: [{ Memo: { MemoType: hex(MEMO_TYPE), MemoData: hex(payment.number.toString()) } }],
  } as unknown as Transaction;
}

/** Changes nothing, and so uses up its ticket. */
export function nothingOf(options: Frame & { ticket: bigint }): Transaction {
  return {
    TransactionType: "AccountSet",
    ...frame(options),
    ...underTicket(options.ticket),
  } as unknown as Transaction;
}

export function ticketCreateOf(options: Frame & { sequence: bigint; count: number }): Transaction {
  return {
    TransactionType: "TicketCreate",
    ...frame(options),
    Sequence: uint32(options.sequence),
    TicketCount: options.count,
  } as unknown as Transaction;
}

/** Signed with the treasury's regular key, for the treasury's account. */
export function signWith(wallet: Wallet, transaction: Transaction): { raw: string; txHash: string } {
  const { tx_blob: raw, hash: txHash } = wallet.sign(transaction);
  return { raw, txHash };
}

/** The number in a transaction's memos; null unless exactly one memo is ours and holds a number. */
export function numberInMemos(memos: unknown): bigint | null {
  if (!Array.isArray(memos)) return null;
  const ours = memos.flatMap((entry: { Memo?: { MemoType?: string; MemoData?: string } }) =>
    entry.Memo?.MemoType?.toUpperCase() === hex(MEMO_TYPE) ? [entry.Memo.MemoData ?? ""] : [],
  );
  const [data] = ours;
  if (data === undefined || ours.length > 1 || !/^([0-9a-fA-F]{2})+$/.test(data)) return null;
  const text = Buffer.from(data, "hex").toString("utf8");
  return /^[1-9][0-9]{0,18}$/.test(text) ? BigInt(text) : null;
}

function hex(text: string): string {
  return Buffer.from(text, "utf8").toString("hex").toUpperCase();
}

/** Ledger indexes, sequences and tickets are 32 bits wide. */
export function uint32(value: bigint): number {
  return Number.parseInt(value.toString(), 10);
}

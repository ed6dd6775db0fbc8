import { splitTag } from "../chain/rails.ts";
import type { XrplNetwork } from "../chain/wallet.ts";
import { parseAmount } from "../lib/amount.ts";
import { differs, type ShownPayout } from "./shown-payout.ts";
import type { Multisign } from "./types.ts";

/** What such a payment has, and nothing else: no other currency may be spent for it, no part of it delivered. */
const FIELDS: ReadonlySet<string> = new Set([
  "TransactionType",
  "Account",
  "Destination",
  "DestinationTag",
  "Amount",
  "Fee",
  "Sequence",
  "TicketSequence",
  "LastLedgerSequence",
  "NetworkID",
  "SigningPubKey",
  "Memos",
]);
/** Networks above this are named in every transaction (XLS-37). */
const LAST_UNNAMED_NETWORK = 1_024;
const MEMO_TYPE = "coinclicker/payout";

/** What a payment of the XRP Ledger says otherwise than the page. */
export function multisignFaults(
  { transaction, ticket, lastLedgerSequence, feeDrops }: Multisign,
  payout: ShownPayout,
  chain: XrplNetwork | null,
): string[] {
  const faults: string[] = [];
  const compare = (what: string, signed: unknown, shown: unknown): void => {
    if (String(signed ?? "none") !== String(shown ?? "none")) faults.push(differs(what, signed, shown));
  };
  const { address, tag } = splitTag(payout.to);
  compare("kind", transaction.TransactionType, "Payment");
  compare("address", transaction.Destination, address);
  compare("destination tag", transaction.DestinationTag, tag);
  const paid = readAmount(transaction.Amount);
  compare("asset", paid?.currency, payout.asset);
  if (
    paid === null ||
    parseAmount(paid.value, paid.currency === "XRP" ? 0 : payout.scale) !== BigInt(payout.amount)
  ) {
    faults.push(differs("amount", transaction.Amount, payout.amount));
  }
  compare("number", numberInMemos(transaction.Memos), payout.number);
  compare("sequence", transaction.Sequence, 0);
  compare("ticket", transaction.TicketSequence, ticket);
  compare("last ledger", transaction.LastLedgerSequence, lastLedgerSequence);
  compare("fee", transaction.Fee, feeDrops);
  compare("signing key", transaction.SigningPubKey ?? "", "");
  for (const field of Object.keys(transaction).filter((name) => !FIELDS.has(name))) {
    faults.push(`${field}: the payload has this field, which a payout never has`);
  }
  if (chain === null) return [...faults, "the server names no treasury to compare with"];
  compare("paying account", transaction.Account, chain.treasury);
  const named = chain.networkId > LAST_UNNAMED_NETWORK ? chain.networkId : null;
  compare("network", transaction.NetworkID, named);
  return faults;
}

/** Drops of XRP, or an issued currency whose name may be written in hex. */
export function readAmount(
  amount: unknown,
): { currency: string; value: string; issuer: string | null } | null {
  if (typeof amount === "string") return { currency: "XRP", value: amount, issuer: null };
  if (typeof amount !== "object" || amount === null) return null;
  const { currency, value, issuer } = amount as { currency?: unknown; value?: unknown; issuer?: unknown };
  if (typeof currency !== "string" || typeof value !== "string" || typeof issuer !== "string") return null;
  return {
    currency: /^[0-9A-F]{40}$/.test(currency) ? (textOf(currency) ?? currency) : currency,
    value,
    issuer,
  };
}

/** The payout's number, which is the payment's only memo. */
function numberInMemos(memos: unknown): string | null {
  const [entry, ...others] = Array.isArray(memos) ? (memos as { Memo?: Record<string, unknown> }[]) : [];
  const { MemoType, MemoData } = entry?.Memo ?? {};
  if (others.length > 0 || textOf(MemoType) !== MEMO_TYPE) return null;
  return textOf(MemoData);
}

/** ASCII of hex digits, without the zeros that fill up a currency's name; null for anything else. */
function textOf(hex: unknown): string | null {
  if (typeof hex !== "string" || !/^([0-9A-Fa-f]{2})+$/.test(hex)) return null;
  const text = hex
    .replace(/(00)+$/, "")
    .replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16)));
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}

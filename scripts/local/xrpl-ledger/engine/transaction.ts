import { decodeObject, encodeObject } from "./codec.ts";
import type { Amount, SignerEntry, TokenAmount } from "./entries.ts";
import { formatIssued, parseIssued } from "./issued-amount.ts";
import { sha512Half } from "./keylets.ts";

export type Signer = { Signer: { Account: string; SigningPubKey: string; TxnSignature: string } };

/** The fields that this ledger knows; every other one is kept, echoed and hashed all the same. */
export type TransactionFields = {
  TransactionType: string;
  Account: string;
  Fee: string;
  Sequence: number;
  SigningPubKey: string;
  TxnSignature?: string;
  Signers?: Signer[];
  TicketSequence?: number;
  LastLedgerSequence?: number;
  AccountTxnID?: string;
  NetworkID?: number;
  Flags?: number;
  Memos?: { Memo?: Record<string, string> }[];
  Destination?: string;
  DestinationTag?: number;
  Amount?: Amount;
  SendMax?: Amount;
  DeliverMin?: Amount;
  Paths?: unknown[];
  TicketCount?: number;
  SignerQuorum?: number;
  SignerEntries?: SignerEntry[];
  RegularKey?: string;
  LimitAmount?: Amount;
  QualityIn?: number;
  QualityOut?: number;
  SetFlag?: number;
  ClearFlag?: number;
  TransferRate?: number;
  TickSize?: number;
  Domain?: string;
  EmailHash?: string;
  MessageKey?: string;
  WalletLocator?: string;
  NFTokenMinter?: string;
  Authorize?: string;
  Unauthorize?: string;
};

export type Transaction = {
  /** Upper-case hex. */
  hash: string;
  blob: string;
  fields: TransactionFields;
};

const TRANSACTION_ID_PREFIX = "54584E00";

export function transactionOf(blob: string): Transaction {
  const upper = blob.toUpperCase();
  return {
    hash: sha512Half(TRANSACTION_ID_PREFIX, upper),
    blob: upper,
    fields: withServerAmounts(decodeObject(upper)) as TransactionFields,
  };
}

export const transactionOfJson = (json: object): Transaction => transactionOf(encodeObject(json));

export const isToken = (amount: unknown): amount is TokenAmount =>
  typeof amount === "object" && amount !== null && "currency" in amount && "issuer" in amount;

/** The codec writes long decimals in full; the server writes them as mantissa and power. */
function withServerAmounts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withServerAmounts);
  if (typeof value !== "object" || value === null) return value;
  if (isToken(value) && typeof value.value === "string") {
    return { ...value, value: formatIssued(parseIssued(value.value)) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withServerAmounts(one)]));
}

/** Which number a transaction uses up. A Sequence other than 0 goes before a ticket. */
export type SequenceUse = { kind: "sequence" | "ticket"; number: number };

export function sequenceUse({ Sequence, TicketSequence }: TransactionFields): SequenceUse {
  if (Sequence === 0 && TicketSequence !== undefined) return { kind: "ticket", number: TicketSequence };
  return { kind: "sequence", number: Sequence };
}

/** All sequences come before all tickets. */
export function compareUse(a: SequenceUse, b: SequenceUse): number {
  return a.kind === b.kind ? a.number - b.number : a.kind === "sequence" ? -1 : 1;
}

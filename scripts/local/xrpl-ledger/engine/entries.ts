/** Token amounts stay decimal strings in entries, as on the wire; `issued-amount.ts` reckons with them. */
export type TokenAmount = { currency: string; issuer: string; value: string };
export type Amount = string | TokenAmount;

type Threaded = { PreviousTxnID?: string; PreviousTxnLgrSeq?: number };

export type AccountRoot = Threaded & {
  LedgerEntryType: "AccountRoot";
  Account: string;
  Balance: string;
  Flags: number;
  OwnerCount: number;
  Sequence: number;
  TicketCount?: number;
  RegularKey?: string;
  AccountTxnID?: string;
  Domain?: string;
  EmailHash?: string;
  MessageKey?: string;
  WalletLocator?: string;
  NFTokenMinter?: string;
  TransferRate?: number;
  TickSize?: number;
};

export type Ticket = Threaded & {
  LedgerEntryType: "Ticket";
  Account: string;
  Flags: number;
  OwnerNode: string;
  TicketSequence: number;
};

export type SignerEntry = { SignerEntry: { Account: string; SignerWeight: number; WalletLocator?: string } };

export type SignerList = Threaded & {
  LedgerEntryType: "SignerList";
  Flags: number;
  OwnerNode: string;
  SignerEntries: SignerEntry[];
  SignerListID: number;
  SignerQuorum: number;
};

export type RippleState = Threaded & {
  LedgerEntryType: "RippleState";
  Balance: TokenAmount;
  Flags: number;
  LowLimit: TokenAmount;
  HighLimit: TokenAmount;
  LowNode: string;
  HighNode: string;
};

export type DepositPreauth = Threaded & {
  LedgerEntryType: "DepositPreauth";
  Account: string;
  Authorize: string;
  Flags: number;
  OwnerNode: string;
};

export type DirectoryNode = Threaded & {
  LedgerEntryType: "DirectoryNode";
  Flags: number;
  Owner: string;
  RootIndex: string;
  Indexes: string[];
  IndexNext?: string;
  IndexPrevious?: string;
};

export type Entry = AccountRoot | Ticket | SignerList | RippleState | DepositPreauth | DirectoryNode;

export const ACCOUNT_FLAGS = {
  passwordSpent: 0x0001_0000,
  requireDestinationTag: 0x0002_0000,
  requireAuthorization: 0x0004_0000,
  disallowIncomingXRP: 0x0008_0000,
  disableMasterKey: 0x0010_0000,
  noFreeze: 0x0020_0000,
  globalFreeze: 0x0040_0000,
  defaultRipple: 0x0080_0000,
  depositAuth: 0x0100_0000,
  disallowIncomingNFTokenOffer: 0x0400_0000,
  disallowIncomingCheck: 0x0800_0000,
  disallowIncomingPayChan: 0x1000_0000,
  disallowIncomingTrustline: 0x2000_0000,
  allowTrustLineClawback: 0x8000_0000,
} as const;

/** Each side of a trust line has its own bit. */
export const LINE_FLAGS = {
  low: { reserve: 0x0001_0000, auth: 0x0004_0000, noRipple: 0x0010_0000, freeze: 0x0040_0000 },
  high: { reserve: 0x0002_0000, auth: 0x0008_0000, noRipple: 0x0020_0000, freeze: 0x0080_0000 },
} as const;

/** Bit operations of JavaScript are signed; flags are not. */
export const hasFlag = (flags: number, flag: number): boolean => (flags & flag) !== 0;
export const withFlag = (flags: number, flag: number): number => (flags | flag) >>> 0;
export const withoutFlag = (flags: number, flag: number): number => (flags & ~flag) >>> 0;

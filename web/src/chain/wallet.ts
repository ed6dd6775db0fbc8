import type { ClientConfig, Rail, TypedData, WalletProof } from "../api/types.ts";

export type CallRequest = { to: string; data: string };

/** What the page asks of any wallet, be it an extension or a built-in one. */
export type Wallet = {
  readonly name: string;
  readonly chain: Rail;
  /** As the wallet writes it: compare with `sameAddress`. */
  readonly address: string;
  /** A toy lives in this browser only, and only on a local chain. */
  readonly isToy: boolean;
  /** Signs a text, which proves that its owner holds the address. */
  prove(message: string): Promise<WalletProof>;
};

export type EvmWallet = Wallet & {
  signTypedData(typedData: TypedData): Promise<string>;
  /** Runs a call without sending it; throws `CallReverted` when the chain would refuse it. */
  simulate(request: CallRequest): Promise<void>;
  /** Sends a transaction; gives its hash. */
  send(request: CallRequest): Promise<string>;
};

/** A built-in wallet of the XRP Ledger; no extension signs for others' accounts. */
export type XrplToyWallet = Wallet & {
  /** Signs a transaction as one of several signers of another account; gives the whole as a blob. */
  signShare(transaction: Record<string, unknown>): Promise<string>;
};

export type Chain = NonNullable<ClientConfig["chains"]["flare"]>;
export type XrplNetwork = NonNullable<ClientConfig["chains"]["xrpl"]>;

/** The chain would refuse a call. `data` is what it said, for the contract's ABI to read. */
export class CallReverted extends Error {
  readonly data: string | null;
  constructor(data: string | null, cause: unknown) {
    super("The chain would refuse this transaction.", { cause });
    this.name = "CallReverted";
    this.data = data;
  }
}

/** Something that the wallet or its owner refused, in words for its owner. */
export class WalletRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "WalletRefused";
  }
}

/** EVM addresses are written in any case; those of the XRP Ledger in one. */
export function sameAddress(a: string, b: string): boolean {
  return a === b || (a.startsWith("0x") && a.toLowerCase() === b.toLowerCase());
}

/** Which wallet signed in last: a toy, or an extension's name. No secret. */
const LAST = "cc.wallet";
export const TOY = "toy";
export const XRPL_TOY = "toy-xrpl";
export const lastWallet = {
  get: (): string | null => localStorage.getItem(LAST),
  set: (id: string): void => localStorage.setItem(LAST, id),
};

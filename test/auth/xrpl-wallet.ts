import { createHash, createPrivateKey, sign as signEd25519 } from "node:crypto";
import { SigningKey } from "ethers";
import { ECDSA, encode, encodeForMultiSigning, encodeForSigning, type Transaction, Wallet } from "xrpl";
import type { XrplAccountKeys, XrplKeys } from "../../src/platform/xrpl/keys.ts";

export const ALGORITHMS = [ECDSA.ed25519, ECDSA.secp256k1] as const;

export const newXrplWallet = (algorithm: ECDSA = ECDSA.ed25519) => Wallet.generate(algorithm);

const toHex = (text: string) => Buffer.from(text, "utf8").toString("hex").toUpperCase();

/** What GemWallet and Crossmark return for a message. */
export function signMessage(wallet: Wallet, message: string): { signature: string; publicKey: string } {
  return { signature: signHex(wallet, toHex(message)), publicKey: wallet.publicKey };
}

type Fields = Record<string, unknown>;

export const memos = (...texts: string[]) => texts.map((text) => ({ Memo: { MemoData: toHex(text) } }));

/** The fields of a SignIn as Xaman fills them in; `fields` replaces some. */
function signInOf(account: string, message: string, fields: Fields): Transaction {
  const filled = { Account: account, Flags: 0, Fee: "0", Sequence: 0, Memos: memos(message) };
  return { ...filled, ...fields } as unknown as Transaction;
}

/** What Xaman returns for a SignIn with the message in a memo. */
export function signInBlob(wallet: Wallet, message: string, fields: Fields = {}): { blob: string } {
  const signIn = signInOf(wallet.classicAddress, message, { SigningPubKey: wallet.publicKey, ...fields });
  return { blob: encode({ ...signIn, TxnSignature: signHex(wallet, encodeForSigning(signIn)) }) };
}

/** The same with the signature where multi-signing puts it, and any other fields beside it. */
export function multiSignedBlob(wallet: Wallet, message: string, fields: Fields = {}): { blob: string } {
  const signIn = signInOf(wallet.classicAddress, message, { SigningPubKey: "", ...fields });
  const TxnSignature = signHex(wallet, encodeForMultiSigning(signIn, wallet.classicAddress));
  const Signer = { Account: wallet.classicAddress, SigningPubKey: wallet.publicKey, TxnSignature };
  return { blob: encode({ ...signIn, Signers: [{ Signer }] }) };
}

/** Signs bytes by Node's and ethers' curves, not by the library that is under test. */
function signHex(wallet: Wallet, hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  const secret = Buffer.from(wallet.privateKey.slice(2), "hex");
  if (wallet.publicKey.startsWith("ED")) {
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    return signEd25519(null, bytes, key).toString("hex").toUpperCase();
  }
  const digest = createHash("sha512").update(bytes).digest().subarray(0, 32);
  const { r, s } = new SigningKey(secret).sign(digest);
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
    .toString("hex")
    .toUpperCase();
}

function derInteger(hex: string): Buffer {
  const digits = BigInt(hex).toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([2, positive.length]), positive]);
}

/** A ledger as far as keys go: accounts that are told of exist, and it may stop answering. */
export class FakeXrplKeys implements XrplKeys {
  readonly #accounts = new Map<string, XrplAccountKeys>();
  state: "up" | "down" | "hanging" = "up";

  set(address: string, keys: Partial<XrplAccountKeys> = {}): void {
    this.#accounts.set(address, { masterDisabled: false, regularKey: null, ...keys });
  }

  async keysOf(address: string): Promise<XrplAccountKeys | null> {
    if (this.state === "down") throw new Error("connection refused");
    if (this.state === "hanging") return new Promise(() => undefined);
    return this.#accounts.get(address) ?? null;
  }
}

import { createHash } from "node:crypto";
import { decodeAccountID, encodeAccountID } from "xrpl";

/** The first half of SHA-512, in upper-case hex: every hash of the ledger. */
export function sha512Half(...parts: (Uint8Array | string)[]): string {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(typeof part === "string" ? Buffer.from(part, "hex") : part);
  return hash.digest("hex").slice(0, 64).toUpperCase();
}

/** Decoding an address costs more than applying a payment, and a ledger has few of them. */
const accountIds = new Map<string, string>();

export function accountIdOf(address: string): string {
  const known = accountIds.get(address);
  if (known !== undefined) return known;
  const id = Buffer.from(decodeAccountID(address)).toString("hex").toUpperCase();
  accountIds.set(address, id);
  return id;
}

export const addressOf = (accountId: string): string => encodeAccountID(Buffer.from(accountId, "hex"));

export function isAddress(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    decodeAccountID(value);
    return true;
  } catch {
    return false;
  }
}

const hex = (value: number | bigint, bytes: number): string => value.toString(16).padStart(bytes * 2, "0");

/** The letter that rippled's `Indexes` give each kind of entry, so that no two kinds can share a key. */
const space = (letter: string): string => hex(letter.charCodeAt(0), 2);

export const accountKey = (account: string): string => sha512Half(space("a"), accountIdOf(account));
export const ownerDirectoryKey = (account: string): string => sha512Half(space("O"), accountIdOf(account));
export const signerListKey = (account: string): string =>
  sha512Half(space("S"), accountIdOf(account), hex(0, 4));
export const ticketKey = (account: string, sequence: number): string =>
  sha512Half(space("T"), accountIdOf(account), hex(sequence, 4));
export const depositPreauthKey = (owner: string, authorized: string): string =>
  sha512Half(space("p"), accountIdOf(owner), accountIdOf(authorized));
export const directoryPageKey = (root: string, page: bigint): string =>
  page === 0n ? root : sha512Half(space("d"), root, hex(page, 8));

/** The key of the trust line between two accounts, whichever is named first. */
export function lineKey(a: string, b: string, currency: string): string {
  const [idA, idB] = [accountIdOf(a), accountIdOf(b)];
  return sha512Half(space("r"), idA < idB ? idA : idB, idA < idB ? idB : idA, currencyCode(currency));
}

/** Accounts of a line are "low" and "high" by their account id. */
export const isHigh = (account: string, peer: string): boolean => accountIdOf(account) > accountIdOf(peer);

/** The 20 bytes of a currency: three letters at byte 12, or given in full. */
export function currencyCode(currency: string): string {
  if (currency.length === 40) return currency.toUpperCase();
  return `${"00".repeat(12)}${Buffer.from(currency, "ascii").toString("hex")}${"00".repeat(5)}`.toUpperCase();
}

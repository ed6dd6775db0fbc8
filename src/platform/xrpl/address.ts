import { decodeXAddress, encodeAccountID, encodeXAddress, isValidClassicAddress } from "xrpl";
import { AppError } from "../errors.ts";

declare const checked: unique symbol;

/** A classic address of the XRP Ledger that was checked: the only form of an account that is stored or compared. */
export type XrplAddress = `r${string}` & { readonly [checked]: true };

/** Whom a payment goes to. Tag 0 is a tag; `null` is none. */
export type XrplDestination = { address: XrplAddress; tag: number | null };

/** Accounts that have a valid checksum and no key: money sent there is gone (xrpl.org, "Special Addresses"). */
const BLACK_HOLES: Readonly<Record<string, string>> = {
  rrrrrrrrrrrrrrrrrrrrrhoLvTp: "ACCOUNT_ZERO",
  rrrrrrrrrrrrrrrrrrrrBZbvji: "ACCOUNT_ONE",
  rrrrrrrrrrrrrrrrrNAMEtxvNvQ: "the name reservation's account",
  rrrrrrrrrrrrrrrrrrrn5RM1rHd: "the NaN address",
};

const MAIN_NETWORK_ID = 0;
/** Network ids above this must stand in every transaction (xrpl.org, NetworkID), so that it holds on no other network. */
export const LAST_UNNAMED_NETWORK = 1_024;
const MAX_TAG = 0xffff_ffff;

// Decoding base58 takes time by the square of a text's length, so the shape is checked first.
const CLASSIC_SHAPE = /^r[1-9A-HJ-NP-Za-km-z]{24,34}$/;
const X_SHAPE = /^[XT][1-9A-HJ-NP-Za-km-z]{40,50}$/;

const FORMS = "a classic address (r…), `r…:tag`, or an X-address";

/** Reads a classic address; refuses wrong checksums, other forms and accounts that nobody holds a key to. */
export function parseXrplAddress(text: string, field = "address"): XrplAddress {
  if (!CLASSIC_SHAPE.test(text) || !isValidClassicAddress(text)) {
    throw new AppError(
      "invalid",
      "invalid_address",
      `${field} must be a classic address of the XRP Ledger: r and 24 to 34 characters with a correct checksum`,
      { details: { [field]: text.slice(0, 80) } },
    );
  }
  const blackHole = Object.hasOwn(BLACK_HOLES, text) ? BLACK_HOLES[text] : undefined;
  if (blackHole !== undefined) {
    throw new AppError(
      "invalid",
      "black_hole_address",
      `${field} must not be ${text} (${blackHole}): nobody holds its key`,
      { details: { [field]: text } },
    );
  }
  return text as XrplAddress;
}

/**
 * Reads a destination in any form that people copy: a classic address, `classic:tag`, or an X-address of this network.
 * A tag that is given beside the text must be the text's own, if that has one.
 */
export function parseXrplDestination(
  text: string,
  options: { networkId: number; destinationTag?: number | null | undefined; field?: string },
): XrplDestination {
  const { networkId, field = "to" } = options;
  const read = /^[XT]/.test(text) ? readXAddress(text, networkId, field) : readClassic(text, field);
  const given = options.destinationTag ?? null;
  if (given === null) return read;
  if (!Number.isInteger(given) || given < 0 || given > MAX_TAG) throw tagInvalid(String(given), field);
  if (read.tag !== null && read.tag !== given) {
    throw new AppError(
      "invalid",
      "destination_tag_contradicts",
      `${field} carries the destination tag ${read.tag} but ${given} was given beside it; give one tag, once`,
      { details: { [field]: text, destinationTag: given } },
    );
  }
  return { address: read.address, tag: given };
}

/** The one spelling of a destination, everywhere: `rAddress`, or `rAddress:tag`. */
export function formatXrplDestination({ address, tag }: XrplDestination): string {
  return tag === null ? address : `${address}:${tag}`;
}

function readClassic(text: string, field: string): XrplDestination {
  const colon = text.indexOf(":");
  if (colon === -1) return { address: parseXrplAddress(text, field), tag: null };
  const address = parseXrplAddress(text.slice(0, colon), field);
  const digits = text.slice(colon + 1);
  const tag = /^(0|[1-9][0-9]{0,9})$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(tag <= MAX_TAG)) throw tagInvalid(digits, field);
  return { address, tag };
}

function readXAddress(text: string, networkId: number, field: string): XrplDestination {
  const decoded = decodeCanonically(text);
  if (decoded === null) {
    throw new AppError("invalid", "invalid_address", `${field} must be ${FORMS}, with a correct checksum`, {
      details: { [field]: text.slice(0, 80) },
    });
  }
  const isMain = networkId === MAIN_NETWORK_ID;
  if (decoded.test === isMain) {
    const [own, meant] = decoded.test
      ? ["a test network", "main network"]
      : ["the main network", "test network"];
    throw new AppError(
      "invalid",
      "wrong_network_address",
      `${field} is an X-address of ${own} but payments leave on network ${networkId}; give a ${meant} X-address, or the classic address`,
      { details: { [field]: text, networkId } },
    );
  }
  return { address: parseXrplAddress(decoded.classic, field), tag: decoded.tag };
}

/** An X-address's parts; null unless it is the very text that these parts are written as. */
function decodeCanonically(text: string): { classic: string; tag: number | null; test: boolean } | null {
  if (!X_SHAPE.test(text)) return null;
  try {
    const { accountId, tag, test } = decodeXAddress(text);
    // The decoder looks neither at the length nor at the four bytes that only 64-bit tags would use.
    if (encodeXAddress(accountId, tag, test) !== text) return null;
    return { classic: encodeAccountID(accountId), tag: tag === false ? null : tag, test };
  } catch {
    return null;
  }
}

function tagInvalid(received: string, field: string): AppError {
  return new AppError(
    "invalid",
    "invalid_destination_tag",
    `a destination tag of ${field} must be a whole number from 0 to ${MAX_TAG}`,
    { details: { destinationTag: received.slice(0, 80) } },
  );
}

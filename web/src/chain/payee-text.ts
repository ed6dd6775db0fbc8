import type { Rail } from "../api/types.ts";

/** A payee as the API takes it. */
export type PayeeInput = { to: string; destinationTag?: number };

export type ReadPayee =
  | { value: PayeeInput; fault: null }
  | { value: null; fault: { field: "to" | "tag"; text: string } };

const EVM = /^0x[0-9a-fA-F]{40}$/;
const CLASSIC = /^r[1-9A-HJ-NP-Za-km-z]{24,34}(:[0-9]{1,10})?$/;
const X_ADDRESS = /^[XT][1-9A-HJ-NP-Za-km-z]{40,50}$/;
const MAX_TAG = 4_294_967_295n;

/** What somebody typed, by its shape; whether a checksum holds and the chain can pay it, the server says. */
export function readPayee(rail: Rail, text: string, tagText: string): ReadPayee {
  const to = text.trim();
  if (rail === "flare") {
    return EVM.test(to)
      ? { value: { to }, fault: null }
      : no("to", "An address is 0x and 40 hex digits. Paste it whole.");
  }
  if (EVM.test(to)) {
    return no("to", "This is an address of Flare. On the XRP Ledger an address begins with r.");
  }
  if (!CLASSIC.test(to) && !X_ADDRESS.test(to)) {
    return no(
      "to",
      "An address begins with r and has 25 to 35 characters, or is an X-address. Paste it whole.",
    );
  }
  const tag = tagText.trim();
  if (tag === "") return { value: { to }, fault: null };
  if (!/^[0-9]{1,10}$/.test(tag) || BigInt(tag) > MAX_TAG) {
    return no("tag", `A destination tag is a whole number of at most ${MAX_TAG}.`);
  }
  return { value: { to, destinationTag: Number.parseInt(tag, 10) }, fault: null };
}

/** Long enough to be judged while it is still being typed. */
export function isWhole(text: string): boolean {
  const length = text.trim().length;
  return text.trim().startsWith("r") ? length >= 33 : length >= 42;
}

function no(field: "to" | "tag", text: string): ReadPayee {
  return { value: null, fault: { field, text } };
}

import { formatUnits } from "../amounts.ts";
import { AppError } from "../errors.ts";
import { parseXrplAddress } from "./address.ts";

/** What is paid on the XRP Ledger. `currency` is as the ledger writes it: three characters, or 40 hex digits. */
export type XrplAssetRef = { kind: "xrp" } | { kind: "issued"; currency: string; issuer: string };

/** As the ledger writes amounts: drops, or a decimal value of an issued currency. */
export type XrplLedgerAmount = string | { currency: string; issuer: string; value: string };

/** An XRP is a million drops. */
export const XRP_SCALE = 6;
/** No more XRP than this was ever made (100 billion). */
const MAX_DROPS = 10n ** 17n;
/** xrpl.org, "Token Precision": every value of up to 15 significant digits is kept exactly. */
const MAX_DIGITS = 15;

/** ripple-binary-codec `types/currency.ts`, ISO_REGEX: what it writes as three characters. */
const CODE = /^[A-Za-z0-9?!@#$%^&*(){}[\]|]{3}$/;
/** Longer names are the same characters, packed into the 20 bytes that the ledger gives a currency. */
const NAME = /^[A-Za-z0-9?!@#$%^&*(){}[\]|]{4,20}$/;
const HEX = /^[0-9A-Fa-f]{40}$/;

/** Reads `XRP`, or `currency.issuer` with a currency of 3 characters, of 4 to 20 as in `RLUSD`, or of 40 hex digits. */
export function parseAssetRef(ref: string): XrplAssetRef {
  if (ref === "XRP") return { kind: "xrp" };
  const dot = ref.lastIndexOf(".");
  const currency = dot === -1 ? null : parseCurrency(ref.slice(0, dot));
  if (currency === null) {
    throw new AppError(
      "invalid",
      "invalid_asset_ref",
      "an asset of the XRP Ledger is XRP, or an issued currency as in RLUSD.rIssuer: 3 to 20 letters, digits or signs (not XRP), or 40 hex digits that do not stand for one of those reserved to the ledger",
      { details: { assetRef: ref.slice(0, 100) } },
    );
  }
  return { kind: "issued", currency, issuer: parseXrplAddress(ref.slice(dot + 1), "issuer") };
}

/** The one spelling of an asset, everywhere. */
export function assetRefText(ref: XrplAssetRef): string {
  return ref.kind === "xrp" ? "XRP" : `${currencyName(ref.currency)}.${ref.issuer}`;
}

/** What people call a currency: `RLUSD` for the 40 hex digits that the ledger writes. */
export function currencyName(currency: string): string {
  if (currency.length !== 40) return currency;
  const name = Buffer.from(currency.replace(/(00)+$/, ""), "hex").toString("latin1");
  return NAME.test(name) ? name : currency;
}

/** An amount for a transaction. Exact: refuses what the ledger could not keep to the last digit. */
export function toLedgerAmount(ref: XrplAssetRef, minorUnits: bigint, scale: number): XrplLedgerAmount {
  if (minorUnits <= 0n) throw unpayable(minorUnits, "an amount must be positive");
  if (ref.kind === "xrp") {
    requireXrpScale(scale);
    if (minorUnits > MAX_DROPS) throw unpayable(minorUnits, "there is not that much XRP");
    return minorUnits.toString();
  }
  const digits = minorUnits.toString().replace(/0+$/, "").length;
  if (digits > MAX_DIGITS) {
    throw unpayable(
      minorUnits,
      `an issued currency keeps ${MAX_DIGITS} significant digits exactly, and this amount has ${digits}; round it`,
    );
  }
  return { currency: ref.currency, issuer: ref.issuer, value: formatUnits(minorUnits, scale) };
}

/**
 * Reads an amount of the ledger. Digits below the scale are cut toward zero, which `isExact` tells; balances can be
 * negative.
 */
export function fromLedgerAmount(
  amount: XrplLedgerAmount,
  scale: number,
): { ref: XrplAssetRef; minorUnits: bigint; isExact: boolean } {
  if (typeof amount === "string") {
    requireXrpScale(scale);
    if (!/^[0-9]{1,18}$/.test(amount)) throw unreadable(amount);
    return { ref: { kind: "xrp" }, minorUnits: BigInt(amount), isExact: true };
  }
  const currency = typeof amount.currency === "string" ? parseCurrency(amount.currency) : null;
  if (currency === null) throw unreadable(JSON.stringify(amount));
  return {
    ref: { kind: "issued", currency, issuer: amount.issuer },
    ...fromLedgerValue(amount.value, scale),
  };
}

/** Reads a decimal as servers write it: `17.91`, `-4`, `1000000000000000e-30`. */
export function fromLedgerValue(value: string, scale: number): { minorUnits: bigint; isExact: boolean } {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/.exec(value);
  if (match === null) throw unreadable(value);
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const mantissa = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const shift = scale + Number(exponent) - fraction.length;
  if (shift >= 0) return { minorUnits: mantissa * 10n ** BigInt(shift), isExact: true };
  const divisor = 10n ** BigInt(-shift);
  // Division of bigints cuts toward zero, for what is owed as for what is held.
  return { minorUnits: mantissa / divisor, isExact: mantissa % divisor === 0n };
}

/** The ledger's own writing of a currency; null for what is none, or is reserved. */
function parseCurrency(text: string): string | null {
  if (CODE.test(text)) return text === "XRP" ? null : text;
  if (NAME.test(text)) return Buffer.from(text, "latin1").toString("hex").toUpperCase().padEnd(40, "0");
  if (!HEX.test(text)) return null;
  const hex = text.toUpperCase();
  if (!hex.startsWith("00")) return hex;
  // A first byte of zero says that three characters stand in the middle.
  const [, code = ""] = /^0{24}([0-9A-F]{6})0{10}$/.exec(hex) ?? [];
  const written = Buffer.from(code, "hex").toString("latin1");
  return CODE.test(written) && written !== "XRP" ? written : null;
}

function requireXrpScale(scale: number): void {
  if (scale === XRP_SCALE) return;
  throw new AppError("invalid", "invalid_scale", `XRP has ${XRP_SCALE} decimals, not ${scale}`, {
    details: { scale },
  });
}

function unpayable(minorUnits: bigint, why: string): AppError {
  return new AppError("unprocessable", "amount_not_payable", `${why} (${minorUnits} minor units)`, {
    details: { amount: minorUnits.toString() },
  });
}

function unreadable(text: string): AppError {
  return new AppError(
    "invalid",
    "invalid_ledger_amount",
    `${text.slice(0, 100)} is no amount of XRP or an issued currency`,
  );
}

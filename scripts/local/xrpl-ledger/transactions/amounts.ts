import { type Amount, hasFlag } from "../engine/entries.ts";
import { parseIssued } from "../engine/issued-amount.ts";
import { addressOf } from "../engine/keylets.ts";
import { isToken, type TransactionFields } from "../engine/transaction.ts";

/** All zeros: nobody's account. */
export const NO_ACCOUNT = addressOf("00".repeat(20));
/** The letters XRP as if they were a token. */
export const BAD_CURRENCY = "0000000000000000000000005852500000000000";

export const PARTIAL_PAYMENT = 0x0002_0000;
export const isPartial = (fields: TransactionFields): boolean => hasFlag(fields.Flags ?? 0, PARTIAL_PAYMENT);

export const isPositive = (amount: Amount): boolean =>
  isToken(amount) ? parseIssued(amount.value).mantissa > 0n : BigInt(amount) > 0n;

export const sameAsset = (a: Amount, b: Amount): boolean =>
  isToken(a) && isToken(b) ? a.currency === b.currency && a.issuer === b.issuer : !isToken(a) && !isToken(b);

export const sameCurrency = (a: Amount, b: Amount): boolean =>
  isToken(a) && isToken(b) ? a.currency === b.currency : !isToken(a) && !isToken(b);

/** What the sender may spend at most: SendMax, or as much as arrives, in tokens of whichever issuer the sender holds. */
export function maxSource(fields: TransactionFields, amount: Amount): Amount {
  if (fields.SendMax !== undefined) return fields.SendMax;
  return isToken(amount) ? { ...amount, issuer: fields.Account } : amount;
}

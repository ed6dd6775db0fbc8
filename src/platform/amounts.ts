import { Type } from "typebox";
import { AppError } from "./errors.ts";

/** The most that `numeric(38,0)` holds. */
export const MAX_AMOUNT = 10n ** 38n - 1n;

/** A decimal string of minor units as the API takes and gives it; at most 38 digits, no sign, no leading zero. */
export const AmountSchema = Type.String({
  pattern: "^(0|[1-9][0-9]{0,37})$",
  maxLength: 38,
  description: "Minor units as a decimal string, e.g. wei.",
  examples: ["500"],
});

/** Reads an amount of minor units; refuses zero and anything that `AmountSchema` would. */
export function parsePositiveAmount(text: string, field = "amount"): bigint {
  if (!/^[1-9][0-9]{0,37}$/.test(text)) {
    throw new AppError(
      "invalid",
      "invalid_amount",
      `${field} must be a positive whole number of minor units, written as digits only, of at most 38 digits`,
      { details: { [field]: text.slice(0, 80) } },
    );
  }
  return BigInt(text);
}

/** Minor units for people: `formatUnits(1500n, 3)` is `"1.5"`. Exact; never a float. */
export function formatUnits(amount: bigint, scale: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${amount < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

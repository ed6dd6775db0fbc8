/** A token amount as the ledger holds it: 16 significant digits, never a float. Zero has mantissa 0. */
export type IssuedAmount = { mantissa: bigint; exponent: number };

const MIN_MANTISSA = 10n ** 15n;
const MAX_MANTISSA = 10n ** 16n - 1n;
const MIN_EXPONENT = -96;
const MAX_EXPONENT = 80;

export const ZERO: IssuedAmount = { mantissa: 0n, exponent: -100 };

type Rounding = "down" | "up" | "even";

function divide(value: bigint, divisor: bigint, rounding: Rounding): bigint {
  const [quotient, rest] = [value / divisor, value % divisor];
  if (rest === 0n || rounding === "down") return quotient;
  if (rounding === "up") return quotient + 1n;
  const twice = rest * 2n;
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

export function issuedAmount(mantissa: bigint, exponent: number, rounding: Rounding = "even"): IssuedAmount {
  const negative = mantissa < 0n;
  let digits = negative ? -mantissa : mantissa;
  let power = exponent;
  if (digits === 0n) return ZERO;
  while (digits < MIN_MANTISSA) {
    digits *= 10n;
    power -= 1;
  }
  if (digits > MAX_MANTISSA) {
    const excess = digits.toString().length - 16;
    digits = divide(digits, 10n ** BigInt(excess), rounding);
    power += excess;
    if (digits > MAX_MANTISSA) {
      digits /= 10n;
      power += 1;
    }
  }
  if (power < MIN_EXPONENT) return ZERO;
  if (power > MAX_EXPONENT) throw new RangeError(`an issued amount of 10^${power + 15} is too large`);
  return { mantissa: negative ? -digits : digits, exponent: power };
}

export function parseIssued(value: string): IssuedAmount {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(value);
  const [, sign = "", whole = "", fraction = "", power = "0"] = match ?? [];
  if (match === null || whole + fraction === "") throw new TypeError(`"${value}" is not a decimal number`);
  const mantissa = BigInt(whole + fraction);
  return issuedAmount(sign === "-" ? -mantissa : mantissa, Number.parseInt(power, 10) - fraction.length);
}

/** As the server writes it: plain decimals, or mantissa and power of ten where those would be long. */
export function formatIssued({ mantissa, exponent }: IssuedAmount): string {
  if (mantissa === 0n) return "0";
  if (exponent !== 0 && (exponent < -25 || exponent > -5)) return `${mantissa}e${exponent}`;
  const sign = mantissa < 0n ? "-" : "";
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString();
  if (exponent === 0) return sign + digits;
  const padded = digits.padStart(-exponent + 1, "0");
  const whole = padded.slice(0, exponent);
  const fraction = padded.slice(exponent).replace(/0+$/, "");
  return sign + whole + (fraction === "" ? "" : `.${fraction}`);
}

export const negate = (a: IssuedAmount): IssuedAmount => ({ mantissa: -a.mantissa, exponent: a.exponent });

function align(a: IssuedAmount, b: IssuedAmount): { left: bigint; right: bigint; exponent: number } {
  if (a.mantissa === 0n) return { left: 0n, right: b.mantissa, exponent: b.exponent };
  if (b.mantissa === 0n) return { left: a.mantissa, right: 0n, exponent: a.exponent };
  const exponent = Math.min(a.exponent, b.exponent);
  return {
    left: a.mantissa * 10n ** BigInt(a.exponent - exponent),
    right: b.mantissa * 10n ** BigInt(b.exponent - exponent),
    exponent,
  };
}

export function addIssued(a: IssuedAmount, b: IssuedAmount): IssuedAmount {
  const { left, right, exponent } = align(a, b);
  return issuedAmount(left + right, exponent);
}

export const subtractIssued = (a: IssuedAmount, b: IssuedAmount): IssuedAmount => addIssued(a, negate(b));

export function compareIssued(a: IssuedAmount, b: IssuedAmount): -1 | 0 | 1 {
  const { left, right } = align(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export const smallerIssued = (a: IssuedAmount, b: IssuedAmount): IssuedAmount =>
  compareIssued(a, b) <= 0 ? a : b;

/** a × numerator ÷ denominator; transfer fees are rounded against whoever pays them. */
export function scaleIssued(
  a: IssuedAmount,
  numerator: bigint,
  denominator: bigint,
  rounding: "down" | "up",
): IssuedAmount {
  if (a.mantissa === 0n) return ZERO;
  // Enough digits that the quotient keeps more than 16 of them.
  const scaled = a.mantissa * numerator * 10n ** 20n;
  return issuedAmount(divide(scaled, denominator, rounding), a.exponent - 20, rounding);
}

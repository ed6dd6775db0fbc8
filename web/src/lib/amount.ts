/** An amount is a bigint of minor units, a decimal string on the wire, and never a float. */

const GROUP = ",";

/** Exact, in whole units: `formatUnits(1500n, 3)` is `"1.5"`. */
export function formatUnits(amount: bigint, scale: number): string {
  const { sign, whole, fraction } = split(amount, scale);
  const shown = fraction.replace(/0+$/, "");
  return `${sign}${whole}${shown === "" ? "" : `.${shown}`}`;
}

/**
 * For people: thousands grouped, and at most `maxFraction` digits after the point. Digits that are left out are cut,
 * never rounded up, so that nobody sees more than there is; something too small to show is "<0.0001", not zero.
 */
export function formatAmount(
  amount: bigint | string,
  scale: number,
  options: { maxFraction?: number; minFraction?: number; signed?: boolean } = {},
): string {
  const { maxFraction = 6, minFraction = 0, signed = false } = options;
  const value = typeof amount === "string" ? BigInt(amount) : amount;
  const { sign, whole, fraction } = split(value, scale);
  const plus = signed && value > 0n ? "+" : sign === "-" ? "−" : "";
  const cut = fraction.slice(0, maxFraction);
  if (value !== 0n && whole === "0" && /^0*$/.test(cut)) {
    return `${plus}<${maxFraction === 0 ? "1" : `0.${"1".padStart(maxFraction, "0")}`}`;
  }
  const shown = cut.replace(/0+$/, "").padEnd(Math.min(minFraction, scale), "0");
  return `${plus}${group(whole)}${shown === "" ? "" : `.${shown}`}`;
}

/** What a person typed, in minor units; null when it is no amount, or finer than the asset is. */
export function parseAmount(text: string, scale: number): bigint | null {
  const match = /^([0-9][0-9,_\s']*)?(?:\.([0-9]*))?$/.exec(text.trim());
  if (match === null) return null;
  const whole = (match[1] ?? "").replace(/[,_\s']/g, "");
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if ((whole === "" && (match[2] ?? "") === "") || fraction.length > scale || whole.length > 38) return null;
  return BigInt(`${whole}${fraction.padEnd(scale, "0")}` || "0");
}

function split(amount: bigint, scale: number): { sign: "-" | ""; whole: string; fraction: string } {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, "0");
  const at = digits.length - scale;
  return { sign: amount < 0n ? "-" : "", whole: digits.slice(0, at), fraction: digits.slice(at) };
}

function group(digits: string): string {
  return digits.replace(/\B(?=([0-9]{3})+$)/g, GROUP);
}

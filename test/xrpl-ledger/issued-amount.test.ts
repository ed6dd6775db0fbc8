import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addIssued,
  compareIssued,
  formatIssued,
  issuedAmount,
  parseIssued,
  scaleIssued,
  subtractIssued,
} from "../../scripts/local/xrpl-ledger/engine/issued-amount.ts";

/** Amounts as they are on a ledger: 16 digits and a power of ten. */
const amounts = fc
  .tuple(fc.bigInt({ min: -(10n ** 16n) + 1n, max: 10n ** 16n - 1n }), fc.integer({ min: -60, max: 40 }))
  .map(([mantissa, exponent]) => issuedAmount(mantissa, exponent));

describe("issued amounts", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["1", "1"],
    ["-12.50", "-12.5"],
    ["0.00001", "0.00001"],
    ["1000000000000000", "1000000000000000"],
    ["10000000000000000", "1000000000000000e1"],
    ["0.000000000000001", "1000000000000000e-30"],
    ["4.99009900990099", "4.99009900990099"],
    ["1e15", "1000000000000000"],
    ["12345678901234567", "1234567890123457e1"],
    // Less than the smallest amount is nothing.
    ["1e-97", "0"],
  ])("reads %s and writes %s", (given, written) => {
    expect(formatIssued(parseIssued(given))).toBe(written);
  });

  it("refuses what is no decimal number, and what no ledger can hold", () => {
    for (const text of ["", ".", "1,5", "0x10", "NaN", "1e"]) {
      expect(() => parseIssued(text)).toThrow(`"${text}" is not a decimal number`);
    }
    expect(() => parseIssued("1e96")).toThrow("too large");
  });

  it("is the same after it was written and read", () => {
    fc.assert(
      fc.property(amounts, (a) => {
        expect(parseIssued(formatIssued(a))).toEqual(a);
      }),
    );
  });

  it("adds in any order, and takes back exactly where 16 digits are enough", () => {
    const small = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map((units) => issuedAmount(units, -6));
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(addIssued(a, b)).toEqual(addIssued(b, a));
        expect(subtractIssued(addIssued(a, b), b)).toEqual(a);
      }),
    );
  });

  it("rounds to the nearest of 16 digits, and halves to the even one", () => {
    expect(formatIssued(addIssued(parseIssued("1000000000000000"), parseIssued("0.5")))).toBe(
      "1000000000000000",
    );
    expect(formatIssued(addIssued(parseIssued("1000000000000001"), parseIssued("0.5")))).toBe(
      "1000000000000002",
    );
    expect(formatIssued(addIssued(parseIssued("9999999999999999"), parseIssued("0.6")))).toBe(
      "1000000000000000e1",
    );
  });

  it("takes a transfer fee so that what was sent always pays for what arrived", () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 15n }).map((units) => issuedAmount(units, -6));
    const rates = fc.bigInt({ min: 10n ** 9n, max: 2n * 10n ** 9n });
    fc.assert(
      fc.property(positive, rates, (amount, rate) => {
        const sent = scaleIssued(amount, rate, 10n ** 9n, "up");
        expect(compareIssued(scaleIssued(sent, 10n ** 9n, rate, "down"), amount)).toBeGreaterThanOrEqual(0);
        expect(compareIssued(sent, amount)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAmount, formatUnits, parseAmount } from "../../web/src/lib/amount.ts";

describe("amounts on the page", () => {
  it.each([
    [0n, 0, "0"],
    [1_234_567n, 0, "1,234,567"],
    [1_500_000_000_000_000_000n, 18, "1.5"],
    [999n, 0, "999"],
    [-100n, 0, "−100"],
    [1n, 18, "<0.000001"],
    [1_000_000_999_999_999_999n, 18, "1"],
  ])("writes %s at scale %s as %s", (amount, scale, text) => {
    expect(formatAmount(amount, scale)).toBe(text);
  });

  it("cuts digits and never rounds up, so that nobody sees more than there is", () => {
    expect(formatAmount(1_999_999n, 6, { maxFraction: 2 })).toBe("1.99");
  });

  it("takes decimal strings as the API gives them, beyond what a float holds", () => {
    expect(formatAmount("123456789012345678901", 18, { maxFraction: 18 })).toBe("123.456789012345678901");
  });

  it("shows the sign of what came in where it is asked to", () => {
    expect([5n, 0n, -5n].map((amount) => formatAmount(amount, 0, { signed: true }))).toEqual([
      "+5",
      "0",
      "−5",
    ]);
  });

  it.each([
    ["1.5", 18, 1_500_000_000_000_000_000n],
    [" 1,000 ", 0, 1_000n],
    [".5", 1, 5n],
    ["5.", 0, 5n],
    ["1.0", 0, 1n],
    ["", 0, null],
    [".", 2, null],
    ["1.5", 0, null],
    ["1e3", 0, null],
    ["-1", 0, null],
    ["0x10", 0, null],
    ["1.2.3", 6, null],
  ])("reads %j at scale %s as %s", (text, scale, amount) => {
    expect(parseAmount(text, scale)).toBe(amount);
  });

  it("reads back exactly what it wrote", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
        fc.integer({ min: 0, max: 18 }),
        (amount, scale) => {
          expect(parseAmount(formatUnits(amount, scale), scale)).toBe(amount);
          expect(parseAmount(formatAmount(amount, scale, { maxFraction: 18 }), scale)).toBe(amount);
        },
      ),
    );
  });
});

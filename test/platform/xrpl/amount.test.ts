import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode } from "xrpl";
import {
  assetRefText,
  currencyName,
  fromLedgerAmount,
  fromLedgerValue,
  parseAssetRef,
  toLedgerAmount,
  type XrplAssetRef,
} from "../../../src/platform/xrpl/amount.ts";

const ISSUER = "rDPHLwEFMjy5GRDYLBA1LdYp7T8dn7xWmc";
const PAYEE = "rJFsQbdv4KcHdcyFpqsPVy8je4Av4EwpXc";
const RLUSD = "524C555344000000000000000000000000000000";
const USD: XrplAssetRef = { kind: "issued", currency: "USD", issuer: ISSUER };
const XRP: XrplAssetRef = { kind: "xrp" };

describe("asset references of the XRP Ledger", () => {
  it.each([
    ["XRP", { kind: "xrp" }, "XRP"],
    [`USD.${ISSUER}`, USD, `USD.${ISSUER}`],
    [`RLUSD.${ISSUER}`, { kind: "issued", currency: RLUSD, issuer: ISSUER }, `RLUSD.${ISSUER}`],
    [`${RLUSD}.${ISSUER}`, { kind: "issued", currency: RLUSD, issuer: ISSUER }, `RLUSD.${ISSUER}`],
    [
      `${RLUSD.toLowerCase()}.${ISSUER}`,
      { kind: "issued", currency: RLUSD, issuer: ISSUER },
      `RLUSD.${ISSUER}`,
    ],
    // The long writing of a short code is the short code.
    [`0000000000000000000000005553440000000000.${ISSUER}`, USD, `USD.${ISSUER}`],
    // An AMM's share has no name.
    [
      `03930D02208264E2E40EC1B0C09E4DB96EE197B1.${ISSUER}`,
      { kind: "issued", currency: "03930D02208264E2E40EC1B0C09E4DB96EE197B1", issuer: ISSUER },
      `03930D02208264E2E40EC1B0C09E4DB96EE197B1.${ISSUER}`,
    ],
    // "USD" at the beginning is another currency than USD, so it must not be written as it.
    [
      `5553440000000000000000000000000000000000.${ISSUER}`,
      { kind: "issued", currency: "5553440000000000000000000000000000000000", issuer: ISSUER },
      `5553440000000000000000000000000000000000.${ISSUER}`,
    ],
  ] as const)("reads %s and writes it in one way", (text, ref, canonical) => {
    expect(parseAssetRef(text)).toEqual(ref);
    expect(assetRefText(parseAssetRef(text))).toBe(canonical);
    expect(parseAssetRef(canonical)).toEqual(ref);
  });

  it.each([
    "",
    "xrp",
    "USD",
    `XRP.${ISSUER}`,
    `US.${ISSUER}`,
    `.${ISSUER}`,
    `A-NAME.${ISSUER}`,
    `NAMEOFTWENTYONECHARS1.${ISSUER}`,
    `0000000000000000000000005852500000000000.${ISSUER}`,
    `0000000000000000000000000000000000000000.${ISSUER}`,
    `0000000000000000000000015553440000000000.${ISSUER}`,
  ])("refuses %j", (text) => {
    expect(() => parseAssetRef(text)).toThrow(expect.objectContaining({ code: "invalid_asset_ref" }));
  });

  it("refuses issuers that are no account or that nobody holds a key to", () => {
    expect(() => parseAssetRef(`USD.${ISSUER}x`)).toThrow(
      expect.objectContaining({ code: "invalid_address" }),
    );
    expect(() => parseAssetRef("USD.rrrrrrrrrrrrrrrrrrrrBZbvji")).toThrow(
      expect.objectContaining({ code: "black_hole_address" }),
    );
  });

  it("names every currency so that it can be read back", () => {
    const hex = fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .filter((bytes) => bytes[0] !== 0)
      .map((bytes) => Buffer.from(bytes).toString("hex").toUpperCase());
    const name = fc
      .stringMatching(/^[A-Za-z0-9?!@#$%^&*(){}[\]|]{4,20}$/)
      .map((text) => Buffer.from(text).toString("hex").toUpperCase().padEnd(40, "0"));
    fc.assert(
      fc.property(fc.oneof(hex, name), (currency) => {
        const ref = { kind: "issued", currency, issuer: ISSUER } as const;
        expect(parseAssetRef(assetRefText(ref))).toEqual(ref);
        expect(currencyName(currency).length).toBeGreaterThanOrEqual(4);
      }),
    );
  });
});

describe("amounts of the XRP Ledger", () => {
  /** What remains of an amount after the codec that signs it. */
  const throughCodec = (amount: ReturnType<typeof toLedgerAmount>) =>
    decode(
      encode({ TransactionType: "Payment", Account: ISSUER, Destination: PAYEE, Amount: amount } as never),
    ).Amount as ReturnType<typeof toLedgerAmount>;

  it.each([
    [XRP, 1n, 6, "1"],
    [XRP, 100_000_000_000_000_000n, 6, "100000000000000000"],
    [USD, 1n, 2, { currency: "USD", issuer: ISSUER, value: "0.01" }],
    [USD, 500_000_000n, 6, { currency: "USD", issuer: ISSUER, value: "500" }],
    [USD, 999_999_999_999_999n, 6, { currency: "USD", issuer: ISSUER, value: "999999999.999999" }],
    [USD, 10n ** 37n, 18, { currency: "USD", issuer: ISSUER, value: "10000000000000000000" }],
    [USD, 123_456n, 15, { currency: "USD", issuer: ISSUER, value: "0.000000000123456" }],
  ] as const)("writes %j %s of scale %s", (ref, minorUnits, scale, written) => {
    expect(toLedgerAmount(ref, minorUnits, scale)).toEqual(written);
  });

  it("refuses what the ledger would not keep to the last digit", () => {
    const code = expect.objectContaining({ code: "amount_not_payable" });
    expect(() => toLedgerAmount(USD, 1_000_000_000_000_001n, 6)).toThrow(code);
    expect(() => toLedgerAmount(XRP, 100_000_000_000_000_001n, 6)).toThrow(code);
    expect(() => toLedgerAmount(XRP, 0n, 6)).toThrow(code);
    expect(() => toLedgerAmount(USD, -1n, 6)).toThrow(code);
    expect(() => toLedgerAmount(XRP, 1n, 8)).toThrow(expect.objectContaining({ code: "invalid_scale" }));
    expect(() => fromLedgerAmount("1", 8)).toThrow(expect.objectContaining({ code: "invalid_scale" }));
  });

  it.each([
    ["17.91", 2, 1_791n, true],
    ["17.919", 2, 1_791n, false],
    ["-17.919", 2, -1_791n, false],
    ["-4", 6, -4_000_000n, true],
    ["1e15", 2, 10n ** 17n, true],
    ["1000000000000000e-30", 15, 1n, true],
    ["1000000000000000e-30", 14, 0n, false],
    ["9999999999999999e80", 0, 9_999_999_999_999_999n * 10n ** 80n, true],
    ["4.99009900990099", 6, 4_990_099n, false],
    ["0", 6, 0n, true],
  ])("reads %s at scale %s", (value, scale, minorUnits, isExact) => {
    expect(fromLedgerValue(value, scale)).toEqual({ minorUnits, isExact });
    expect(fromLedgerAmount({ currency: "USD", issuer: ISSUER, value }, scale)).toEqual({
      ref: USD,
      minorUnits,
      isExact,
    });
  });

  it("refuses to read what is no such amount", () => {
    const code = expect.objectContaining({ code: "invalid_ledger_amount" });
    for (const text of ["unavailable", "", "-1", "1.5", "1e3", "0x10"])
      expect(() => fromLedgerAmount(text, 6), text).toThrow(code);
    for (const value of ["", "NaN", "Infinity", "1.", ".5", "1e9999"])
      expect(() => fromLedgerValue(value, 6), value).toThrow(code);
    const mpt = { mpt_issuance_id: "0000001187D84ADD9BA858CF0E12B04B063DE8C2E27DF53E", value: "10" };
    expect(() => fromLedgerAmount(mpt as never, 6)).toThrow(code);
  });

  it("gives back every amount that it writes, also after the codec", () => {
    const scale = fc.integer({ min: 0, max: 18 });
    const digits = fc.bigInt({ min: 1n, max: 999_999_999_999_999n });
    const zeros = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(digits, zeros, scale, (mantissa, zeroCount, scaleOfAsset) => {
        const minorUnits = mantissa * 10n ** BigInt(zeroCount);
        const written = toLedgerAmount(USD, minorUnits, scaleOfAsset);
        for (const amount of [written, throughCodec(written)])
          expect(fromLedgerAmount(amount, scaleOfAsset)).toEqual({ ref: USD, minorUnits, isExact: true });
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 17n }), (drops) => {
        const written = throughCodec(toLedgerAmount(XRP, drops, 6));
        expect(fromLedgerAmount(written, 6)).toEqual({ ref: XRP, minorUnits: drops, isExact: true });
      }),
    );
  });
});

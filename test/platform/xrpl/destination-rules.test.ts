import { describe, expect, it } from "vitest";
import { LedgerEntry } from "xrpl";
import { parseAssetRef } from "../../../src/platform/xrpl/amount.ts";
import {
  type AccountRoot,
  findAccountProblem,
  findLineProblem,
  type Lines,
  needsDepositAuthorization,
  type TrustLine,
  type XrplPayment,
} from "../../../src/platform/xrpl/destination-rules.ts";

const TREASURY = "rpfFJPBHNWfUxGcWXJW1N9CHLm1yHwjjWq";
const PAYEE = "rJFsQbdv4KcHdcyFpqsPVy8je4Av4EwpXc";
const ISSUER = "rDPHLwEFMjy5GRDYLBA1LdYp7T8dn7xWmc";
const RESERVE = 1_000_000n;
const flags = LedgerEntry.AccountRootFlags;

const root = (fields: Partial<AccountRoot> = {}): AccountRoot => ({
  Account: PAYEE,
  Balance: "5000000",
  Flags: 0,
  ...fields,
});
const line = (fields: Partial<TrustLine> = {}): TrustLine => ({
  account: ISSUER,
  currency: "USD",
  balance: "0",
  limit: "1000",
  ...fields,
});
const xrp = (amount: bigint, tag: number | null = null): XrplPayment => ({
  from: TREASURY,
  to: { address: PAYEE, tag },
  asset: { kind: "xrp" },
  amount,
  scale: 6,
});
const usd = (amount: bigint, ends: { from?: string; to?: string } = {}): XrplPayment => ({
  from: ends.from ?? TREASURY,
  to: { address: ends.to ?? PAYEE, tag: null },
  asset: parseAssetRef(`USD.${ISSUER}`),
  amount,
  scale: 2,
});

describe("what a payee's account says", () => {
  it.each<[string, XrplPayment, AccountRoot | null, string | null]>([
    ["creates an account at the reserve", xrp(RESERVE), null, null],
    ["does not create one a drop below it", xrp(RESERVE - 1n), null, "destination_unfunded"],
    ["cannot create one with tokens", usd(1n), null, "destination_not_found"],
    ["pays any drop to one that exists", xrp(1n), root({ Balance: "1" }), null],
    ["wants a tag", xrp(1n), root({ Flags: flags.lsfRequireDestTag }), "destination_tag_required"],
    ["takes tag 0 for a tag", xrp(1n, 0), root({ Flags: flags.lsfRequireDestTag }), null],
    [
      "wants a tag for tokens too",
      usd(1n),
      root({ Flags: flags.lsfRequireDestTag }),
      "destination_tag_required",
    ],
    ["heeds DisallowXRP", xrp(1n), root({ Flags: flags.lsfDisallowXRP }), "destination_disallows_xrp"],
    ["does not mind DisallowXRP for tokens", usd(1n), root({ Flags: flags.lsfDisallowXRP }), null],
    ["refuses a market maker", xrp(1n), root({ AMMID: "AB" }), "destination_is_pseudo_account"],
    ["refuses a vault", xrp(1n), root({ VaultID: "AB" }), "destination_is_pseudo_account"],
    ["refuses a loan broker", usd(1n), root({ LoanBrokerID: "AB" }), "destination_is_pseudo_account"],
    ["heeds the payee's own freeze", usd(1n), root({ Flags: flags.lsfGlobalFreeze }), "destination_frozen"],
    [
      "knows that the issuer pays past it",
      usd(1n, { from: ISSUER }),
      root({ Flags: flags.lsfGlobalFreeze }),
      null,
    ],
    ["does not mind it for XRP", xrp(1n), root({ Flags: flags.lsfGlobalFreeze }), null],
  ])("%s", (_name, payment, account, code) => {
    const problem = findAccountProblem(payment, account, RESERVE);
    expect(problem?.code ?? null).toBe(code);
    if (problem !== null)
      expect(problem).toMatchObject({ effect: "payee", message: expect.stringMatching(PAYEE) });
  });

  it.each<[string, XrplPayment, AccountRoot, boolean]>([
    ["no flag", xrp(RESERVE + 1n), root(), false],
    ["the flag", xrp(1n), root({ Flags: flags.lsfDepositAuth }), true],
    [
      "little to a poor account",
      xrp(RESERVE),
      root({ Flags: flags.lsfDepositAuth, Balance: "1000000" }),
      false,
    ],
    ["much to a poor account", xrp(RESERVE + 1n), root({ Flags: flags.lsfDepositAuth, Balance: "1" }), true],
    [
      "little to one above the reserve",
      xrp(1n),
      root({ Flags: flags.lsfDepositAuth, Balance: "1000001" }),
      true,
    ],
    ["tokens to a poor account", usd(1n), root({ Flags: flags.lsfDepositAuth, Balance: "1" }), true],
  ])("asks about deposit authorization: %s", (_name, payment, account, isNeeded) => {
    expect(needsDepositAuthorization(payment, account, RESERVE)).toBe(isNeeded);
  });
});

describe("what trust lines say", () => {
  const issuer = (Flags = 0, fields: Partial<AccountRoot> = {}) =>
    root({ Account: ISSUER, Flags, ...fields });
  const fine: Lines = {
    issuer: issuer(flags.lsfDefaultRipple),
    own: line({ balance: "500" }),
    theirs: line(),
  };

  it.each<[string, Partial<Lines>, XrplPayment, string | null, string?]>([
    ["passes", {}, usd(100n), null],
    ["passes up to the limit", { theirs: line({ balance: "999" }) }, usd(100n), null],
    ["needs room", { theirs: line({ balance: "999.5" }) }, usd(100n), "trust_limit_too_low", "payee"],
    ["needs a line", { theirs: null }, usd(1n), "trust_line_missing", "payee"],
    ["needs no line to pay back to the issuer", { theirs: null }, usd(1n, { to: ISSUER }), null],
    ["needs a line of ours", { own: null }, usd(1n), "treasury_line_missing", "operator"],
    ["needs none of ours to issue", { own: null }, usd(1n, { from: ISSUER }), null],
    ["needs an issuer", { issuer: null }, usd(1n), "issuer_not_found", "operator"],
    [
      "stands still in a global freeze",
      { issuer: issuer(flags.lsfGlobalFreeze) },
      usd(1n),
      "issuer_frozen",
      "later",
    ],
    [
      "is issued in a global freeze all the same",
      { issuer: issuer(flags.lsfGlobalFreeze) },
      usd(1n, { from: ISSUER }),
      null,
    ],
    ["reaches a line that the issuer froze", { theirs: line({ freeze_peer: true }) }, usd(1n), null],
    [
      "leaves no line that the issuer froze",
      { own: line({ freeze_peer: true }) },
      usd(1n),
      "treasury_line_frozen",
      "operator",
    ],
    [
      "does not reach a deep-frozen line",
      { theirs: line({ deep_freeze_peer: true }) },
      usd(1n),
      "trust_line_frozen",
      "payee",
    ],
    [
      "does not reach a line that the payee froze",
      { theirs: line({ freeze: true }) },
      usd(1n),
      "trust_line_frozen",
      "payee",
    ],
    [
      "is issued to a deep-frozen line",
      { theirs: line({ deep_freeze_peer: true }) },
      usd(1n, { from: ISSUER }),
      null,
    ],
    [
      "needs authorization",
      { issuer: issuer(flags.lsfRequireAuth) },
      usd(1n),
      "trust_line_not_authorized",
      "payee",
    ],
    [
      "has authorization",
      { issuer: issuer(flags.lsfRequireAuth), theirs: line({ peer_authorized: true }) },
      usd(1n),
      null,
    ],
    // DirectStep.cpp asks for authorization only where the balance is zero.
    [
      "had it before it was required",
      { issuer: issuer(flags.lsfRequireAuth), theirs: line({ balance: "0.01" }) },
      usd(1n),
      null,
    ],
    [
      "does not ripple on two lines that forbid it",
      { own: line({ no_ripple_peer: true }), theirs: line({ no_ripple_peer: true }) },
      usd(1n),
      "trust_line_no_ripple",
      "payee",
    ],
    [
      "does not ripple anywhere without Default Ripple",
      { issuer: issuer(), own: line({ no_ripple_peer: true }), theirs: line({ no_ripple_peer: true }) },
      usd(1n),
      "trust_line_no_ripple",
      "operator",
    ],
    ["ripples when one line lets it", { theirs: line({ no_ripple_peer: true }) }, usd(1n), null],
    [
      "arrives at face value only",
      { theirs: line({ quality_in: 999_999_999 }) },
      usd(1n),
      "trust_line_quality",
      "payee",
    ],
    ["arrives where it is valued higher", { theirs: line({ quality_in: 1_100_000_000 }) }, usd(1n), null],
    [
      "is not exact where the issuer charges",
      { issuer: issuer(0, { TransferRate: 1_010_000_000 }) },
      usd(1n),
      "issuer_charges_transfers",
      "operator",
    ],
    [
      "is exact when the issuer itself pays",
      { issuer: issuer(0, { TransferRate: 1_010_000_000 }) },
      usd(1n, { from: ISSUER }),
      null,
    ],
  ])("%s", (_name, lines, payment, code, effect) => {
    const problem = findLineProblem(payment, { ...fine, ...lines });
    expect(problem?.code ?? null).toBe(code);
    expect(problem?.effect).toBe(effect);
  });

  it.each([
    ["1000", "999.5", 100n, "0.5"],
    ["10", "0", 1_001n, "0.01"],
    // A balance finer than the asset's scale: what is asked for suffices.
    ["10", "9.999", 1n, "0.01"],
    ["0", "28", 1n, "28.01"],
    ["1e15", "1e15", 1n, "0.01"],
    ["0", "1000000000000000e-30", 1n, "0.02"],
  ])("says how much a limit of %s with %s lacks for %s", (limit, balance, amount, more) => {
    const theirs = line({ limit, balance });
    const problem = findLineProblem(usd(amount), { ...fine, theirs });
    expect(problem).toMatchObject({
      code: "trust_limit_too_low",
      message: expect.stringContaining(`raise the limit by at least ${more}, `),
    });
  });

  it("has nothing to say about XRP", () => {
    expect(findLineProblem(xrp(1n), { issuer: null, own: null, theirs: null })).toBeNull();
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeFor } from "../../src/modules/payouts/exchange.ts";
import { decodeNumber, encodeNumber, MAX_COUNTER, type Series } from "../../src/modules/payouts/numbers.ts";
import { parsePayee } from "../../src/modules/payouts/payee.ts";
import {
  approvalsFor,
  decide,
  durationText,
  MAX_ONCHAIN_AMOUNT,
  type PayoutPolicy,
  type PolicyQuestion,
  refuseAboveCaps,
} from "../../src/modules/payouts/policy.ts";
import { DEFAULT_POLICIES } from "../../src/modules/payouts/policy-store.ts";

const FLR = 10n ** 18n;
const asset = { code: "FLR", scale: 18 };
const vault = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const payee = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

function defaultPolicy(): PayoutPolicy {
  const policy = DEFAULT_POLICIES.find((candidate) => candidate.asset === "FLR");
  if (policy === undefined) throw new Error("FLR has no default policy");
  return policy;
}

const ask = (change: Partial<PolicyQuestion> = {}): PolicyQuestion => ({
  policy: defaultPolicy(),
  asset,
  amount: 5n * FLR,
  source: "onchain",
  delivery: "push",
  approvers: 4,
  payee: { address: payee, rule: null, paidBefore: false },
  suspicions: [],
  ...change,
});

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

describe("tiers", () => {
  it.each([
    [1n, 0, "needs no approval: below 100 FLR"],
    [100n * FLR - 1n, 0, "needs no approval: below 100 FLR"],
    [100n * FLR, 2, "needs 2 of 4: 100 FLR or more"],
    [10_000n * FLR - 1n, 2, "needs 2 of 4: 100 FLR or more"],
    [10_000n * FLR, 3, "needs 3 of 4: 10000 FLR or more"],
    [MAX_ONCHAIN_AMOUNT, 3, "needs 3 of 4: 10000 FLR or more"],
  ])("for %s wei: %s approvals, %s", (amount, approvalsRequired, reason) => {
    expect(decide(ask({ amount }))).toEqual({ approvalsRequired, delaySeconds: 0, reason });
  });

  it("never ask for fewer approvals for more money, in whatever order they are written", () => {
    const tiers = fc.uniqueArray(
      fc.record({ above: fc.bigInt(1n, 50n), approvals: fc.integer({ min: 1, max: 5 }) }),
      { selector: (tier) => tier.above, maxLength: 4 },
    );
    fc.assert(
      fc.property(tiers, fc.bigInt(1n, 60n), (written, amount) => {
        const { required, tier } = approvalsFor({ ...defaultPolicy(), tiers: written }, amount);
        const reached = written.filter(({ above }) => above <= amount);
        const highest = reached.sort((a, b) => (a.above < b.above ? 1 : -1))[0];
        expect(tier).toEqual(highest ?? null);
        expect(required).toBe(highest?.approvals ?? 0);
      }),
    );
  });
});

describe("the decision", () => {
  it.each([
    ["a denied payee", ask({ payee: { address: payee, rule: "deny", paidBefore: true } }), "address_denied"],
    ["too little", ask({ policy: { ...defaultPolicy(), minAmount: 6n * FLR } }), "amount_too_small"],
    ["more than uint96", ask({ amount: MAX_ONCHAIN_AMOUNT + 1n }), "amount_too_large"],
    [
      "a claim that needs approvals",
      ask({ amount: 100n * FLR, delivery: "claim" }),
      "claim_needs_no_approval",
    ],
    [
      "more approvals than there are approvers",
      ask({ amount: 100n * FLR, approvers: 1 }),
      "too_few_approvers",
    ],
  ] as const)("refuses %s", (_what, question, code) => {
    expect(codeOf(() => decide(question))).toBe(code);
  });

  it("names a denied payee before anything that another amount would mend", () => {
    const question = ask({
      amount: MAX_ONCHAIN_AMOUNT + 1n,
      delivery: "claim",
      payee: { address: payee, rule: "deny", paidBefore: false },
    });
    expect(codeOf(() => decide(question))).toBe("address_denied");
  });

  it.each([
    [null, false, 5400],
    [null, true, 0],
    ["allow", false, 0],
  ] as const)("with rule %s, paid before %s, waits %s s", (rule, paidBefore, delaySeconds) => {
    const policy = { ...defaultPolicy(), firstAddressDelaySeconds: 5400 };
    const decision = decide(ask({ policy, payee: { address: payee, rule, paidBefore } }));
    expect(decision.delaySeconds).toBe(delaySeconds);
    const text = "; waits 1 h 30 min: first payout to this address";
    expect(decision.reason.endsWith(text)).toBe(delaySeconds > 0);
  });

  it("slows a player whose clicking is suspicious, for the longer of two waits, and says why", () => {
    const policy = { ...defaultPolicy(), firstAddressDelaySeconds: 60, suspicionDelaySeconds: 3_600 };
    const suspicions = ["regular intervals", "sustained rate"];
    const known = { address: payee, rule: null, paidBefore: true };
    expect(decide(ask({ policy, suspicions, payee: known }))).toMatchObject({
      delaySeconds: 3_600,
      reason: expect.stringMatching(/; waits 1 h: unusual clicking \(regular intervals, sustained rate\)$/),
    });
    expect(decide(ask({ policy, suspicions })).reason).toMatch(
      /; waits 1 h: first payout to this address and unusual clicking/,
    );
    expect(decide(ask({ policy, suspicions, payee: { ...known, rule: "allow" } })).delaySeconds).toBe(0);
  });

  it.each(["demo", "server"] as const)("asks nobody about a %s payout, however large", (source) => {
    const policy = { ...defaultPolicy(), firstAddressDelaySeconds: 60 };
    const decision = decide(ask({ policy, source, amount: 50_000n * FLR }));
    expect(decision).toMatchObject({ approvalsRequired: 0, delaySeconds: 0 });
    expect(decision.reason).toContain(source === "demo" ? "demo" : "stays on the ledger");
  });
});

describe("daily caps", () => {
  const policy = { ...defaultPolicy(), playerDailyCap: 10n * FLR, assetDailyCap: 100n * FLR };
  const usage = (player: bigint | null, all: bigint) => ({ player, asset: all });

  it("allow exactly the cap and refuse one wei more, saying what is left", () => {
    expect(refuseAboveCaps(policy, asset, 4n * FLR, usage(10n * FLR, 100n * FLR))).toBeUndefined();
    expect(() => refuseAboveCaps(policy, asset, 4n * FLR, usage(10n * FLR + 1n, 50n * FLR))).toThrow(
      expect.objectContaining({
        code: "player_daily_cap",
        details: expect.objectContaining({ remaining: String(4n * FLR - 1n) }),
      }),
    );
    expect(() => refuseAboveCaps(policy, asset, 4n * FLR, usage(null, 105n * FLR))).toThrow(
      expect.objectContaining({
        code: "asset_daily_cap",
        details: expect.objectContaining({ remaining: "0" }),
      }),
    );
  });

  it("never say that less than nothing is left", () => {
    expect(() => refuseAboveCaps(policy, asset, 1n, usage(11n * FLR, 0n))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ remaining: "0" }) }),
    );
  });
});

describe("the exchange", () => {
  it("pays COIN at the configured rate to the wei, and FLR one to one", () => {
    expect(exchangeFor({ FLR: 10n ** 15n }, "COIN", "FLR")).toEqual({
      rate: 10n ** 15n,
      funding: "exchange",
    });
    expect(exchangeFor({ FLR: 10n ** 15n }, "FLR", "FLR")).toEqual({ rate: 1n, funding: "balance" });
  });

  it.each([
    ["FLR", "COIN"],
    ["COIN", "COIN"],
  ])("refuses %s as %s, naming what is possible", (spend, payAs) => {
    expect(() => exchangeFor({ FLR: 1n }, spend, payAs)).toThrow(
      expect.objectContaining({
        code: "unsupported_pair",
        details: expect.objectContaining({
          supported: [
            { asset: "COIN", payAs: "FLR" },
            { asset: "FLR", payAs: "FLR" },
          ],
        }),
      }),
    );
  });
});

describe("payees", () => {
  it.each([
    ["0x0000000000000000000000000000000000000000", "zero_address"],
    ["0x0000000000000000000000000000000000000001", "reserved_address"],
    ["0x00000000000000000000000000000000000000ff", "reserved_address"],
    ["0x000000000000000000000000000000000000dEaD", "reserved_address"],
    ["0x0200000000000000000000000000000000000005", "reserved_address"],
    ["0x1000000000000000000000000000000000000002", "reserved_address"],
    [vault, "payee_is_vault"],
    [vault.toLowerCase(), "payee_is_vault"],
    ["0x70997970C51812dc3A010C7d01b50e0d17dc79c8", "invalid_address"],
    ["0x7099", "invalid_address"],
    ["70997970C51812dc3A010C7d01b50e0d17dc79C8", "invalid_address"],
    ["XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS", "invalid_address"],
    ["player.eth", "invalid_address"],
  ])("refuses %s: %s", (text, code) => {
    expect(codeOf(() => parsePayee(text, vault))).toBe(code);
  });

  it("takes any other address in either case, as its checksummed self", () => {
    expect(parsePayee(payee.toLowerCase(), vault)).toBe(payee);
    expect(parsePayee("0x0000000000000000000000000000000000010000", null)).toMatch(/10000$/);
  });
});

describe("payout numbers", () => {
  const series = fc.constantFrom<Series>("push", "signed", "claim");

  it("say their series, asset and counter, and fit a signed 64-bit integer", () => {
    fc.assert(
      fc.property(series, fc.bigInt(1n, MAX_COUNTER), (name, counter) => {
        const number = encodeNumber(name, "FLR", counter);
        expect(number).toBeLessThan(2n ** 63n);
        expect(decodeNumber(number)).toEqual({ series: name, assetIndex: 0n, counter });
      }),
    );
    expect(encodeNumber("push", "FLR", 1n)).toBe(1n);
    expect(encodeNumber("signed", "FLR", 1n)).toBe(2n ** 60n + 1n);
    expect(encodeNumber("claim", "FLR", 1n)).toBe(2n ** 61n + 1n);
  });

  it("are never zero, past the counter's bits, or of an asset without an index", () => {
    expect(() => encodeNumber("push", "FLR", 0n)).toThrow("out of range");
    expect(() => encodeNumber("push", "FLR", MAX_COUNTER + 1n)).toThrow("out of range");
    expect(() => encodeNumber("push", "COIN", 1n)).toThrow("no index");
    for (const number of [0n, 2n ** 60n, 3n * 2n ** 60n + 1n]) expect(decodeNumber(number)).toBeNull();
  });
});

it("says durations the way people do", () => {
  expect(durationText(90_061)).toBe("1 d 1 h 1 min 1 s");
  expect(durationText(86_400)).toBe("1 d");
  expect(durationText(3_660)).toBe("1 h 1 min");
});

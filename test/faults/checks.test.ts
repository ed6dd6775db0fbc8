import { describe, expect, it } from "vitest";
import {
  type Batch,
  type Booked,
  checkAcknowledged,
  checkBatches,
  checkBookedAsPaid,
  checkClickTotals,
  checkFeed,
  checkHoldings,
  checkLedgerSums,
  checkPaidOnce,
  checkPayees,
  checkRails,
  checkWitnessed,
  type OnChain,
} from "../../scripts/faults/checks.ts";
import type { Seen } from "../../scripts/faults/feed-client.ts";

const booked: Booked[] = [
  { id: "a", rail: "flare", number: "1", to: "0xAa01", amount: 5n, status: "confirmed" },
  { id: "b", rail: "flare", number: "2", to: "0xBb02", amount: 7n, status: "credited" },
  { id: "c", rail: "xrpl", number: "3", to: "rC", amount: 9n, status: "confirmed" },
  { id: "d", rail: "flare", number: "4", to: "0xDd04", amount: 11n, status: "cancelled" },
];
const paid: OnChain[] = [
  { rail: "flare", number: "1", to: "0xaa01", amount: 5n, how: "paid", tx: "0x1" },
  { rail: "flare", number: "2", to: "0xbb02", amount: 7n, how: "credited", tx: "0x1" },
  { rail: "xrpl", number: "3", to: "rC", amount: 9n, how: "paid", tx: "X3" },
  { rail: "flare", number: "4", to: "", amount: 0n, how: "closed", tx: "0x2" },
];
/** The same with one of them changed. */
function but<T>(all: readonly T[], index: number, change: Partial<T>): T[] {
  return all.map((one, at) => (at === index ? { ...one, ...change } : one));
}

describe("what the chains paid", () => {
  it("is each number once", () => {
    expect(checkPaidOnce(paid)).toEqual([]);
    const twice = { ...paid[0], tx: "0x9" } as OnChain;
    expect(checkPaidOnce([...paid, twice])).toEqual(["flare number 1 was consumed 2 times: 0x1, 0x9"]);
    // The same number on another rail is another payout.
    expect(checkPaidOnce([...paid, { ...twice, rail: "xrpl" }])).toEqual([]);
  });

  it("is what is booked, payout by payout", () => {
    expect(checkBookedAsPaid(booked, paid)).toEqual([]);
  });

  it.each<[string, Booked[], OnChain[], RegExp]>([
    ["a payout that no chain knows", booked, paid.slice(1), /payout a .* the chain knows nothing of it/],
    ["a payment that is not booked", booked.slice(1), paid, /flare number 1 .* no such payout/],
    ["another amount", booked, but(paid, 2, { amount: 8n }), /payout c .* 9 to rC; the chain paid 8/],
    ["another payee", booked, but(paid, 2, { to: "rX" }), /payout c .* to rX/],
    ["a credit booked as paid", but(booked, 1, { status: "confirmed" }), paid, /payout b .* credited 7/],
    ["a payment of what was cancelled", booked, but(paid, 3, { how: "paid" }), /payout d .* is cancelled/],
    ["a payment of what was given up", but(booked, 0, { status: "failed" }), paid, /payout a .* is failed/],
    ["a payout that is still on its way", but(booked, 0, { status: "submitted" }), paid, /still submitted/],
  ])("tells %s", (_what, books, chain, difference) => {
    expect(checkBookedAsPaid(books, chain)).toEqual([expect.stringMatching(difference)]);
  });

  it("is what the payees have", () => {
    const balances = [
      { rail: "flare", to: "0xAA01", balance: 5n },
      { rail: "flare", to: "0xBb02", balance: 0n },
      { rail: "xrpl", to: "rC", balance: 9n },
      { rail: "flare", to: "0xDd04", balance: 0n },
    ];
    expect(checkPayees(booked, balances)).toEqual([]);
    expect(checkPayees(booked, but(balances, 0, { balance: 10n }))).toEqual([
      "flare:0xaa01 was to get 5 and has 10",
    ]);
    expect(checkPayees(booked, balances.slice(1))).toHaveLength(1);
  });

  it("is what batches say", () => {
    const batch: Batch = {
      id: "x",
      rail: "flare",
      status: "resolved",
      firstNumber: 1n,
      size: 2,
      total: 12n,
      members: 2,
      membersTotal: 12n,
    };
    expect(checkBatches([batch, { ...batch, status: "dissolved", members: 0 }], paid)).toEqual([]);
    expect(checkBatches([{ ...batch, status: "submitted" }], paid)).toEqual([
      "batch x of flare is still submitted",
    ]);
    expect(checkBatches([{ ...batch, membersTotal: 13n }], paid)).toHaveLength(1);
    expect(checkBatches([{ ...batch, members: 1 }], paid)).toHaveLength(1);
    expect(checkBatches([batch], paid.slice(1))).toEqual([
      "batch x of flare is resolved, the chain has not consumed 1",
    ]);
  });
});

describe("the ledger", () => {
  it("sums to zero", () => {
    expect(checkLedgerSums([{ asset: "FLR", sum: 0n }])).toEqual([]);
    expect(checkLedgerSums([{ asset: "FLR", sum: -1n }])).toEqual(["FLR sums to -1, not to 0"]);
    expect(checkLedgerSums([])).toHaveLength(1);
  });

  it("holds what the chains hold, to the minor unit", () => {
    const holding = { what: "FLR in the vault", ledger: 10n ** 24n, chain: 10n ** 24n };
    expect(checkHoldings([holding])).toEqual([]);
    expect(checkHoldings([{ ...holding, chain: holding.chain - 1n }])).toHaveLength(1);
    expect(checkHoldings([])).toHaveLength(1);
  });

  it("runs on both rails and differs from nothing", () => {
    expect(checkRails([{ rail: "flare", paused: null, drift: null }])).toEqual([]);
    expect(checkRails([{ rail: "flare", paused: "a number", drift: "{}" }])).toHaveLength(2);
    expect(checkRails([])).toHaveLength(1);
  });
});

describe("what was acknowledged", () => {
  it("is there with the same content, in whatever order its fields come", () => {
    const click = {
      what: "click 1",
      acknowledged: { accepted: 5, clicks: 7 },
      found: { clicks: 7, accepted: 5 },
    };
    expect(checkAcknowledged([click])).toEqual([]);
    expect(checkAcknowledged([{ ...click, found: { accepted: 5, clicks: 8 } }])).toHaveLength(1);
    expect(checkAcknowledged([{ ...click, found: null }])).toEqual([
      'click 1 was answered {"accepted":5,"clicks":7}, now null',
    ]);
    expect(checkAcknowledged([{ ...click, found: undefined }])).toHaveLength(1);
  });

  it("is counted once and rewarded once", () => {
    const total = { account: "0xA", acknowledged: 7n, counted: 7n, rewarded: 7n };
    expect(checkClickTotals([total])).toEqual([]);
    for (const lost of [{ counted: 6n }, { rewarded: 6n }, { counted: 8n, rewarded: 8n }])
      expect(checkClickTotals([{ ...total, ...lost }])).toHaveLength(1);
  });
});

describe("a client of the feed", () => {
  const published = [3n, 5n, 6n, 9n];
  const seen = (ids: bigint[], more: Partial<Seen> = {}): Seen => ({
    client: "client 1",
    channel: "feed",
    from: 3n,
    ids,
    resets: [],
    ...more,
  });

  it("saw everything after its first look, once and in order", () => {
    expect(checkFeed(seen([5n, 6n, 9n]), published)).toEqual([]);
    expect(checkFeed(seen([], { from: 9n }), published)).toEqual([]);
  });

  it.each<[string, Seen, RegExp]>([
    ["a gap", seen([5n, 9n]), /missed 1 event\(s\) \(6\)/],
    ["the last one missing", seen([5n, 6n]), /missed 1 event\(s\) \(9\)/],
    ["one twice", seen([5n, 6n, 6n, 9n]), /saw 1 event\(s\) \(6\) of feed more than once/],
    ["two in the wrong order", seen([6n, 5n, 9n]), /saw 5 of feed out of order/],
    ["one that nobody published", seen([5n, 6n, 7n, 9n]), /\(7\), which feed has not/],
    ["one from before its first look", seen([3n, 5n, 6n, 9n]), /\(3\), which feed has not/],
    ["a lost place", seen([5n, 6n, 9n], { resets: ["it had 5"] }), /lost its place: it had 5/],
  ])("is told with %s", (_what, client, difference) => {
    expect(checkFeed(client, published)).toEqual([expect.stringMatching(difference)]);
  });
});

it("history that was seen is still the same", () => {
  const head = { chain: "ledger's hash chain", position: "4", hash: "ab", now: "ab" };
  expect(checkWitnessed([head])).toEqual([]);
  expect(checkWitnessed([{ ...head, now: "cd" }])).toHaveLength(1);
  expect(checkWitnessed([{ ...head, now: null }])).toEqual([
    "the ledger's hash chain had ab at 4, now nothing",
  ]);
});

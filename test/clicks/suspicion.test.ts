import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assess,
  decayed,
  extendStretch,
  isEvidence,
  SLOW_WITHDRAWALS_FROM,
  type Stretch,
  type Suspicion,
} from "../../src/modules/clicks/suspicion.ts";

type Request = { afterMs: number; taps: number };

/** What comes out of watching requests, one after another, as the service does. */
function watch(requests: readonly Request[], playersOnAddress = 1): Suspicion[] {
  const found: Suspicion[] = [];
  let at = 1_000_000;
  let stretch: Stretch | undefined;
  for (const { afterMs, taps } of requests) {
    at += afterMs;
    stretch = extendStretch(stretch, at, taps);
    if (isEvidence(stretch)) {
      found.push(assess(stretch, playersOnAddress));
      stretch = extendStretch(undefined, at, taps);
    }
  }
  return found;
}

const repeat = (times: number, request: (index: number) => Request) =>
  Array.from({ length: times }, (_unused, index) => request(index));

describe("suspicion", () => {
  it("falls on a metronome", () => {
    const found = watch(repeat(400, (i) => ({ afterMs: 200 + (i % 3), taps: 1 })));
    expect(found).toEqual([{ score: 60, reasons: ["regular_intervals"] }]);
  });

  it("falls on a rate that no hand keeps up", () => {
    const found = watch(repeat(300, (i) => ({ afterMs: 200 + (i % 2) * 100, taps: 10 + (i % 2) })));
    expect(found).toEqual([{ score: 50, reasons: ["sustained_rate"] }]);
  });

  it("adds signs up, at most to 100", () => {
    const found = watch(
      repeat(400, () => ({ afterMs: 200, taps: 5 })),
      25,
    );
    expect(found).toEqual([
      { score: 100, reasons: ["regular_intervals", "sustained_rate", "shared_address"] },
    ]);
  });

  it("does not reach the mark for sharing an address alone", () => {
    const found = watch(
      repeat(400, (i) => ({ afterMs: 150 + (i % 4) * 60, taps: 1 })),
      500,
    );
    expect(found.length).toBeGreaterThan(0);
    for (const { score, reasons } of found) {
      expect(reasons).toEqual(["shared_address"]);
      expect(score).toBeLessThan(SLOW_WITHDRAWALS_FROM);
    }
  });

  it("leaves a page alone that sends what was tapped on a timer", () => {
    const found = watch(repeat(1_000, (i) => ({ afterMs: 250, taps: 1 + (i % 3) })));
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ score }) => score === 0)).toBe(true);
  });

  it("leaves people alone: uneven intervals below 14 taps a second, for as long as they like", () => {
    const human = fc.array(fc.integer({ min: 75, max: 320 }), { minLength: 400, maxLength: 800 });
    fc.assert(
      fc.property(human, (intervals) => {
        // A hand never repeats itself for a minute: every fourth tap hesitates.
        const requests = intervals.map((ms, i) => ({ afterMs: i % 4 === 0 ? ms + 200 : ms, taps: 1 }));
        for (const { score } of watch(requests)) expect(score).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("needs a minute without a pause, however even the clicks are", () => {
    expect(watch(repeat(250, () => ({ afterMs: 200, taps: 50 })))).toEqual([]);
    expect(watch(repeat(2_000, (i) => ({ afterMs: i % 100 === 0 ? 6_000 : 200, taps: 1 })))).toEqual([]);
  });

  it("halves every day and is gone after a week", () => {
    const day = 24 * 3_600_000;
    expect([0, day - 1, day, 2 * day, 6 * day, 7 * day, 1_000 * day].map((age) => decayed(100, age))).toEqual(
      [100, 100, 50, 25, 1, 0, 0],
    );
    expect(decayed(60, -5)).toBe(60);
  });
});

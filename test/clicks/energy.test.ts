import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Energy,
  type EnergyRules,
  MICRO,
  msUntilNextTap,
  refill,
  spend,
  wholeEnergy,
} from "../../src/modules/clicks/energy.ts";

const rulesArbitrary: fc.Arbitrary<EnergyRules> = fc.record({
  maxEnergy: fc.integer({ min: 1, max: 1_000_000 }),
  energyPerSecond: fc.integer({ min: 1, max: 100_000 }),
});
const microsArbitrary = fc.bigInt({ min: 0n, max: 10n ** 15n });

/** Rules with an energy that could have come about under them. */
const situation = rulesArbitrary.chain((rules) =>
  fc.record({
    rules: fc.constant(rules),
    energy: fc.record<Energy>({
      energyMicro: fc.bigInt({ min: 0n, max: BigInt(rules.maxEnergy) * MICRO }),
      atMicros: microsArbitrary,
    }),
  }),
);

describe("energy", () => {
  it("refilled in any number of steps is the energy refilled in one", () => {
    fc.assert(
      fc.property(
        situation,
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 7n }), { maxLength: 20 }),
        ({ rules, energy }, steps) => {
          let now = energy.atMicros;
          let stepped = energy;
          for (const step of steps) {
            now += step;
            stepped = refill(stepped, now, rules);
          }
          expect(stepped).toEqual(refill(energy, now, rules));
        },
      ),
    );
  });

  it("never exceeds the maximum, never shrinks while time goes on, and grows by exactly seconds × regen below it", () => {
    fc.assert(
      fc.property(situation, microsArbitrary, ({ rules, energy }, elapsed) => {
        const later = refill(energy, energy.atMicros + elapsed, rules);
        expect(later.energyMicro).toBeLessThanOrEqual(BigInt(rules.maxEnergy) * MICRO);
        expect(later.energyMicro).toBeGreaterThanOrEqual(energy.energyMicro);
        if (later.energyMicro < BigInt(rules.maxEnergy) * MICRO) {
          expect(later.energyMicro - energy.energyMicro).toBe(elapsed * BigInt(rules.energyPerSecond));
        }
      }),
    );
  });

  it("neither gives nor takes anything when the clock goes back, and does not pay the same time twice after it", () => {
    fc.assert(
      fc.property(situation, microsArbitrary, ({ rules, energy }, back) => {
        const before = refill(energy, energy.atMicros - back, rules);
        expect(before).toEqual(energy);
        expect(refill(before, energy.atMicros + 1n, rules)).toEqual(
          refill(energy, energy.atMicros + 1n, rules),
        );
      }),
    );
  });

  it("accepts what there is, to the last whole tap, and leaves the fraction", () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 1, max: 50 }), ({ energy }, count) => {
        const { accepted, left } = spend(energy, count);
        expect(accepted).toBe(Math.min(count, wholeEnergy(energy)));
        expect(left.energyMicro).toBe(energy.energyMicro - BigInt(accepted) * MICRO);
        expect(left.energyMicro).toBeGreaterThanOrEqual(0n);
      }),
    );
  });

  it("spent in one request or tap by tap accepts the same", () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 1, max: 50 }), ({ energy }, count) => {
        let left = energy;
        let accepted = 0;
        for (let tap = 0; tap < count; tap += 1) {
          const one = spend(left, 1);
          left = one.left;
          accepted += one.accepted;
        }
        expect({ accepted, left }).toEqual(spend(energy, count));
      }),
    );
  });

  it("says the first millisecond at which one more tap will count", () => {
    fc.assert(
      fc.property(situation, ({ rules, energy }) => {
        const empty = spend(energy, Number(energy.energyMicro / MICRO) + 1).left;
        const ms = BigInt(msUntilNextTap(empty, rules));
        expect(spend(refill(empty, empty.atMicros + ms * 1_000n, rules), 1).accepted).toBe(1);
        expect(spend(refill(empty, empty.atMicros + (ms - 1n) * 1_000n, rules), 1).accepted).toBe(0);
        expect(msUntilNextTap(refill(empty, empty.atMicros + ms * 1_000n, rules), rules)).toBe(0);
      }),
    );
  });

  it("over any history of clicks accepts at most the start plus what time brought", () => {
    fc.assert(
      fc.property(
        situation,
        fc.array(
          fc.record({
            pause: fc.bigInt({ min: 0n, max: 10n ** 8n }),
            count: fc.integer({ min: 1, max: 50 }),
          }),
        ),
        ({ rules, energy }, clicks) => {
          let left = energy;
          let total = 0n;
          let now = energy.atMicros;
          for (const { pause, count } of clicks) {
            now += pause;
            const spent = spend(refill(left, now, rules), count);
            left = spent.left;
            total += BigInt(spent.accepted);
          }
          const brought = (now - energy.atMicros) * BigInt(rules.energyPerSecond);
          expect(total * MICRO).toBeLessThanOrEqual(energy.energyMicro + brought);
        },
      ),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstFees, raisedFees } from "../../src/modules/settlement/rails/flare/fees.ts";

const GWEI = 10n ** 9n;
const market = (nextBaseFeeWei: bigint, ...tipsWei: bigint[]) => ({ nextBaseFeeWei, tipsWei });

describe("first fees", () => {
  it("leave room for the base fee to double, with the median tip", () => {
    expect(firstFees(market(25n * GWEI, 1n * GWEI, 3n * GWEI, 2n * GWEI), 100n * GWEI)).toEqual({
      maxFeePerGasWei: 52n * GWEI,
      maxPriorityFeePerGasWei: 2n * GWEI,
    });
  });

  it("offer a tip of at least one wei where nobody tips", () => {
    expect(firstFees(market(1n, 0n, 0n), GWEI)).toEqual({ maxFeePerGasWei: 3n, maxPriorityFeePerGasWei: 1n });
  });

  it("stop at the cap, and are none while the base fee alone is above it", () => {
    expect(firstFees(market(60n, 5n), 100n)).toEqual({ maxFeePerGasWei: 100n, maxPriorityFeePerGasWei: 5n });
    expect(firstFees(market(98n, 5n), 100n)).toEqual({ maxFeePerGasWei: 100n, maxPriorityFeePerGasWei: 2n });
    expect(firstFees(market(100n, 5n), 100n)).toBeNull();
  });
});

describe("raised fees", () => {
  const wei = fc.bigInt({ min: 1n, max: 10n ** 13n });
  const previousFees = fc
    .record({ maxPriorityFeePerGasWei: wei, room: wei })
    .map(({ maxPriorityFeePerGasWei, room }) => ({
      maxPriorityFeePerGasWei,
      maxFeePerGasWei: maxPriorityFeePerGasWei + room,
    }));

  it("are at least a tenth above the previous in both, within the cap, and a tip never above the fee", () => {
    fc.assert(
      fc.property(previousFees, wei, fc.array(wei, { maxLength: 5 }), wei, (previous, base, tips, cap) => {
        const raised = raisedFees(previous, market(base, ...tips), cap);
        if (raised === null) {
          expect(previous.maxFeePerGasWei * 110n > cap * 100n - 100n).toBe(true);
          return;
        }
        expect(raised.maxFeePerGasWei * 100n).toBeGreaterThanOrEqual(previous.maxFeePerGasWei * 110n);
        expect(raised.maxPriorityFeePerGasWei * 100n).toBeGreaterThanOrEqual(
          previous.maxPriorityFeePerGasWei * 110n,
        );
        expect(raised.maxFeePerGasWei).toBeLessThanOrEqual(cap);
        expect(raised.maxPriorityFeePerGasWei).toBeLessThanOrEqual(raised.maxFeePerGasWei);
      }),
    );
  });

  it("follow a market that rose by more than a tenth", () => {
    const previous = { maxFeePerGasWei: 10n, maxPriorityFeePerGasWei: 1n };
    expect(raisedFees(previous, market(100n, 7n), 1_000n)).toEqual({
      maxFeePerGasWei: 207n,
      maxPriorityFeePerGasWei: 7n,
    });
  });
});

import { describe, expect, it } from "vitest";
import { FIXED_SEEDS } from "../../scripts/faults/fixed-seeds.ts";
import { FAULTS, FAULTS_A_RUN, isExclusive, scheduleOf } from "../../scripts/faults/schedule.ts";

describe("a schedule", () => {
  it("is the same whenever its seed is", () => {
    expect(scheduleOf(7)).toEqual(scheduleOf(7));
    expect(scheduleOf(7)).not.toEqual(scheduleOf(8));
  });

  it("draws from the kinds that it is given, and what needs the rest whole comes last", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const schedule = scheduleOf(seed);
      expect(schedule.length).toBeLessThanOrEqual(FAULTS_A_RUN);
      expect(schedule.slice(0, -1).filter(({ fault }) => isExclusive(fault))).toEqual([]);
      expect(schedule.map(({ atMs }) => atMs)).toEqual(
        schedule.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
      );
    }
    const only = new Set(scheduleOf(7, ["reorganised", "rpc-lags"]).map(({ fault }) => fault));
    expect([...only].sort()).toEqual(["reorganised", "rpc-lags"]);
  });

  it("never reorganises what counts as final", () => {
    const depths = new Set<unknown>();
    for (let seed = 0; seed < 200; seed += 1) {
      for (const { parameters } of scheduleOf(seed, ["reorganised"])) depths.add(parameters.depth);
    }
    expect([...depths].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("has fixed seeds that meet every kind of fault between them", () => {
    const met = new Set(FIXED_SEEDS.flatMap(({ seed }) => scheduleOf(seed).map(({ fault }) => fault)));
    expect(FAULTS.filter((fault) => !met.has(fault))).toEqual([]);
  });
});

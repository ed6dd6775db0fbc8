import {
  createSettlement,
  type RailSettlement,
  type Settlement,
  type SettlementDeps,
  type StepName,
} from "../../src/modules/settlement/index.ts";

/** The rail of a settlement that has one. */
export function onlyRail({ rails }: Settlement): RailSettlement {
  const [rail, ...others] = rails;
  if (rail === undefined || others.length > 0) throw new Error(`there are ${rails.length} rails, not one`);
  return rail;
}

/** Makes settlements that wait for nothing by the clock; `interleave.at` is done between any two of their steps. */
export function settlementsOf(deps: SettlementDeps) {
  const interleave: { at: (step: StepName) => Promise<void> } = { at: async () => undefined };
  const newSettlement = (more: Partial<SettlementDeps> = {}): RailSettlement =>
    onlyRail(
      createSettlement({
        ...deps,
        steps: { reached: (name) => interleave.at(name) },
        ...more,
        settings: {
          longestPaceMs: 0,
          reconcileEveryMs: 0,
          retryWaitingMs: 0,
          leaseSeconds: 60,
          ...deps.settings,
          ...more.settings,
        },
      }),
    );
  return { interleave, newSettlement };
}

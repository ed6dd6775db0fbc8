import type { RailSettlement, Settlement } from "../../src/modules/settlement/index.ts";

/** The rail of a settlement that has one. */
export function onlyRail({ rails }: Settlement): RailSettlement {
  const [rail, ...others] = rails;
  if (rail === undefined || others.length > 0) throw new Error(`there are ${rails.length} rails, not one`);
  return rail;
}

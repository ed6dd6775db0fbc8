import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import type { Routes } from "../../platform/http/index.ts";
import type { Auth } from "../auth/index.ts";
import type { Payouts } from "../payouts/index.ts";
import { auditRoutes } from "./audit-routes.ts";
import { payoutRoutes } from "./payout-routes.ts";
import { railRoutes } from "./rail-routes.ts";
import type { TreasurySource } from "./treasury.ts";
import { treasuryRoutes } from "./treasury-routes.ts";

export type { TreasurySource, TreasuryView } from "./treasury.ts";

export type Admin = { readonly routes: Routes };

/** What admins do and see; everything that it changes, other modules change. */
export function createAdmin(deps: {
  db: Database;
  clock: Clock;
  auth: Pick<Auth, "requireRole">;
  payouts: Pick<Payouts, "proposePayout" | "findProposalProblem">;
  /** null in a process that does not talk to a chain. */
  settlement: TreasurySource | null;
}): Admin {
  return {
    async routes(server) {
      for (const part of [payoutRoutes(deps), railRoutes(deps), treasuryRoutes(deps), auditRoutes(deps)]) {
        await server.register(part);
      }
    },
  };
}

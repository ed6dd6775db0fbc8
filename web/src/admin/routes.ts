import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../root-route.tsx";
import { parseAuditFilter } from "./audit-filter.ts";

/** Everything under /admin. Only this file is part of the first load; pages come when they are needed. */
const consoleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin",
  component: lazyRouteComponent(() => import("./layout.tsx"), "ConsoleLayout"),
});
const parent = { getParentRoute: () => consoleRoute } as const;

const queue = createRoute({
  ...parent,
  path: "/",
  component: lazyRouteComponent(() => import("./queue-page.tsx"), "QueuePage"),
});
const payout = createRoute({
  ...parent,
  path: "/payouts/$id",
  component: lazyRouteComponent(() => import("./payout-page.tsx"), "ApprovalPage"),
});
const propose = createRoute({
  ...parent,
  path: "/propose",
  component: lazyRouteComponent(() => import("./propose-page.tsx"), "ProposePage"),
});
const treasury = createRoute({
  ...parent,
  path: "/treasury",
  component: lazyRouteComponent(() => import("./treasury-page.tsx"), "TreasuryPage"),
});
const audit = createRoute({
  ...parent,
  path: "/audit",
  validateSearch: parseAuditFilter,
  component: lazyRouteComponent(() => import("./audit-page.tsx"), "AuditPage"),
});

export const adminRoutes = consoleRoute.addChildren([queue, payout, propose, treasury, audit]);

import { createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { adminRoutes } from "./admin/routes.ts";
import { PlayPage } from "./play/page.tsx";
import { rootRoute } from "./root-route.tsx";
import { PageFailed } from "./shell/page-failed.tsx";
import { PagePending } from "./shell/page-pending.tsx";

const root = { getParentRoute: () => rootRoute } as const;

const play = createRoute({ ...root, path: "/", component: PlayPage });
const cashOut = createRoute({
  ...root,
  path: "/cash-out",
  component: lazyRouteComponent(() => import("./cash-out/page.tsx"), "CashOutPage"),
});
const payout = createRoute({
  ...root,
  path: "/payouts/$id",
  component: lazyRouteComponent(() => import("./payout/page.tsx"), "PayoutPage"),
});
const wallet = createRoute({
  ...root,
  path: "/wallet",
  component: lazyRouteComponent(() => import("./wallet/page.tsx"), "WalletPage"),
});
const feed = createRoute({
  ...root,
  path: "/feed",
  component: lazyRouteComponent(() => import("./feed/page.tsx"), "FeedPage"),
});
const leaderboard = createRoute({
  ...root,
  path: "/leaderboard",
  component: lazyRouteComponent(() => import("./leaderboard/page.tsx"), "LeaderboardPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([play, cashOut, payout, wallet, feed, leaderboard, adminRoutes]),
  defaultPreload: "intent",
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

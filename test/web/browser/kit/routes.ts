/** Every address that the page knows; `$id` stands for a payout. */
export const PLAYER_ROUTES = ["/", "/cash-out", "/payouts/$id", "/wallet", "/feed", "/leaderboard"] as const;
export const ADMIN_ROUTES = [
  "/admin",
  "/admin/payouts/$id",
  "/admin/propose",
  "/admin/treasury",
  "/admin/audit",
] as const;

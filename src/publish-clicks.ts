import type { Clicks } from "./modules/clicks/index.ts";
import type { Feed } from "./modules/feed/index.ts";

/** Tells the feed how many clicks were counted, and each player's channel what they made. */
export function publishClicks(clicks: Clicks, feed: Feed): void {
  clicks.onCommitted(({ players, accepted }) => {
    feed.countClicks(accepted);
    for (const { account, balance, clicks: total, energy } of players) {
      const balances = [{ asset: "COIN", available: String(balance) }];
      feed.publishBalance(account, { balances, clicks: String(total), energy });
    }
  });
}

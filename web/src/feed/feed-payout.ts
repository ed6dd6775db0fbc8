import type { FeedPayout, WireEvent } from "../api/types.ts";

/** A payout that the feed announces; null for anything else. */
export function feedPayout(event: WireEvent): FeedPayout | null {
  return event.type === "payout" ? (event.payload as unknown as FeedPayout) : null;
}

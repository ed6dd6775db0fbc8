import { Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { shorten } from "../lib/shorten.ts";
import { useStore } from "../lib/store.ts";
import { feedStore } from "../live/live.ts";
import { AmountText } from "../ui/amount.tsx";
import classes from "./feed.module.css";
import { feedPayout } from "./feed-payout.ts";
import { FeedState } from "./feed-state.tsx";

/** The last payouts, beside the coin: that one is paid is the point of it. */
export function RecentPayouts() {
  const { events, phase } = useStore(feedStore);
  const payouts = events.flatMap((event) => feedPayout(event) ?? []).slice(0, 6);
  return (
    <section className={classes.recent}>
      <div className={classes.recentHead}>
        <Title order={2} size="h3">
          Paid just now
        </Title>
        <FeedState compact />
      </div>
      {payouts.length === 0 ? (
        <Text c="dimmed" size="sm">
          {phase === "connecting" ? "Connecting…" : "Nobody has been paid yet. You could be the first."}
        </Text>
      ) : (
        <ul className={classes.recentList}>
          {payouts.map((payout) => (
            <li key={payout.id}>
              <span className="mono" title={payout.account}>
                {shorten(payout.account)}
              </span>
              <strong>
                <AmountText asset={payout.asset} amount={payout.amount} maxFraction={4} />
              </strong>
            </li>
          ))}
        </ul>
      )}
      <Link to="/feed" className={classes.more}>
        The whole feed
      </Link>
    </section>
  );
}

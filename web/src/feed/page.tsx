import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import type { FeedPayout } from "../api/types.ts";
import { useStore } from "../lib/store.ts";
import { fullTime, relativeTime } from "../lib/time.ts";
import { useNow } from "../lib/use-now.ts";
import { feedStore, ticksStore } from "../live/live.ts";
import { AmountText } from "../ui/amount.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Page } from "../ui/page.tsx";
import { EmptyState, LoadingRows } from "../ui/states.tsx";
import classes from "./feed.module.css";
import { feedPayout } from "./feed-payout.ts";
import { FeedState } from "./feed-state.tsx";

export function FeedPage() {
  const { events, phase } = useStore(feedStore);
  const now = useNow(5_000);
  // What was here when the page opened is not news.
  const openedAt = useRef(events[0]?.id ?? null);
  const rows = events.flatMap((event) => {
    const payout = feedPayout(event);
    return payout === null ? [] : [{ id: event.id, payout }];
  });
  return (
    <Page title="Live feed" lead="Every payout the moment it is settled, to everybody." aside={<Presence />}>
      <FeedState />
      <div className="panel">
        {rows.length === 0 && phase === "connecting" ? (
          <LoadingRows />
        ) : rows.length === 0 ? (
          <EmptyState
            title="Nothing has been paid yet"
            action={
              <Button component={Link} to="/">
                Play
              </Button>
            }
          >
            The first payout appears here by itself. It could be yours.
          </EmptyState>
        ) : (
          <ul className={classes.list}>
            {rows.map(({ id, payout }) => (
              <Row
                key={id}
                payout={payout}
                now={now}
                isNew={openedAt.current !== null && BigInt(id) > BigInt(openedAt.current)}
              />
            ))}
          </ul>
        )}
      </div>
    </Page>
  );
}

function Row({ payout, now, isNew }: { payout: FeedPayout; now: number; isNew: boolean }) {
  return (
    <li className={classes.row} data-new={isNew}>
      <OnChain kind="address" value={payout.account} what="account" />
      <span className={classes.amount}>
        <AmountText asset={payout.asset} amount={payout.amount} maxFraction={6} />
      </span>
      <span className={classes.detail}>
        {payout.demo ? (
          "demo, nothing was paid"
        ) : payout.txHash === undefined ? (
          "kept on the ledger"
        ) : (
          <>
            in <OnChain kind="tx" value={payout.txHash} what="transaction hash" />
          </>
        )}
      </span>
      <time className={`${classes.when} num`} dateTime={payout.timestamp} title={fullTime(payout.timestamp)}>
        {relativeTime(payout.timestamp, now)}
      </time>
    </li>
  );
}

/** Who is here, and how fast they tap. */
function Presence() {
  const { clients, clicksPerSecond } = useStore(ticksStore);
  if (clients === undefined) return null;
  return (
    <span className={`${classes.detail} num`}>
      {clients} connected{clicksPerSecond === undefined ? "" : `, ${clicksPerSecond} taps a second`}
    </span>
  );
}

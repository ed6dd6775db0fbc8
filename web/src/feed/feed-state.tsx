import { useStore } from "../lib/store.ts";
import type { FeedPhase } from "../live/feed-cursor.ts";
import { feedStore } from "../live/live.ts";
import classes from "./feed.module.css";

const TONE: Record<FeedPhase, "good" | "wait" | "bad"> = {
  connecting: "wait",
  live: "good",
  reconnecting: "bad",
  recovered: "good",
  restarted: "wait",
};

/** How well the page is connected to what happens, in words; a colour alone says it to few. */
export function FeedState({ compact = false }: { compact?: boolean }) {
  const { phase, caughtUp } = useStore(feedStore);
  return (
    <span className={classes.state} data-tone={TONE[phase]} role={compact ? undefined : "status"}>
      <span className={classes.dot} aria-hidden="true" />
      {compact ? SHORT[phase] : wordsFor(phase, caughtUp)}
    </span>
  );
}

const SHORT: Record<FeedPhase, string> = {
  connecting: "connecting",
  live: "live",
  reconnecting: "reconnecting",
  recovered: "live",
  restarted: "live",
};

function wordsFor(phase: FeedPhase, caughtUp: number): string {
  switch (phase) {
    case "connecting":
      return "Connecting…";
    case "live":
      return "Live";
    case "reconnecting":
      return "Connection lost. Reconnecting; what is missed will follow.";
    case "recovered":
      return caughtUp === 0
        ? "Live again. Nothing was missed."
        : `Live again. ${caughtUp} missed ${caughtUp === 1 ? "event has" : "events have"} been filled in.`;
    case "restarted":
      return "Live again, after a long break: the list begins with the latest events.";
  }
}

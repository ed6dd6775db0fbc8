import { useEffect } from "react";
import { feedStore, listenToAccount } from "../live/live.ts";
import { refreshConsole } from "./queries.ts";

/**
 * Asks anew when a payout was paid, as everybody's feed tells it, or when one of the viewer's own moved. Many payouts are
 * confirmed at once, so what follows within a moment is one question.
 */
export function useLiveConsole(): void {
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      waiting ??= setTimeout(() => {
        waiting = undefined;
        refreshConsole();
      }, 500);
    };
    let seen = feedStore.get().cursor;
    const stopFeed = feedStore.subscribe(() => {
      const { cursor } = feedStore.get();
      if (cursor === seen) return;
      seen = cursor;
      soon();
    });
    const stopAccount = listenToAccount({
      onEvent: ({ type }) => {
        if (type === "payout") soon();
      },
      onReset: soon,
    });
    return () => {
      clearTimeout(waiting);
      stopFeed();
      stopAccount();
    };
  }, []);
}

import { useEffect } from "react";
import { balancesQuery, payoutQuery, queryClient } from "../api/queries.ts";
import type { Balance, Payout, PayoutSummary, WireEvent } from "../api/types.ts";
import { followAccount, listenToAccount } from "../live/live.ts";
import { announcePayout } from "./payout-news.ts";

/** Keeps what is shown of an account as the account's channel tells it. Mounted once, by the shell. */
export function useFollowAccount(account: string | null | undefined): void {
  useEffect(() => {
    // Before it is known who is here there is nothing to follow, and a connection would have to be made anew.
    if (account === undefined) return;
    followAccount(account);
    if (account === null) return;
    return listenToAccount({
      onEvent: (event) => apply(account, event),
      onReset: () =>
        void queryClient.invalidateQueries({ predicate: ({ queryKey }) => isOfAccount(queryKey) }),
    });
  }, [account]);
}

function isOfAccount(queryKey: readonly unknown[]): boolean {
  return !["config", "leaderboard", "quote"].includes(String(queryKey[0]));
}

function apply(account: string, event: WireEvent): void {
  if (event.type === "balance") {
    const news = (event.payload.balances ?? []) as Partial<Balance>[];
    queryClient.setQueryData(balancesQuery(account).queryKey, (known) =>
      known?.map((balance) => ({ ...balance, ...news.find(({ asset }) => asset === balance.asset) })),
    );
    // Asked anew even where the coin is not shown: it must not begin with an old balance when it is.
    if (!("clicks" in event.payload))
      void queryClient.invalidateQueries({ queryKey: ["click-state", account], refetchType: "all" });
    void queryClient.invalidateQueries({ queryKey: ["statement", account], refetchType: "active" });
  }
  if (event.type === "payout") {
    const news = event.payload as unknown as PayoutSummary;
    announcePayout(news);
    queryClient.setQueryData(payoutQuery(news.id).queryKey, (known) => merge(known, news));
    // The history and how many have signed are not part of an event.
    void queryClient.invalidateQueries({ queryKey: ["payout", news.id] });
    void queryClient.invalidateQueries({ queryKey: ["receipt", news.id] });
    void queryClient.invalidateQueries({ queryKey: ["payouts"] });
  }
}

function merge(known: Payout | undefined, news: PayoutSummary): Payout | undefined {
  if (known === undefined) return undefined;
  return { ...known, ...news, approvals: { ...known.approvals, ...news.approvals } };
}

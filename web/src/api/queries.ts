import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryClient,
  queryOptions,
  useSuspenseQuery,
} from "@tanstack/react-query";
import { get } from "./http.ts";
import { ApiProblem, isPassing, Unreachable } from "./problem.ts";
import { whenServerIsBack } from "./server-status.ts";
import { sessionHint } from "./session-hint.ts";
import type {
  Asset,
  Balance,
  ClickState,
  ClientConfig,
  Leaderboard,
  LinkedWallet,
  Page,
  Payout,
  PayoutListItem,
  Quote,
  Receipt,
  Session,
  StatementLine,
} from "./types.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The server may be on this very machine: what the browser thinks of the network says nothing about it.
      networkMode: "always",
      staleTime: 10_000,
      retry: (count, error) => count < 2 && isPassing(error) && !(error instanceof Unreachable),
    },
    mutations: { networkMode: "always" },
  },
});

whenServerIsBack(() => void queryClient.invalidateQueries());
// Another tab signed in or out: what this one shows may be somebody else's.
sessionHint.onChange(({ before, now }) => {
  if ((before === null) !== (now === null)) void queryClient.resetQueries();
});

export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: ({ signal }) => get<ClientConfig>("/config", signal),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Who is signed in; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    if (sessionHint.get() === null) return null;
    try {
      return await get<Session>("/auth/session", signal);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
      sessionHint.clear();
      return null;
    }
  },
  staleTime: 60_000,
});

export const clickStateQuery = (account: string) =>
  queryOptions({
    queryKey: ["click-state", account],
    queryFn: ({ signal }) => get<ClickState>("/click", signal),
    staleTime: 0,
  });

/** The account's balances; live through the socket. */
export const balancesQuery = (account: string) =>
  queryOptions({
    queryKey: ["balances", account],
    queryFn: async ({ signal }) =>
      (await get<{ balances: Balance[] }>(`/balance/${encodeURIComponent(account)}?limit=1`, signal))
        .balances,
  });

export const statementQuery = (account: string, asset: string | null) =>
  infiniteQueryOptions({
    queryKey: ["statement", account, asset],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: "50" });
      if (asset !== null) query.set("asset", asset);
      if (pageParam !== null) query.set("cursor", pageParam);
      return get<Page<StatementLine>>(`/balance/${encodeURIComponent(account)}/statement?${query}`, signal);
    },
    getNextPageParam: (page) => page.nextCursor,
  });

export const payoutsQuery = (account: string) =>
  infiniteQueryOptions({
    queryKey: ["payouts", account],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      get<Page<PayoutListItem>>(
        `/payouts?limit=20${pageParam === null ? "" : `&cursor=${pageParam}`}`,
        signal,
      ),
    getNextPageParam: (page) => page.nextCursor,
  });

export const payoutQuery = (id: string) =>
  queryOptions({ queryKey: ["payout", id], queryFn: ({ signal }) => get<Payout>(`/payouts/${id}`, signal) });

export const receiptQuery = (id: string) =>
  queryOptions({
    queryKey: ["receipt", id],
    queryFn: ({ signal }) => get<Receipt>(`/payouts/${id}/receipt`, signal),
  });

/** The wallets of the account, the first one first. */
export const walletsQuery = (account: string) =>
  queryOptions({
    queryKey: ["wallets", account],
    queryFn: async ({ signal }) => (await get<{ items: LinkedWallet[] }>("/auth/wallets", signal)).items,
    staleTime: 60_000,
  });

export type QuoteAsk = {
  asset: string;
  amount: bigint;
  payAs: string;
  to?: string | undefined;
  destinationTag?: number | undefined;
};

export const quoteQuery = ({ asset, amount, payAs, to, destinationTag }: QuoteAsk) =>
  queryOptions({
    queryKey: ["quote", asset, String(amount), payAs, to ?? null, destinationTag ?? null],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ asset, amount: String(amount), payAs });
      if (to !== undefined) query.set("to", to);
      if (destinationTag !== undefined) query.set("destinationTag", String(destinationTag));
      return get<Quote>(`/payouts/quote?${query}`, signal);
    },
    staleTime: 5_000,
    placeholderData: keepPreviousData,
  });

export const leaderboardQuery = queryOptions({
  queryKey: ["leaderboard"],
  queryFn: ({ signal }) => get<Leaderboard>("/leaderboard?limit=50", signal),
  refetchInterval: 15_000,
});

/** Loaded before the first page is shown, so it is always there. */
export function useConfig(): ClientConfig {
  return useSuspenseQuery(configQuery).data;
}

/** How an asset is written; one that the configuration does not know is shown in minor units. */
export function useAsset(code: string): Asset {
  const known = useConfig().assets.find((asset) => asset.code === code);
  return known ?? { code, scale: 0, kind: "unknown", tiers: [] };
}

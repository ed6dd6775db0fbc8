import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { post } from "../api/http.ts";
import { ApiProblem } from "../api/problem.ts";
import { clickStateQuery, queryClient } from "../api/queries.ts";
import type { ClickReply, ClickState, Session } from "../api/types.ts";
import { createStore, useStore } from "../lib/store.ts";
import { listenToAccount } from "../live/live.ts";
import { createTapSender, type TapSender, type Verdict } from "./tap-sender.ts";
import { type Answer, readQueue, type Taps } from "./taps.ts";

const ANSWER_MS = 10_000;

export type Play = { taps: Taps | null; error: unknown; tap(): boolean; retry(): void };

/** One sender for the session, whichever page is open: taps that wait go out although their player looks elsewhere. */
const store = createStore<{ key: string; taps: Taps } | null>(null);
let sender: { key: string; made: TapSender } | null = null;

listenToAccount({
  onEvent(event) {
    if (event.type === "balance" && "clicks" in event.payload) sender?.made.hear(answerOf(event.payload));
  },
  onReset: () => undefined,
});

/** The taps of the session, kept over a reload of the page. */
export function useTaps(session: Session): Play {
  const state = useQuery(clickStateQuery(session.player.account));
  const held = useStore(store);
  // A nonce means something within one session only.
  const key = `cc.taps.${session.session.id}`;
  useEffect(() => {
    if (state.data !== undefined) takeWord(key, state.data);
  }, [key, state.data]);
  const taps = held?.key === key ? held.taps : null;
  return {
    taps,
    error: taps === null ? state.error : null,
    tap: () => (sender?.key === key ? sender.made.tap() : false),
    retry: () => void state.refetch(),
  };
}

/** The server's word about everything: to start from, or to be corrected by. */
function takeWord(key: string, state: ClickState): void {
  if (sender?.key === key) {
    sender.made.hear(state);
    return;
  }
  sender?.made.stop();
  const taps = startingPoint(state, readQueue(sessionStorage.getItem(key)) ?? []);
  store.set({ key, taps });
  const made = createTapSender(taps, {
    send: ({ nonce, count }) =>
      post<ClickReply>(
        "/click",
        { clientNonce: nonce, count },
        { signal: AbortSignal.timeout(ANSWER_MS), keepalive: true },
      ),
    judge,
    onChange(next) {
      if (next.queue.length === 0) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(next.queue));
      store.set({ key, taps: next });
    },
    onDiscarded: () => void queryClient.invalidateQueries(),
    nowMs: () => performance.now(),
    newNonce: () => crypto.randomUUID(),
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  });
  sender = { key, made };
}

function startingPoint(state: ClickState, queue: Taps["queue"]): Taps {
  return {
    rules: {
      maxEnergy: state.maxEnergy,
      energyPerSecond: state.energyPerSecond,
      rewardPerTap: BigInt(state.rewardPerTap),
    },
    confirmed: {
      clicks: state.clicks,
      balance: BigInt(state.balance),
      energy: state.energy,
      atMs: performance.now(),
    },
    queue,
    sending: false,
  };
}

/** The live balance after clicks: its numbers are strings, except energy. */
function answerOf(payload: Record<string, unknown>): Answer {
  const balances = payload.balances as { asset: string; available: string }[];
  return {
    clicks: Number.parseInt(String(payload.clicks), 10),
    balance: balances.find(({ asset }) => asset === "COIN")?.available ?? "0",
    energy: Number.parseInt(String(payload.energy), 10),
  };
}

function judge(error: unknown): Verdict {
  if (!(error instanceof ApiProblem)) return { again: true, pauseMs: null };
  if (error.status !== 429 && error.status < 500) return { again: false };
  const { retryAfterMs } = error.details as { retryAfterMs?: number };
  return { again: true, pauseMs: retryAfterMs ?? error.retryAfterMs };
}

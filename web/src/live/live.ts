import { io, type Socket } from "socket.io-client";
import { renewSession } from "../api/http.ts";
import { suspectServer, whenServerIsBack } from "../api/server-status.ts";
import { sessionHint } from "../api/session-hint.ts";
import type { WireEvent } from "../api/types.ts";
import { createStore } from "../lib/store.ts";
import {
  EMPTY_FEED,
  type FeedState,
  onEvent,
  onLost,
  onSettled,
  onSubscribed,
  type SubscribeAnswer,
} from "./feed-cursor.ts";

type Problem = { code: string; detail: string };
type Ack = ({ ok: true } & SubscribeAnswer) | { ok: false; problem: Problem };

/** How long "caught up" is shown. */
const NEWS_MS = 6_000;
const RETRY_MS = 1_000;

/** What everybody sees, and how well we are connected to it. */
export const feedStore = createStore<FeedState>(EMPTY_FEED);
/** The last value of each tick: players connected, clicks a second. */
export const ticksStore = createStore<Readonly<Record<string, number>>>({});

export type AccountListener = {
  onEvent(event: WireEvent): void;
  /** What was missed is not known: everything about the account should be asked anew. */
  onReset(): void;
};

const accountListeners = new Set<AccountListener>();
let socket: Socket | null = null;
let account: string | null = null;
let accountCursor: string | null = null;
/** Which renewal of the session the connection was made with: another tab may have made a newer one. */
let hintAtConnect: string | null = null;
let settle: ReturnType<typeof setTimeout> | undefined;

/** From then on it stays connected, coming back with the last id that it heard. */
function start(): void {
  const made = io({ path: "/ws", transports: ["websocket", "polling"], reconnectionDelayMax: 3_000 });
  socket = made;
  made.on("connect", () => {
    hintAtConnect = sessionHint.get();
    void subscribeFeed(made);
    void subscribeAccount(made);
  });
  made.on("disconnect", (reason) => {
    if (reason === "io client disconnect") return;
    feedStore.set(onLost(feedStore.get()));
    // Told to leave, as when a session ends elsewhere: the feed goes on without it.
    if (reason === "io server disconnect") setTimeout(() => made.connect(), RETRY_MS);
    suspectServer();
  });
  made.on("connect_error", () => {
    feedStore.set(onLost(feedStore.get()));
    suspectServer();
  });
  made.on("feed", (event: WireEvent) => {
    if (event.type === "tick") {
      const { metric, value } = event.payload as { metric: string; value: number };
      ticksStore.set({ ...ticksStore.get(), [metric]: value });
    } else feedStore.set(onEvent(feedStore.get(), event));
  });
  made.on("account", (event: WireEvent) => {
    // Balances after clicks carry the id of the last durable event, which may have been heard.
    const isDurable = !(event.type === "balance" && "clicks" in event.payload);
    if (isDurable && accountCursor !== null && BigInt(event.id) <= BigInt(accountCursor)) return;
    accountCursor = event.id;
    for (const listener of accountListeners) listener.onEvent(event);
  });
  made.on("problem", ({ code }: Problem) => {
    if (code === "token_expired") void renewAndReconnect();
  });
  whenServerIsBack(() => made.connect());
}

export function listenToAccount(listener: AccountListener): () => void {
  accountListeners.add(listener);
  return () => accountListeners.delete(listener);
}

/**
 * Whose channel is heard, besides everybody's. Connects the first time; a connection says who we are, so for somebody else
 * it is made anew.
 */
export function followAccount(next: string | null): void {
  if (socket !== null && next === account) return;
  account = next;
  accountCursor = null;
  if (socket === null) start();
  else socket.disconnect().connect();
}

async function subscribeFeed(made: Socket): Promise<void> {
  const { cursor } = feedStore.get();
  const answer = await ask(made, { channel: "feed", ...(cursor === null ? {} : { since: cursor }) });
  if (answer === null) return;
  if (!answer.ok) {
    if (answer.problem.code !== "superseded") setTimeout(() => void subscribeFeed(made), RETRY_MS);
    return;
  }
  feedStore.set(onSubscribed(feedStore.get(), answer));
  clearTimeout(settle);
  settle = setTimeout(() => feedStore.set(onSettled(feedStore.get())), NEWS_MS);
}

async function subscribeAccount(made: Socket): Promise<void> {
  if (account === null) return;
  const since = accountCursor === null ? {} : { since: accountCursor };
  const answer = await ask(made, { channel: `account:${account}`, ...since });
  if (answer === null) return;
  if (answer.ok) {
    accountCursor = answer.lastId;
    if (!answer.recovered) for (const listener of accountListeners) listener.onReset();
  } else if (answer.problem.code === "session_required") void renewAndReconnect();
  else if (answer.problem.code !== "superseded") setTimeout(() => void subscribeAccount(made), RETRY_MS);
}

/** null when the connection went away meanwhile; the next one asks again. */
async function ask(made: Socket, message: { channel: string; since?: string }): Promise<Ack | null> {
  try {
    return (await made.timeout(8_000).emitWithAck("subscribe", message)) as Ack;
  } catch {
    if (made.connected) made.disconnect().connect();
    return null;
  }
}

/** The cookie that the connection was made with has expired; a new connection brings the new one. */
async function renewAndReconnect(): Promise<void> {
  try {
    // Not at once: a renewal that helps nothing must not be asked for over and over.
    if (await renewSession(hintAtConnect)) setTimeout(() => socket?.disconnect().connect(), RETRY_MS);
    else for (const listener of accountListeners) listener.onReset();
  } catch {
    setTimeout(() => void renewAndReconnect(), RETRY_MS);
  }
}

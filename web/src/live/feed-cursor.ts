import type { WireEvent } from "../api/types.ts";

/** How the live channel is doing, as a person is told. */
export type FeedPhase =
  /** Nothing was heard yet. */
  | "connecting"
  | "live"
  /** The connection is lost; what was heard stays. */
  | "reconnecting"
  /** Live again, and everything that was missed has been sent. */
  | "recovered"
  /** Live again, but the break was too long: the list begins anew with the last events. */
  | "restarted";

export type FeedState = {
  phase: FeedPhase;
  /** The last id that was heard: what to come back with. */
  cursor: string | null;
  /** Durable events, newest first, without gaps or doubles. */
  events: readonly WireEvent[];
  /** How many came since the last break that the server remembered for us. */
  caughtUp: number;
};

export const EMPTY_FEED: FeedState = { phase: "connecting", cursor: null, events: [], caughtUp: 0 };

/** The longest list that is kept; older ones are on the server. */
export const KEPT_EVENTS = 200;

/** Balances after clicks, and ticks: they carry the id of the last durable event, and are never listed. */
export function isEphemeral(event: Pick<WireEvent, "type">): boolean {
  return event.type === "tick";
}

export type SubscribeAnswer =
  | { recovered: true; lastId: string }
  | { recovered: false; lastId: string; snapshot: WireEvent[] };

export function onSubscribed(state: FeedState, answer: SubscribeAnswer): FeedState {
  if (answer.recovered) {
    // A connection that we made anew ourselves, as after signing in, was never lost.
    const phase = state.phase === "reconnecting" ? "recovered" : "live";
    return { ...state, phase, cursor: later(state.cursor, answer.lastId), caughtUp: 0 };
  }
  // Oldest first on the wire. The cursor is the server's, even where it went back: then it is another history.
  const events = answer.snapshot.filter((event) => !isEphemeral(event)).toReversed();
  const phase = state.cursor === null ? "live" : "restarted";
  return { phase, cursor: answer.lastId, events: events.slice(0, KEPT_EVENTS), caughtUp: 0 };
}

export function onEvent(state: FeedState, event: WireEvent): FeedState {
  if (isEphemeral(event)) return state;
  // Heard before: the same position never carries anything else.
  if (state.cursor !== null && BigInt(event.id) <= BigInt(state.cursor)) return state;
  return {
    ...state,
    cursor: event.id,
    events: [event, ...state.events].slice(0, KEPT_EVENTS),
    caughtUp: state.phase === "recovered" ? state.caughtUp + 1 : state.caughtUp,
  };
}

export function onLost(state: FeedState): FeedState {
  return state.phase === "connecting" ? state : { ...state, phase: "reconnecting" };
}

/** The news that it is live again has been read. */
export function onSettled(state: FeedState): FeedState {
  return state.phase === "recovered" || state.phase === "restarted" ? { ...state, phase: "live" } : state;
}

function later(a: string | null, b: string): string {
  return a !== null && BigInt(a) > BigInt(b) ? a : b;
}

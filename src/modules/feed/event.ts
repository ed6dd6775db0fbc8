import { FEED } from "./channels.ts";

/** A published announcement, as the database gives it. */
export type FeedEvent = {
  position: bigint;
  channel: string;
  type: string;
  payload: Record<string, unknown>;
};

/** What a client gets. `id` is the position in decimal: what to come back with. */
export type WireEvent = { id: string; type: string; payload: Record<string, unknown> };

/** The Socket.IO event under which a channel's announcements arrive. */
export function eventName(channel: string): "feed" | "account" {
  return channel === FEED ? "feed" : "account";
}

export function toWire(event: FeedEvent): WireEvent {
  return { id: String(event.position), type: event.type, payload: event.payload };
}

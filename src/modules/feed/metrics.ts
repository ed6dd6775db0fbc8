import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export type FeedMetrics = {
  published: Counter;
  emitted: Counter<"channel">;
  lagSeconds: Histogram;
  resumes: Counter<"outcome">;
  problems: Counter<"code">;
  disconnected: Counter<"reason">;
};

export function createFeedMetrics(registry: Registry, socketsConnected: () => number): FeedMetrics {
  const registers = [registry];
  new Gauge({
    name: "feed_sockets_connected",
    help: "Socket.IO connections of this process",
    registers,
    collect() {
      this.set(socketsConnected());
    },
  });
  return {
    published: new Counter({
      name: "feed_events_published_total",
      help: "Announcements that this process moved from the outbox to the feed",
      registers,
    }),
    emitted: new Counter({
      name: "feed_events_emitted_total",
      help: "Feed events that this process broadcast to its sockets, once per event",
      labelNames: ["channel"] as const,
      registers,
    }),
    lagSeconds: new Histogram({
      name: "feed_relay_lag_seconds",
      help: "Age of the oldest announcement of a publication, from the start of its transaction",
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
      registers,
    }),
    resumes: new Counter({
      name: "feed_subscriptions_total",
      help: "Subscriptions: new, recovered, or reset because the client had missed too much",
      labelNames: ["outcome"] as const,
      registers,
    }),
    problems: new Counter({
      name: "feed_socket_problems_total",
      help: "Socket events that were refused, by code",
      labelNames: ["code"] as const,
      registers,
    }),
    disconnected: new Counter({
      name: "feed_sockets_disconnected_total",
      help: "Connections that the server ended, by reason",
      labelNames: ["reason"] as const,
      registers,
    }),
  };
}

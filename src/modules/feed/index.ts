import type { Server as HttpServer } from "node:http";
import type { Config } from "../../config.ts";
import type { Database } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import type { Metrics } from "../../platform/metrics.ts";
import { type BalancePayload, createEphemeral } from "./ephemeral.ts";
import { eventName, type FeedEvent, toWire } from "./event.ts";
import { createFollower } from "./follow.ts";
import { DEFAULT_LIMITS, type FeedLimits } from "./limits.ts";
import { createFeedMetrics } from "./metrics.ts";
import { type ClickHandler, createSocketServer, type FeedAuth } from "./socket-server.ts";

export type { WireEvent } from "./event.ts";
export type { FeedLimits } from "./limits.ts";
export type { ClickHandler, FeedAuth, SocketProblem } from "./socket-server.ts";
export { channelSlice, findResumePoint } from "./store.ts";
export type { Subscribed } from "./subscriptions.ts";

export type Feed = {
  /** Serves Socket.IO on `/ws` of this HTTP server. */
  attach(server: HttpServer): void;
  /** Begins to publish and to follow; resolves when the database has been reached. */
  start(): Promise<void>;
  /** Disconnects everybody (they come back elsewhere by id) and stops. The HTTP server stays open. */
  close(): Promise<void>;
  /** Shows a balance to its account's sockets, soon, the last one of several; not durable. */
  publishBalance(account: string, payload: BalancePayload): void;
  /** Taps that counted, for the `clicksPerSecond` tick. */
  countClicks(accepted: number): void;
  /** Whether announcements reach clients now, and up to which id they did. */
  status(): { connected: boolean; lastId: string | null; sockets: number };
};

/**
 * The live feed. Announcements come from the outbox, get their place in one order, and reach every socket that may see
 * them exactly once, whatever restarts in between: a client that comes back with the last id goes on after it.
 */
export function createFeed(deps: {
  config: Pick<Config, "publicUrl" | "trustProxy" | "redisUrl">;
  db: Database;
  log: Logger;
  auth: FeedAuth;
  click: ClickHandler;
  metrics: Metrics;
  limits?: Partial<FeedLimits>;
}): Feed {
  const { config, db, log } = deps;
  const limits: FeedLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const metrics = createFeedMetrics(deps.metrics.registry, () => io.sockets.sockets.size);

  const hasListeners = (channel: string): boolean => io.sockets.adapter.rooms.has(channel);
  const lastId = (): string => String(follower.window?.head ?? 0n);

  function emit(event: FeedEvent): void {
    metrics.emitted.inc({ channel: eventName(event.channel) });
    if (event.type === "balance") ephemeral.supersede(event.channel);
    // An account that nobody watches here costs no encoding. Local, because every process follows the feed by itself.
    if (hasListeners(event.channel)) io.local.to(event.channel).emit(eventName(event.channel), toWire(event));
  }

  const follower = createFollower({
    url: db.url,
    limits,
    log,
    metrics,
    emit,
    afterPage: () => sockets.shedFlooded(),
  });
  const sockets = createSocketServer({
    config,
    db: db.pool,
    log,
    auth: deps.auth,
    click: deps.click,
    follower,
    limits,
    metrics,
  });
  const { io } = sockets;
  const ephemeral = createEphemeral({
    limits,
    lastId,
    clients: () => io.sockets.sockets.size,
    hasListeners,
    emit: (channel, event) => io.local.to(channel).volatile.emit(eventName(channel), event),
    tellOthers: (event, data) => {
      if (sockets.redisConnected) io.serverSideEmit(event, data);
    },
    hearOthers: (event, listener) => io.on(event, listener),
  });

  return {
    attach: sockets.attach,
    async start() {
      await follower.start();
      sockets.start();
      ephemeral.start();
    },
    async close() {
      ephemeral.close();
      await sockets.close();
      await follower.close();
    },
    publishBalance: ephemeral.publishBalance,
    countClicks: ephemeral.countClicks,
    status: () => ({
      connected: follower.connected,
      lastId: follower.window === undefined ? null : lastId(),
      sockets: io.sockets.sockets.size,
    }),
  };
}

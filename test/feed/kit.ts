import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { afterEach } from "vitest";
import type { Session } from "../../src/modules/auth/index.ts";
import {
  type ClickHandler,
  createFeed,
  type Feed,
  type FeedAuth,
  type FeedLimits,
  type SocketProblem,
  type WireEvent,
} from "../../src/modules/feed/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { AppError } from "../../src/platform/errors.ts";
import { createMetrics, type Metrics } from "../../src/platform/metrics.ts";
import { announce, type OutboxEvent } from "../../src/platform/outbox.ts";
import { silentLog } from "../kit/log.ts";

export const ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
export const BOB = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/** Sessions that exist because a test says so; ended ones are refused at once, as auth promises. */
export class SessionBook implements FeedAuth {
  readonly #sessions = new Map<string, Session>();
  readonly #listeners = new Set<(sessionId: string) => void>();

  open(token: string, account: string): Session {
    const session: Session = {
      id: `session-of-${token}`,
      playerId: `player-of-${token}`,
      address: null,
      account,
      roles: ["player"],
    };
    this.#sessions.set(token, session);
    return session;
  }

  /** A logout: refused from now on, and everybody is told. */
  end(token: string): void {
    const session = this.#sessions.get(token);
    this.#sessions.delete(token);
    if (session !== undefined) for (const listener of this.#listeners) listener(session.id);
  }

  /** An expiry: refused from now on, and nobody is told. */
  expire(token: string): void {
    this.#sessions.delete(token);
  }

  verifyToken = async (token: string): Promise<Session> => {
    const session = this.#sessions.get(token);
    if (session === undefined) throw new AppError("unauthenticated", "token_invalid", "no such session");
    return session;
  };

  onSessionEnded(listener: (sessionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export type Process = {
  feed: Feed;
  auth: SessionBook;
  metrics: Metrics;
  url: string;
  stop(): Promise<void>;
};

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
export function onCleanup(work: () => Promise<void> | void): void {
  cleanups.push(work);
}

/** An api process in miniature: the real feed on a real HTTP server. */
export async function startProcess(
  db: Database,
  options: {
    limits?: Partial<FeedLimits>;
    redisUrl?: string;
    auth?: SessionBook;
    click?: ClickHandler;
    publicUrl?: string;
  } = {},
): Promise<Process> {
  const auth = options.auth ?? new SessionBook();
  const metrics = createMetrics({ processMetrics: false });
  const feed = createFeed({
    config: {
      publicUrl: new URL(options.publicUrl ?? "http://play.example"),
      trustProxy: false,
      redisUrl: options.redisUrl ?? null,
    },
    db,
    log: silentLog,
    auth,
    click: options.click ?? (async () => ({})),
    metrics,
    limits: { pollMs: 200, ...options.limits },
  });
  await feed.start();
  const server = createServer((_request, response) => response.writeHead(404).end());
  feed.attach(server);
  await listen(server);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      await feed.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    })());
  cleanups.push(stop);
  return { feed, auth, metrics, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

function listen(server: Server): Promise<void> {
  return new Promise((done) => server.listen(0, "127.0.0.1", done));
}

/** A connection without reconnection of its own: tests decide when one ends and another begins. */
export async function connect(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<Socket> {
  const socket = io(url, {
    path: "/ws",
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  cleanups.push(() => {
    socket.disconnect();
  });
  await new Promise<void>((done, fail) => {
    socket.once("connect", done);
    socket.once("connect_error", fail);
    // A server that goes away in the middle of the handshake: the client's own reconnection would try again.
    socket.io.once("close", (reason) => setImmediate(fail, new Error(reason)));
  });
  return socket;
}

export type Ack = {
  ok: boolean;
  recovered?: boolean;
  lastId?: string;
  snapshot?: WireEvent[];
  problem?: SocketProblem;
  account?: string;
};

export function ask(socket: Socket, event: string, payload?: unknown): Promise<Ack> {
  return socket.timeout(5_000).emitWithAck(event, payload) as Promise<Ack>;
}

/** Everything that arrives under a name, in order of arrival; ticks, which come when they like, only if asked for. */
export function collect<T = WireEvent>(socket: Socket, name: string, withTicks = false): T[] {
  const received: T[] = [];
  socket.on(name, (event: T & { type?: string }) => {
    if (withTicks || event.type !== "tick") received.push(event);
  });
  return received;
}

export async function say(db: Database, ...events: OutboxEvent[]): Promise<void> {
  await db.transaction((tx) => announce(tx, events));
}

export function payout(n: number, channel = "feed"): OutboxEvent {
  return { channel, type: "payout", payload: { n } };
}

/** What the database says was published on a channel: what every client must have seen. */
export async function published(db: Database, channel: string): Promise<string[]> {
  const result = await db.pool.query<{ id: string }>(
    "SELECT position::text AS id FROM feed_events WHERE channel = $1 ORDER BY feed_events.position",
    [channel],
  );
  return result.rows.map((row) => row.id);
}

export async function outboxIsEmpty(db: Database): Promise<boolean> {
  const result = await db.pool.query<{ empty: boolean }>(
    "SELECT NOT EXISTS (SELECT FROM outbox_events) AS empty",
  );
  return result.rows[0]?.empty === true;
}

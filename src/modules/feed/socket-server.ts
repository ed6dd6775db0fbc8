import type { Server as HttpServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Server, type Socket } from "socket.io";
import type { Config } from "../../config.ts";
import type { Queryable } from "../../platform/db/index.ts";
import type { AppError } from "../../platform/errors.ts";
import { toAppError } from "../../platform/http/index.ts";
import type { Logger } from "../../platform/log.ts";
import type { Session } from "../auth/index.ts";
import { cutOff, isTooSlow } from "./backpressure.ts";
import { FEED, parseChannel, requireAccess } from "./channels.ts";
import { eventsTooFast, eventUnknown } from "./errors.ts";
import type { Follower } from "./follow.ts";
import { clientOf, isFromOurPages, tokenOf } from "./handshake.ts";
import { joinFrames } from "./join-frames.ts";
import type { FeedLimits } from "./limits.ts";
import { readAuthenticate, readSubscribe, readUnsubscribe } from "./messages.ts";
import type { FeedMetrics } from "./metrics.ts";
import { createRateGate } from "./rate-gate.ts";
import { createRedisLink, type RedisLink } from "./redis-link.ts";
import { createSocketSession, type SocketSession, sessionRoom } from "./socket-session.ts";
import { createSubscriptions, type Subscriptions } from "./subscriptions.ts";

const SOCKET_PATH = "/ws";
const SWEEP_MS = 1_000;
const BURST_TOLERANCE = 4;
const GOODBYE_MS = 250;

/** What the feed needs of auth. */
export type FeedAuth = {
  verifyToken(token: string): Promise<Session>;
  onSessionEnded(listener: (sessionId: string) => void): () => void;
};

/** Counts taps for a session; reads `input` itself, as it comes from the client. */
export type ClickHandler = (
  session: Session,
  input: unknown,
  from: { ip: string; userAgent: string },
) => Promise<object>;

export type SocketProblem = {
  code: string;
  detail: string;
  details?: Record<string, unknown>;
  retryAfterSeconds?: number;
};

type SocketState = {
  session: SocketSession;
  subscriptions: Subscriptions;
  from: { ip: string; userAgent: string };
};
type Reply = (answer: object) => void;
type Handler = (state: SocketState, payload: unknown, reply: Reply) => Promise<void>;

export type SocketServer = {
  readonly io: Server;
  /** Whether there is a way to the other processes' sockets now. */
  readonly redisConnected: boolean;
  attach(server: HttpServer): void;
  start(): void;
  /** Called after each burst, when nobody had time to read yet: disconnects whom it put far over the limit. */
  shedFlooded(): void;
  close(): Promise<void>;
};

/** Socket.IO on `/ws`: who may connect, what they may send, and what it does. */
export function createSocketServer(deps: {
  config: Pick<Config, "publicUrl" | "trustProxy" | "redisUrl">;
  db: Queryable;
  log: Logger;
  auth: FeedAuth;
  click: ClickHandler;
  follower: Follower;
  limits: FeedLimits;
  metrics: FeedMetrics;
}): SocketServer {
  const { config, log, auth, limits, metrics } = deps;
  const states = new WeakMap<Socket, SocketState>();
  const timers: NodeJS.Timeout[] = [];
  let redis: RedisLink | undefined;
  let closing = false;

  const io = new Server({
    path: SOCKET_PATH,
    serveClient: false,
    transports: ["websocket", "polling"],
    // Without it a broadcast is encoded and framed once, for all sockets; with it, once for each.
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: limits.maxMessageBytes,
    // No CORS headers: other origins' pages get nothing, and `allowRequest` turns their WebSockets away.
    allowRequest: (request, decide) => {
      decide(undefined, !closing && isFromOurPages(request.headers, config.publicUrl));
    },
  });

  const handlers: Record<string, Handler> = {
    async subscribe({ session, subscriptions }, payload, reply) {
      const message = readSubscribe(payload);
      const channel = parseChannel(message.channel);
      if (channel !== FEED) requireAccess(channel, await session.find());
      const since = message.since === undefined ? undefined : BigInt(message.since);
      await subscriptions.subscribe(channel, since, reply);
    },
    async unsubscribe({ subscriptions }, payload, reply) {
      subscriptions.unsubscribe(parseChannel(readUnsubscribe(payload).channel));
      reply({});
    },
    async authenticate({ session }, payload, reply) {
      const { account } = await session.adopt(readAuthenticate(payload).token);
      reply({ account });
    },
    async click({ session, from }, payload, reply) {
      const player = await session.require("a click");
      reply(await deps.click(player, payload, from));
    },
  };
  const known = Object.keys(handlers);

  /** A connection that names a bad token is refused, so that it is not mistaken for a signed-in one; a stale cookie is ignored. */
  io.use(async (socket, next) => {
    const subscriptions = createSubscriptions(socket, { ...deps });
    const session = createSocketSession(socket, subscriptions, (token) => auth.verifyToken(token));
    states.set(socket, { session, subscriptions, from: clientOf(socket.handshake, config.trustProxy) });
    let presented: ReturnType<typeof tokenOf> = null;
    try {
      presented = tokenOf(socket.handshake);
      if (presented !== null) await session.adopt(presented.token);
      next();
    } catch (error) {
      const problem = toAppError(error as Error);
      if (presented?.source === "cookie" && problem.kind === "unauthenticated") return next();
      report(problem);
      next(Object.assign(new Error(problem.code), { data: toProblem(problem) }));
    }
  });

  io.on("connection", (socket) => {
    const state = states.get(socket);
    if (state === undefined || closing) {
      socket.disconnect(true);
      return;
    }
    forgetRequest(socket);
    const gate = createRateGate(limits.eventBurst, limits.eventsPerSecond, () => performance.now());
    let refusals = 0;
    socket.onAny((event: unknown, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === "function" ? (last as (answer: object) => void) : undefined;
      if (ack !== undefined) args.pop();
      if (gate.take()) refusals = 0;
      else {
        refusals += 1;
        if (refusals === limits.maxRefusals) {
          metrics.disconnected.inc({ reason: "abusive" });
          cutOff(socket);
        }
        // What had arrived before the cut is still handed to us.
        if (refusals >= limits.maxRefusals) return;
        refuse(socket, event, ack, eventsTooFast(limits.eventsPerSecond));
        return;
      }
      const handler =
        typeof event === "string" && Object.hasOwn(handlers, event) ? handlers[event] : undefined;
      if (handler === undefined) {
        refuse(socket, event, ack, eventUnknown(String(event), known));
        return;
      }
      const reply: Reply = (answer) => ack?.({ ...answer, ok: true });
      handler(state, args[0], reply).catch((error: Error) => refuse(socket, event, ack, toAppError(error)));
    });
  });

  function report(problem: AppError): void {
    metrics.problems.inc({ code: problem.code });
    if (problem.kind === "internal") log.error({ err: problem.cause ?? problem }, "unexpected socket error");
  }

  /** Every refusal is answered: by the ack if the client gave one, else by a `problem` event. */
  function refuse(
    socket: Socket,
    event: unknown,
    ack: ((answer: object) => void) | undefined,
    error: AppError,
  ): void {
    report(error);
    const problem = toProblem(error);
    if (ack === undefined) socket.emit("problem", { event: String(event).slice(0, 64), ...problem });
    else ack({ ok: false, problem });
  }

  /** Elsewhere in the cluster auth says it too; Redis is the second way, the periodic look the third. */
  const stopListening = auth.onSessionEnded((sessionId) => {
    const room = sessionRoom(sessionId);
    io.local.to(room).emit("problem", {
      code: "session_ended",
      detail: "the session of this connection has ended; sign in again",
    });
    io.local.in(room).disconnectSockets(true);
    if (redis?.connected === true) io.in(room).disconnectSockets(true);
  });

  async function checkSessions(): Promise<void> {
    for (const socket of io.sockets.sockets.values()) {
      await states
        .get(socket)
        ?.session.find()
        .catch((error: Error) => {
          const problem = toAppError(error);
          if (problem.kind === "unauthenticated") socket.emit("problem", toProblem(problem));
        });
    }
  }

  function shedSlow(tolerance: number): void {
    for (const socket of io.sockets.sockets.values()) {
      if (!isTooSlow(socket, limits, tolerance)) continue;
      metrics.disconnected.inc({ reason: "slow" });
      cutOff(socket);
    }
  }

  return {
    io,
    get redisConnected() {
      return redis?.connected === true;
    },
    attach(server) {
      if (config.redisUrl !== null) {
        redis = createRedisLink(config.redisUrl, log);
        io.adapter(redis.adapter);
      }
      joinFrames(io);
      io.attach(server);
    },
    start() {
      let checking = false;
      timers.push(
        setInterval(() => shedSlow(1), SWEEP_MS),
        setInterval(() => {
          if (checking) return;
          checking = true;
          checkSessions().finally(() => {
            checking = false;
          });
        }, limits.sessionCheckMs),
      );
      for (const timer of timers) timer.unref();
    },
    shedFlooded: () => shedSlow(BURST_TOLERANCE),
    async close() {
      closing = true;
      stopListening();
      for (const timer of timers) clearInterval(timer);
      // The HTTP server belongs to the app, so `io.close()`, which would close it too, is taken apart.
      io.local.disconnectSockets(true);
      for (let waited = 0; io.sockets.sockets.size > 0 && waited < GOODBYE_MS; waited += 10) await sleep(10);
      io.engine?.close();
      io.sockets.adapter.close();
      redis?.close();
    },
  };
}

/** Everything that was to be learned from the request is known; kept for the connection's life, it would be a third of its memory. */
function forgetRequest(socket: Socket): void {
  Object.assign(socket.conn, { request: null });
  socket.handshake.headers = {};
}

function toProblem(error: AppError): SocketProblem {
  return {
    code: error.code,
    detail: error.message,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  };
}

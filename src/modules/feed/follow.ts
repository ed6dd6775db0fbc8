import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Logger } from "../../platform/log.ts";
import { OUTBOX_NOTIFY } from "../../platform/outbox.ts";
import type { FeedEvent } from "./event.ts";
import type { FeedLimits } from "./limits.ts";
import type { FeedMetrics } from "./metrics.ts";
import { eventsAfter, lastEvents, prune, publish } from "./store.ts";
import { createWindow, type RecentWindow } from "./window.ts";

/** The LISTEN channel on which `feed_publish` says that there is more. */
const FEED_NOTIFY = "feed";
const QUERY_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 500;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_AT_ONCE = 5_000;

export type Follower = {
  /** The recent past; undefined until the database has been reached once. */
  readonly window: RecentWindow | undefined;
  /** Whether the connection is up now. */
  readonly connected: boolean;
  /** Resolves when the database has been reached and the window is filled. */
  start(): Promise<void>;
  /** Resolves after a pass that began after this call: everything committed before the call is in the window. */
  caughtUp(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/**
 * Publishes what is in the outbox and follows the feed, over one connection of its own, so that a pool that is busy
 * with clicks delays nobody's feed. Every process runs one. Notifications wake it and a poll replaces a lost one;
 * after a lost connection it goes on from its head, so that what happened meanwhile is emitted in order, once.
 */
export function createFollower(deps: {
  url: string;
  limits: FeedLimits;
  log: Logger;
  metrics: FeedMetrics;
  /** Called for each event in order, in one go per page: no other task of this process runs in between. */
  emit: (event: FeedEvent) => void;
  afterPage: () => void;
}): Follower {
  const { limits, log, metrics } = deps;
  const closing = new AbortController();
  const started = Promise.withResolvers<void>();
  let window: RecentWindow | undefined;
  let connected = false;
  let wake = Promise.withResolvers<void>();
  let waiting: (() => void)[] = [];
  let running: Promise<void> | undefined;
  let pruneAfter = 0;

  async function pass(client: pg.Client): Promise<void> {
    for (;;) {
      const { published, oldestSeconds } = await publish(client, limits.pageSize);
      if (published > 0) {
        metrics.published.inc(published);
        metrics.lagSeconds.observe(oldestSeconds);
      }
      if (published < limits.pageSize) break;
    }
    if (window === undefined) {
      const recent = await lastEvents(client, limits.windowSize);
      window = createWindow(limits.windowSize, recent.at(-1)?.position ?? 0n, recent);
      return;
    }
    for (;;) {
      const events = await eventsAfter(client, window.head, limits.pageSize);
      for (const event of events) {
        window.push(event);
        deps.emit(event);
      }
      deps.afterPage();
      if (events.length < limits.pageSize) return;
      // A long catch-up must not keep the sockets from being written and read.
      await sleep(0);
    }
  }

  /** One connection, from its first query to its loss. */
  async function follow(onUp: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: deps.url,
      application_name: "coinclicker-feed",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    let lost: Error | undefined;
    const onLost = (error?: Error): void => {
      lost ??= error ?? new Error("the connection was closed");
      wake.resolve();
    };
    client.on("error", onLost);
    client.on("end", () => onLost());
    client.on("notification", () => wake.resolve());
    try {
      await client.connect();
      await client.query(`LISTEN ${OUTBOX_NOTIFY}`);
      await client.query(`LISTEN ${FEED_NOTIFY}`);
      while (!closing.signal.aborted && lost === undefined) {
        // Renewed before the pass: whatever is committed from here on either is seen by the pass or wakes the next.
        wake = Promise.withResolvers<void>();
        const answered = waiting;
        waiting = [];
        try {
          await pass(client);
        } catch (error) {
          waiting.push(...answered);
          throw error;
        }
        for (const resolve of answered) resolve();
        if (!connected) {
          connected = true;
          onUp();
          started.resolve();
        }
        await pruneNowAndThen(client);
        if (waiting.length === 0) await wakeOrPoll();
      }
      if (lost !== undefined) throw lost;
    } finally {
      connected = false;
      // A peer that vanished never answers the goodbye.
      await Promise.race([client.end().catch(() => undefined), sleep(GOODBYE_MS, undefined, { ref: false })]);
    }
  }

  async function pruneNowAndThen(client: pg.Client): Promise<void> {
    if (performance.now() < pruneAfter) return;
    const pruned = await prune(client, limits.retentionSeconds, limits.keepAtLeast, PRUNE_AT_ONCE);
    if (pruned < PRUNE_AT_ONCE) pruneAfter = performance.now() + PRUNE_EVERY_MS;
  }

  async function wakeOrPoll(): Promise<void> {
    const timer = setTimeout(() => wake.resolve(), limits.pollMs);
    await wake.promise;
    clearTimeout(timer);
  }

  async function run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!closing.signal.aborted) {
      try {
        await follow(() => {
          retryMs = FIRST_RETRY_MS;
        });
      } catch (error) {
        if (closing.signal.aborted) return;
        log.warn({ err: error, retryMs }, "the feed lost its database connection and connects again");
        await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
  }

  return {
    get window() {
      return window;
    },
    get connected() {
      return connected;
    },
    async start() {
      running ??= run();
      await started.promise;
    },
    async caughtUp(signal) {
      const done = Promise.withResolvers<void>();
      waiting.push(done.resolve);
      wake.resolve();
      const abort = (): void => done.reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      try {
        signal.throwIfAborted();
        await done.promise;
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    async close() {
      closing.abort();
      wake.resolve();
      await running;
      started.reject(new Error("the feed was closed before it had started"));
      started.promise.catch(() => undefined);
    },
  };
}

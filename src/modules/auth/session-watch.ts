import pg from "pg";
import type { Database } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import { SESSION_ENDED_NOTIFY, sessionsEndedSince } from "./store.ts";

const CHECK_INTERVAL_MS = 2_000;
/** Without a check for this long nothing cached is believed. */
const TRUST_MS = 5_000;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;

export type SessionWatch = {
  /** Whether the last look at the database is recent enough to believe what is cached. */
  isFresh(): boolean;
  start(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Learns which sessions ended in other processes: at once by NOTIFY, and by asking every two seconds for what a
 * notification may have missed. Losing the listener clears what is cached; the next question covers the gap.
 */
export function createSessionWatch(options: {
  db: Database;
  log: Logger;
  onEnded: (sessionId: string) => void;
  onUncertain: () => void;
}): SessionWatch {
  const { db, log, onEnded, onUncertain } = options;
  let closed = false;
  let listener: pg.Client | null = null;
  let reconnectMs = RECONNECT_MIN_MS;
  let reconnectTimer: NodeJS.Timeout | undefined;
  let checkTimer: NodeJS.Timeout | undefined;
  let checking: Promise<void> | null = null;
  let lastCheckMs = Number.NEGATIVE_INFINITY;
  let lastDatabaseTime: Date | null = null;

  async function check(): Promise<void> {
    const startedMs = performance.now();
    const { ids, databaseTime } = await sessionsEndedSince(db.pool, lastDatabaseTime);
    for (const id of ids) onEnded(id);
    lastDatabaseTime = databaseTime;
    lastCheckMs = startedMs;
  }

  function checkOnce(): Promise<void> {
    checking ??= check()
      .catch((error: unknown) => log.warn({ err: error }, "could not ask which sessions ended"))
      .finally(() => {
        checking = null;
      });
    return checking;
  }

  async function listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: db.url,
      application_name: "coinclicker sessions",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    let lost = false;
    function onLost(error?: Error): void {
      if (lost) return;
      lost = true;
      if (listener === client) listener = null;
      client.end().catch(() => undefined);
      if (closed) return;
      onUncertain();
      log.warn({ err: error, retryMs: reconnectMs }, "the listener for ended sessions was lost");
      reconnectTimer = setTimeout(() => void listen(), reconnectMs);
      reconnectMs = Math.min(reconnectMs * 2, RECONNECT_MAX_MS);
    }
    client.on("error", onLost);
    client.on("end", () => onLost());
    client.on("notification", ({ payload }) => {
      if (payload !== undefined) onEnded(payload);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${SESSION_ENDED_NOTIFY}`);
    } catch (error) {
      onLost(error as Error);
      return;
    }
    if (closed) {
      onLost();
      return;
    }
    listener = client;
    reconnectMs = RECONNECT_MIN_MS;
    // Only from here on are notifications heard: what was cached or ended before is asked for.
    onUncertain();
    await checkOnce();
  }

  return {
    isFresh: () => performance.now() - lastCheckMs < TRUST_MS,
    async start() {
      checkTimer = setInterval(() => void checkOnce(), CHECK_INTERVAL_MS);
      checkTimer.unref();
      await listen();
    },
    async close() {
      closed = true;
      clearInterval(checkTimer);
      clearTimeout(reconnectTimer);
      await checking;
      await listener?.end();
    },
  };
}

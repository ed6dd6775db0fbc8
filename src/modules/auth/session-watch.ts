import { type Database, type Listener, listen } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import { SESSION_ENDED_NOTIFY, sessionsEndedSince } from "./store.ts";

const CHECK_INTERVAL_MS = 2_000;
/** Without a check for this long nothing cached is believed. */
const TRUST_MS = 5_000;

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
  let listener: Listener | undefined;
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

  return {
    isFresh: () => performance.now() - lastCheckMs < TRUST_MS,
    async start() {
      checkTimer = setInterval(() => void checkOnce(), CHECK_INTERVAL_MS);
      checkTimer.unref();
      listener = listen({
        url: db.url,
        channel: SESSION_ENDED_NOTIFY,
        name: "coinclicker-sessions",
        log,
        heard: (sessionId) => {
          if (sessionId !== null) return onEnded(sessionId);
          // Only from here on are notifications heard: what was cached or ended before is asked for.
          onUncertain();
          void checkOnce();
        },
        lost: onUncertain,
      });
      await checkOnce();
    },
    async close() {
      clearInterval(checkTimer);
      await Promise.all([checking, listener?.close()]);
    },
  };
}

/** What keeps a worker asleep between two passes. */
export type Rest = {
  /** The head that the last pass saw. */
  head: bigint;
  /** Monotonic milliseconds before which payouts that became due would only be left waiting. */
  dueFrom: number;
  /** How often the chain is asked for a new head. */
  pollMs: number;
  /** After this long there is a pass whatever happened: there are things that only time brings. */
  atMostMs: number;
};

export type Alarm = {
  /** Payouts became due. */
  ring(): void;
  /** Forgets what rang, because a pass is about to look. What rings during the pass is remembered. */
  hush(): void;
  /** Until there is something for a pass to look at: payouts that are due, a new head, or time. */
  rest(rest: Rest): Promise<void>;
};

/**
 * Wakes a worker as soon as there is something for it to do, for the price of one small request now and then: a pass
 * asks the chain and the database many things, and between two blocks most of their answers are the same.
 */
export function createAlarm(options: { head: () => Promise<bigint>; signal: AbortSignal }): Alarm {
  const { signal } = options;
  let isRung = false;
  let stir = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stir.resolve(), { once: true });

  /** Sleeps, but not through the alarm. */
  async function doze(ms: number): Promise<void> {
    const timer = setTimeout(() => stir.resolve(), ms);
    await stir.promise;
    clearTimeout(timer);
    stir = Promise.withResolvers<void>();
  }

  async function hasNewHead(seen: bigint): Promise<boolean> {
    try {
      return (await options.head()) !== seen;
    } catch {
      // A pass finds out what is wrong, and says it.
      return true;
    }
  }

  return {
    ring() {
      isRung = true;
      stir.resolve();
    },
    hush() {
      isRung = false;
    },
    async rest({ head, dueFrom, pollMs, atMostMs }) {
      const until = performance.now() + atMostMs;
      let askAt = performance.now() + pollMs;
      while (!signal.aborted) {
        const now = performance.now();
        if (now >= until || (isRung && now >= dueFrom)) return;
        if (now >= askAt) {
          if (await hasNewHead(head)) return;
          askAt = performance.now() + pollMs;
          continue;
        }
        await doze(Math.min(until, askAt, isRung ? dueFrom : until) - now);
      }
    },
  };
}

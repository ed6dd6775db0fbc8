import type { Logger } from "./platform/log.ts";

export type Chore = { name: string; everyMs: number; run: () => Promise<unknown> };

/**
 * Does each chore again and again, never twice at once, until it is stopped. Chores are safe in several processes, and
 * one that fails is tried again at its next turn.
 */
export function startUpkeep(chores: readonly Chore[], log: Logger): { stop(): Promise<void> } {
  const running = new Map<Chore, Promise<void>>();
  const timers = chores.map((chore) =>
    setInterval(() => {
      if (running.has(chore)) return;
      const turn = chore
        .run()
        .then(() => undefined)
        .catch((error: unknown) =>
          log.warn({ err: error, chore: chore.name }, "a chore failed; it is tried again"),
        )
        .finally(() => running.delete(chore));
      running.set(chore, turn);
    }, chore.everyMs),
  );
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running.values());
    },
  };
}

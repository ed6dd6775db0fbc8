import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../platform/log.ts";
import { clickOutcomeUnknown, clicksOverloaded } from "./errors.ts";
import { failureOf } from "./failure.ts";

/** Clicks in one call of `clicks_record`: beyond this a call takes longer without costing less for each. */
const MAX_GROUP = 1_000;
/** About two seconds of work; more would only make everybody wait. */
const MAX_WAITING = 20_000;
/** How long a group is tried again while the database is away, before its callers are told that the outcome is unknown. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/** Hands a group's callers what became of it. */
type Answer = () => void;

/**
 * Group commit without a timer: while one group is being committed the next one fills, so a lone click waits for nobody
 * and a thousand share one transaction. A caller has its result only after the commit is durable. The next group is
 * sent before the one before it is answered: what answering costs, the database does not wait for.
 *
 * `record` must be one transaction and must give an item that was recorded before its first result again. Then a group
 * whose connection was lost, perhaps during COMMIT, is simply recorded again: what had been committed answers as it did.
 */
export class ClickWriter<Item extends { id: string }, Result> {
  readonly #record: (items: readonly Item[]) => Promise<Result[]>;
  readonly #onRecorded: (items: readonly Item[], results: readonly Result[]) => void;
  readonly #log: Logger;
  readonly #patienceMs: number;
  #waiting: Waiting<Item, Result>[] = [];
  /** Clicks that wait or are under way, so that a concurrent repetition shares the first one's result. */
  readonly #underWay = new Map<string, Promise<Result>>();
  #running: Promise<void> | null = null;

  constructor(options: {
    record: (items: readonly Item[]) => Promise<Result[]>;
    /** Called once for each group that was recorded, before its callers are answered; must not throw. */
    onRecorded?: (items: readonly Item[], results: readonly Result[]) => void;
    log: Logger;
    patienceMs?: number;
  }) {
    this.#record = options.record;
    this.#onRecorded = options.onRecorded ?? (() => undefined);
    this.#log = options.log;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  submit(item: Item): Promise<Result> {
    const first = this.#underWay.get(item.id);
    if (first !== undefined) return first;
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(clicksOverloaded());
    const result = new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
    });
    this.#underWay.set(item.id, result);
    this.#running ??= this.#run();
    return result;
  }

  /** Waits until everything that was submitted has its result. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Callers that are about to submit in this turn of the event loop join the first group.
    await Promise.resolve();
    let answer: Answer = () => undefined;
    while (this.#waiting.length > 0) {
      const recording = this.#commit(this.#waiting.splice(0, MAX_GROUP));
      // By the next turn of the event loop this group has been written to its connection.
      const answered = setImmediate().then(answer);
      answer = await recording;
      await answered;
      if (this.#waiting.length > 0) continue;
      answer();
      answer = () => undefined;
    }
    this.#running = null;
  }

  async #commit(group: readonly Waiting<Item, Result>[]): Promise<Answer> {
    const items = group.map(({ item }) => item);
    try {
      const results = await this.#recordPatiently(items);
      return () => {
        this.#onRecorded(items, results);
        group.forEach(({ item, resolve }, index) => {
          this.#underWay.delete(item.id);
          resolve(results[index] as Result);
        });
      };
    } catch (error) {
      if (group.length > 1 && failureOf(error) === "final") {
        // One click that the database cannot take must not cost the others theirs.
        const middle = group.length >> 1;
        const answerFirst = await this.#commit(group.slice(0, middle));
        answerFirst();
        return this.#commit(group.slice(middle));
      }
      return () => {
        for (const { item, reject } of group) {
          this.#underWay.delete(item.id);
          reject(failureOf(error) === "final" ? error : clickOutcomeUnknown(error));
        }
      };
    }
  }

  async #recordPatiently(items: readonly Item[]): Promise<Result[]> {
    const giveUpAt = performance.now() + this.#patienceMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#record(items);
      } catch (error) {
        if (failureOf(error) === "final" || performance.now() >= giveUpAt) throw error;
        this.#log.warn({ err: error, clicks: items.length }, "a group of clicks is recorded again");
        await sleep(pauseMs);
      }
    }
  }
}

import { randomUUID } from "node:crypto";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type pg from "pg";
import { type Database, isUniqueViolation } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import { LedgerError, ledgerOverloaded, ledgerUnavailable, transferRefused } from "./errors.ts";
import { callLedgerPost, encodeTransfers, toOutcomes } from "./post-transfers.ts";
import type { TransferOutcome } from "./results.ts";
import { writtenByBatch } from "./store.ts";
import type { Transfer } from "./transfer.ts";
import { classifyWriteFailure } from "./write-failure.ts";

/**
 * Group commit: many callers, one transaction. While a batch is being committed the next one fills, without a timer, so
 * a lone caller waits for nobody and many share one commit.
 */
export type LedgerWriter = {
  /**
   * Resolves once the results are durable. The transfers stay together and in order in one batch, and what other
   * callers submit neither fails nor links with them.
   * @throws LedgerError `ledger_unavailable` (retryable with the same ids) when the database cannot be reached;
   *   `details.written` is `no`, or `unknown` when it was lost in mid-write and stayed away.
   */
  submit(transfers: readonly Transfer[]): Promise<TransferOutcome[]>;
  /** Refuses new submissions and resolves when all earlier ones are answered. */
  close(): Promise<void>;
};

export type LedgerWriterOptions = {
  db: Database;
  log: Logger;
  /** Most transfers in one commit, and in one submission. */
  maxBatch?: number;
  /** Most transfers that wait; more are refused as `ledger_overloaded`. */
  maxQueued?: number;
  /** How long a lost write is looked for before its callers are told that its outcome is unknown. */
  resolveForMs?: number;
};

type Submission = {
  transfers: readonly Transfer[];
  resolve(outcomes: TransferOutcome[]): void;
  reject(error: unknown): void;
};

const MAX_CONFLICTS = 20;

/** Batches whose ids are looked up first after one held an id that was taken: replays seldom come alone. */
const LOOK_UP_FOR = 32;

export function createLedgerWriter(options: LedgerWriterOptions): LedgerWriter {
  const { db, log, maxBatch = 1_000, maxQueued = 100_000, resolveForMs = 30_000 } = options;
  let queue: Submission[] = [];
  let queued = 0;
  let closed = false;
  let lookUpFor = 0;
  let draining: Promise<void> | undefined;

  async function submit(transfers: readonly Transfer[]): Promise<TransferOutcome[]> {
    const last = transfers.at(-1);
    if (last === undefined) return [];
    // An open group would take the next caller's transfer for its end.
    if (last.linked === true) throw transferRefused({ id: last.id, result: "linked_chain_open" });
    if (transfers.length > maxBatch) {
      throw new RangeError(`a submission has at most ${maxBatch} transfers, not ${transfers.length}`);
    }
    if (closed) throw ledgerUnavailable("no");
    if (queued + transfers.length > maxQueued) throw ledgerOverloaded(queued);
    return new Promise((resolve, reject) => {
      queue.push({ transfers, resolve, reject });
      queued += transfers.length;
      draining ??= drain();
    });
  }

  async function drain(): Promise<void> {
    // The turn of the event loop before each batch lets everybody who was just answered, or woke up with us, join it.
    for (await turn(); queue.length > 0; await turn()) {
      await write(takeBatch());
    }
    draining = undefined;
  }

  function takeBatch(): Submission[] {
    let size = 0;
    let end = 0;
    for (const { transfers } of queue) {
      if (size + transfers.length > maxBatch) break;
      size += transfers.length;
      end += 1;
    }
    const batch = queue.slice(0, end);
    queue = queue.slice(end);
    queued -= size;
    return batch;
  }

  /** Answers every submission of the batch, whatever happens. */
  async function write(batch: readonly Submission[]): Promise<void> {
    try {
      const outcomes = await commit(batch.flatMap((submission) => submission.transfers));
      let offset = 0;
      for (const { transfers, resolve } of batch) {
        resolve(outcomes.slice(offset, offset + transfers.length));
        offset += transfers.length;
      }
    } catch (error) {
      if (batch.length > 1 && !(error instanceof LedgerError)) {
        // Somebody's transfers cannot be read by the database; each alone, so that only they fail.
        for (const submission of batch) await write([submission]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  /** One durable call of ledger_post. Running it again is safe at any point, since ids make it so. */
  async function commit(transfers: readonly Transfer[]): Promise<TransferOutcome[]> {
    const batchId = randomUUID();
    const columns = encodeTransfers(transfers);
    const giveUp = performance.now() + resolveForMs;
    let lost = false;
    let expectNew = lookUpFor === 0;
    if (!expectNew) lookUpFor -= 1;
    for (let conflicts = 0, pauseMs = 10; ; ) {
      let sent = false;
      let client: pg.PoolClient | undefined;
      let broken = false;
      try {
        client = await db.pool.connect();
        sent = true;
        const outcomes = toOutcomes(transfers, await callLedgerPost(client, columns, batchId, expectNew));
        return lost ? await asFirstAnswered(client, outcomes, batchId) : outcomes;
      } catch (error) {
        const failure = sent ? classifyWriteFailure(error) : "lost";
        broken = failure === "lost";
        if (failure === "refused") throw error;
        if (expectNew) {
          expectNew = false;
          if (isUniqueViolation(error)) {
            lookUpFor = LOOK_UP_FOR;
            continue;
          }
        }
        if (failure === "lost") {
          lost ||= sent;
          if (!lost) throw ledgerUnavailable("no", error);
          if (performance.now() > giveUp) throw ledgerUnavailable("unknown", error);
          if (sent)
            log.warn({ err: error, batchId }, "a ledger write was lost, its outcome is being resolved");
        } else if (failure === "unavailable" || ++conflicts > MAX_CONFLICTS) {
          throw ledgerUnavailable(lost ? "unknown" : "no", error);
        }
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, 500);
      } finally {
        client?.release(broken);
      }
    }
  }

  return {
    submit,
    async close() {
      closed = true;
      await draining;
    },
  };
}

/** What the lost attempt had written comes back as `exists`: its first occurrence was `posted`. */
async function asFirstAnswered(
  client: pg.ClientBase,
  outcomes: TransferOutcome[],
  batchId: string,
): Promise<TransferOutcome[]> {
  const existing = outcomes.filter((outcome) => outcome.result === "exists").map((outcome) => outcome.id);
  if (existing.length === 0) return outcomes;
  const written = await writtenByBatch(client, existing, batchId);
  return outcomes.map((outcome) =>
    outcome.result === "exists" && written.delete(outcome.id.toLowerCase())
      ? { id: outcome.id, result: "posted" }
      : outcome,
  );
}

import type { Clock } from "../../platform/clock.ts";
import { type Database, type Listener, listen, runAgain, type Tx } from "../../platform/db/index.ts";
import { AppError } from "../../platform/errors.ts";
import { randomToken } from "../../platform/ids.ts";
import {
  acquireLease,
  type Lease,
  LeaseLost,
  releaseLease,
  renewLease,
  requireLease,
} from "../../platform/lease.ts";
import type { Logger } from "../../platform/log.ts";
import { assets } from "../ledger/index.ts";
import { PAYOUTS_DUE, pauseRail } from "../payouts/index.ts";
import { createAlarm } from "./alarm.ts";
import { HistoryChanged, RailNotStarted } from "./errors.ts";
import { createPasses } from "./pass.ts";
import type { ChainView, Rail } from "./rails/rail.ts";
import { RECONCILER, type SettlementSettings, type Settling, type Steps } from "./settling.ts";
import type { Signer } from "./store.ts";

/**
 * `standby`: another process holds the lease. `unreachable`: no RPC URL answers, everything waits. `blocked`: chain and
 * configuration do not fit. `paused`: the rail's switch is off. In the last three, what is under way is still watched
 * as far as the chain can be read.
 */
export type WorkerState = "stopped" | "standby" | "running" | "unreachable" | "blocked" | "paused";

export type Worker = {
  /** Goes on by itself until `stop`. */
  start(): void;
  stop(): Promise<void>;
  /** One pass; true when it moved anything. For tests and for the loop. */
  tick(): Promise<boolean>;
  state(): WorkerState;
  /** What stands in the way, in words. */
  problems(): string[];
  view(): ChainView | null;
};

export type WorkerOptions = {
  db: Database;
  rail: Rail;
  clock: Clock;
  log: Logger;
  settings: SettlementSettings;
  pollMs: number;
  leaseSeconds: number;
  steps?: Steps | undefined;
};

/** Without anything on its way, the chain is asked this much less often. */
const QUIET_POLLS = 5;
/** A pass that nothing called for comes at least this often. */
const LONGEST_REST_MS = 1_000;
const FIRST_ERROR_WAIT_MS = 250;
const LAST_ERROR_WAIT_MS = 5_000;

/**
 * The loop of one rail and signer. Every pass decides on one look at the chain and on what is stored, stores what it
 * is about to do, and does it; so it can be killed between any two lines and a new process comes to the same end.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { db, rail, clock, log, settings } = options;
  const by: Signer = { rail: rail.name, chainId: rail.chainId, signer: rail.signer, vault: rail.vault };
  const leaseName = `settlement:${rail.name}:${rail.chainId}:${rail.signer}`;
  const holder = randomToken(12);
  let lease: Lease | null = null;
  let state: WorkerState = "stopped";
  let problems: string[] = [];
  let view: ChainView | null = null;
  let rest = { isUnderWay: false, dueFrom: 0 };
  const passes = createPasses();
  const stopping = new AbortController();
  const alarm = createAlarm({ head: () => rail.head(), signal: stopping.signal });

  const settling: Settling = {
    db,
    rail,
    by,
    clock,
    log,
    settings,
    assets: [],
    write,
    pause,
    reached: async (name) => {
      await options.steps?.reached(name);
      // Between two steps is where a process may end, so it may also stop there.
      if (stopping.signal.aborted) throw new WorkerStopping();
    },
  };

  async function write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await runAgain(() =>
        db.transaction(async (tx) => {
          // The heartbeat may have found out meanwhile that it is lost.
          if (lease === null) throw new LeaseLost({ name: leaseName, holder, fence: 0n });
          await requireLease(tx, lease);
          return work(tx);
        }),
      );
    } catch (error) {
      if (error instanceof LeaseLost) lease = null;
      throw error;
    }
  }

  async function pause(reason: string, details: Record<string, unknown>): Promise<void> {
    const { changed } = await db.transaction((tx) =>
      pauseRail(tx, { rail: rail.name, actor: RECONCILER, reason, details, now: clock.now() }),
    );
    if (changed) log.error({ rail: rail.name, reason, details }, "the rail is paused");
  }

  /** Whether this process may write; false while another one does. */
  async function holdsLease(): Promise<boolean> {
    if (lease !== null) return true;
    lease = await acquireLease(db.pool, { name: leaseName, holder, seconds: options.leaseSeconds });
    if (lease === null) return false;
    log.info({ lease: leaseName, fence: lease.fence.toString() }, "this process settles now");
    passes.reset();
    return true;
  }

  async function pass(): Promise<boolean> {
    if (!(await holdsLease())) {
      state = "standby";
      problems = [];
      return false;
    }
    const railAssets = (await assets(db.pool)).flatMap(({ code, chainRef, rail: name }) =>
      name === rail.name && chainRef !== null ? { code, assetRef: chainRef } : [],
    );
    view = await rail.look();
    const result = await passes.run({ ...settling, assets: railAssets }, view);
    const { moved, faults, paused, waiting } = result;
    rest = result;
    if (result.heldBack) alarm.ring();
    state = faults.length > 0 ? "blocked" : paused !== null ? "paused" : "running";
    problems = [...faults, ...(paused === null ? [] : [paused]), ...waiting];
    return moved;
  }

  async function tick(): Promise<boolean> {
    try {
      return await pass();
    } catch (error) {
      if (error instanceof HistoryChanged) {
        await pause(error.message, {});
        state = "blocked";
        problems = [error.message];
        return false;
      }
      if (error instanceof RailNotStarted) {
        state = "blocked";
        problems = [...error.faults];
        return false;
      }
      if (error instanceof WorkerStopping) return false;
      if (error instanceof LeaseLost) {
        state = "standby";
        problems = [];
        return false;
      }
      const unavailable = error instanceof AppError && error.kind === "unavailable";
      state = unavailable ? "unreachable" : state === "stopped" ? "blocked" : state;
      problems = [error instanceof Error ? error.message : String(error)];
      if (unavailable) return false;
      throw error;
    }
  }

  let loop: Promise<void> | null = null;
  let listener: Listener | undefined;
  let renewal: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    let errors = 0;
    while (!stopping.signal.aborted) {
      try {
        alarm.hush();
        if (!(await tick())) await rested();
        errors = 0;
      } catch (error) {
        log.error({ err: error, rail: rail.name }, "a settlement pass failed; it is tried again");
        await pauseFor(Math.min(LAST_ERROR_WAIT_MS, FIRST_ERROR_WAIT_MS * 2 ** errors), stopping.signal);
        errors += 1;
      }
    }
  }

  /** Until it is time for another pass. */
  async function rested(): Promise<void> {
    const quietMs = options.pollMs * QUIET_POLLS;
    const isWatching = view !== null && (state === "running" || state === "paused");
    if (!isWatching) return pauseFor(Math.min(quietMs, LONGEST_REST_MS), stopping.signal);
    await alarm.rest({
      head: view?.head ?? 0n,
      dueFrom: rest.dueFrom,
      pollMs: rest.isUnderWay ? options.pollMs : quietMs,
      atMostMs: Math.max(options.pollMs, LONGEST_REST_MS),
    });
  }

  return {
    start() {
      if (loop !== null) return;
      renewal = setInterval(
        async () => {
          if (lease === null) return;
          const held = lease;
          try {
            if (!(await renewLease(db.pool, held, options.leaseSeconds)) && lease === held) lease = null;
          } catch (error) {
            log.warn({ err: error }, "the lease could not be renewed");
          }
        },
        (options.leaseSeconds * 1_000) / 3,
      );
      renewal.unref();
      listener = listen({
        url: db.url,
        channel: PAYOUTS_DUE,
        name: `coinclicker-${rail.name}`,
        log,
        heard: (name) => {
          if (name === null || name === rail.name) alarm.ring();
        },
      });
      loop = run();
    },
    async stop() {
      stopping.abort();
      clearInterval(renewal);
      await Promise.all([loop, listener?.close()]);
      const held = lease;
      lease = null;
      state = "stopped";
      if (held !== null)
        await releaseLease(db.pool, held).catch((error) =>
          log.warn({ err: error }, "the lease stays until it expires"),
        );
    },
    tick,
    state: () => state,
    problems: () => problems,
    view: () => view,
  };
}

class WorkerStopping extends Error {}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

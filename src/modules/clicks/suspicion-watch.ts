import type { Database } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import { BoundedMap } from "./bounded-map.ts";
import { saveSuspicion } from "./store.ts";
import { assess, extendStretch, isEvidence, type Stretch, type Suspicion } from "./suspicion.ts";

const ADDRESS_WINDOW_MS = 3_600_000;
const PLAYERS_COUNTED = 1_000;
/** The same finding about the same player is not written again within this time. */
const QUIET_MS = 3_600_000;

export type ObservedClick = { playerId: string; ipHash: string; taps: number; atMs: number };

/**
 * Watches answered clicks go by and writes down who looks like a program. It holds little for each player, keeps no click
 * waiting and takes nothing away: what follows from a score is for whoever pays out. Each process judges what it serves
 * itself; the score in the database is the worst that any of them found.
 */
export class SuspicionWatch {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #stretches = new BoundedMap<string, Stretch>(20_000);
  readonly #addresses = new BoundedMap<string, { sinceMs: number; players: Set<string> }>(10_000);
  readonly #reported = new BoundedMap<string, { score: number; atMs: number }>(20_000);
  readonly #writes = new Set<Promise<void>>();

  constructor(options: { db: Database; log: Logger }) {
    this.#db = options.db;
    this.#log = options.log;
  }

  observe(click: ObservedClick): void {
    const { playerId, taps, atMs } = click;
    const players = this.#playersOn(click);
    const stretch = extendStretch(this.#stretches.get(playerId), atMs, taps);
    if (!isEvidence(stretch)) {
      this.#stretches.set(playerId, stretch);
      return;
    }
    this.#stretches.set(playerId, extendStretch(undefined, atMs, taps));
    const suspicion = assess(stretch, players);
    if (suspicion.score === 0) return;
    const last = this.#reported.get(playerId);
    if (last !== undefined && last.score >= suspicion.score && atMs - last.atMs < QUIET_MS) return;
    this.#reported.set(playerId, { score: suspicion.score, atMs });
    this.#write(playerId, suspicion, stretch);
  }

  /** Waits until what was found is written. */
  async drain(): Promise<void> {
    await Promise.all(this.#writes);
  }

  #playersOn(click: ObservedClick): number {
    let address = this.#addresses.get(click.ipHash);
    if (address === undefined || click.atMs - address.sinceMs > ADDRESS_WINDOW_MS) {
      address = { sinceMs: click.atMs, players: new Set() };
      this.#addresses.set(click.ipHash, address);
    }
    if (address.players.size < PLAYERS_COUNTED) address.players.add(click.playerId);
    return address.players.size;
  }

  #write(playerId: string, suspicion: Suspicion, stretch: Stretch): void {
    const write = saveSuspicion(this.#db, playerId, suspicion, {
      requests: stretch.requests,
      taps: stretch.taps,
      spanMs: stretch.lastAtMs - stretch.startedAtMs,
    })
      .catch((error: unknown) => {
        // Not written, so not reported: the next finding tries again.
        this.#reported.set(playerId, { score: 0, atMs: 0 });
        this.#log.error({ err: error, playerId, suspicion }, "a suspicion could not be written");
      })
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }
}

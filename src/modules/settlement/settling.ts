import type { Clock } from "../../platform/clock.ts";
import type { Database, Tx } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import type { Rail } from "./rails/rail.ts";
import type { Signer } from "./store.ts";

/**
 * Points between two steps, by name. The fault tests end the process there; in production nobody listens.
 * Whatever has been reached, a restart must come to the same end.
 */
export type Steps = { reached(name: StepName): Promise<void> };

export type StepName =
  | "batch_stored"
  | "attempt_signed"
  | "attempt_stored"
  | "attempt_sent"
  | "attempt_sent_noted"
  | "replacement_stored"
  | "replacement_sent"
  | "inclusion_seen"
  | "inclusion_noted"
  | "landing_seen"
  | "landing_written"
  | "landing_committed"
  | "loss_committed"
  | "batch_proven_unpaid"
  | "batch_dissolved"
  | "payload_stored"
  | "events_read"
  | "events_stored"
  | "event_applied"
  | "reconciled";

export type RailAsset = { code: string; assetRef: string };

export type SettlementSettings = {
  replaceAfterSeconds: number;
  maxBatchSize: number;
  /** Transactions on their way at a time. */
  maxOpenNonces: number;
  /** The longest that a payout waits for others to share a transaction with. */
  longestPaceMs: number;
  reconcileEveryMs: number;
  /** How soon a batch that the vault refuses for now is tried again. */
  retryWaitingMs: number;
};

/** What every part of a rail's worker works with. */
export type Settling = {
  db: Database;
  rail: Rail;
  by: Signer;
  clock: Clock;
  log: Logger;
  settings: SettlementSettings;
  /** Assets that this rail pays. */
  assets: readonly RailAsset[];
  /** One transaction, in which the lease is held until it commits; run again when the database asks for that. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Stops new payouts on the rail, once; what is under way is still watched and resolved. */
  pause(reason: string, details: Record<string, unknown>): Promise<void>;
  reached(name: StepName): Promise<void>;
};

export const ACTOR = "system:settlement";
export const RECONCILER = "system:reconciler";

import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import type { EndpointStatus } from "../../platform/evm-rpc.ts";
import type { Logger } from "../../platform/log.ts";
import { railState } from "./events-store.ts";
import type { Rail } from "./rails/rail.ts";
import type { SettlementSettings, Steps } from "./settling.ts";
import { unresolvedBatches } from "./store.ts";
import { type Treasury, treasuryOf } from "./treasury.ts";
import { createWorker, type Worker, type WorkerState } from "./worker.ts";

/** How settlement is doing on a rail, for `/ready` and the admin. Amounts and heights are decimal strings. */
export type RailStatus = {
  rail: string;
  /** `off` when this process settles nothing on it. */
  state: WorkerState | "off";
  /** What stands in the way, in words. */
  problems: string[];
  head: string | null;
  finalBlock: string | null;
  scannedBlock: string | null;
  reconciledAt: string | null;
  /** What the last reconciliation found to differ; null when nothing did. */
  drift: unknown;
  /** Batches that are not at their end, with why they wait. */
  batches: { id: string; status: string; size: number; asset: string; total: string; note: string | null }[];
  endpoints: EndpointStatus[];
};

/** One way out: its worker, and what can be said of it. */
export type RailSettlement = {
  readonly rail: string;
  /** Settles in the background; waits for the lease if another process holds it. */
  start(): void;
  stop(): Promise<void>;
  /** One pass; true when it moved anything. */
  tick(): Promise<boolean>;
  status(): Promise<RailStatus>;
  treasury(): Promise<Treasury>;
};

export type RailSettlementOptions = {
  name: string;
  /** null where this process knows the rail and cannot pay on it. */
  rail: Rail | null;
  db: Database;
  clock: Clock;
  log: Logger;
  settings: SettlementSettings;
  pollMs: number;
  leaseSeconds: number;
  endpoints: () => EndpointStatus[];
  steps?: Steps | undefined;
};

export function createRailSettlement(options: RailSettlementOptions): RailSettlement {
  const { name, rail, db, endpoints } = options;
  const worker: Worker | null = rail === null ? null : createWorker({ ...options, rail });
  return {
    rail: name,
    start: () => worker?.start(),
    stop: async () => worker?.stop(),
    tick: async () => (await worker?.tick()) ?? false,
    async status() {
      const [stored, batches] = await Promise.all([
        railState(db.pool, name),
        unresolvedBatches(db.pool, name),
      ]);
      const view = worker?.view() ?? null;
      return {
        rail: name,
        state: worker?.state() ?? "off",
        problems: worker?.problems() ?? [],
        head: view?.head.toString() ?? null,
        finalBlock: view?.final.number.toString() ?? null,
        scannedBlock: stored?.scannedBlock.toString() ?? null,
        reconciledAt: stored?.reconciledAt?.toISOString() ?? null,
        drift: stored?.drift ?? null,
        batches: batches.map(({ id, status, size, asset, total, note }) => ({
          id,
          status,
          size,
          asset,
          total: total.toString(),
          note,
        })),
        endpoints: endpoints(),
      };
    },
    treasury: () => treasuryOf(db, rail, name),
  };
}

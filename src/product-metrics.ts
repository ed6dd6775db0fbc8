import { Counter, Gauge, type Registry } from "prom-client";
import type { Clicks } from "./modules/clicks/index.ts";
import type { RailStatus, Settlement, WorkerState } from "./modules/settlement/index.ts";
import type { Database } from "./platform/db/index.ts";

const STATES: readonly (WorkerState | "off")[] = [
  "off",
  "stopped",
  "standby",
  "running",
  "unreachable",
  "blocked",
  "paused",
];

/** What an operator alarms on, read when Prometheus asks. What cannot be read is absent then, not zero. */
export function registerProductMetrics(
  registry: Registry,
  parts: { db: Database; clicks: Clicks; settlement: Settlement | null },
): void {
  const { db, clicks, settlement } = parts;
  const registers = [registry];
  const taps = new Counter({
    name: "clicks_accepted_total",
    help: "Taps that counted, in this process",
    registers,
  });
  clicks.onCommitted(({ accepted }) => taps.inc(accepted));

  new Gauge({
    name: "payouts",
    help: "Payouts that have not ended, by status",
    labelNames: ["status"],
    registers,
    async collect() {
      this.reset();
      const { rows } = await db.pool.query<{ status: string; count: string }>({
        name: "metrics_payouts",
        text: `SELECT status, count(*)::text AS count FROM payouts
               WHERE status IN ('requested', 'pending_approval', 'approved', 'batched', 'submitted', 'credited')
               GROUP BY status`,
      });
      for (const { status, count } of rows) this.set({ status }, Number(count));
    },
  });
  new Gauge({
    name: "database_connections",
    help: "Connections of this process's pool, by state",
    labelNames: ["state"],
    registers,
    collect() {
      const { totalCount, idleCount, waitingCount } = db.pool;
      this.set({ state: "busy" }, totalCount - idleCount);
      this.set({ state: "idle" }, idleCount);
      this.set({ state: "awaited" }, waitingCount);
    },
  });
  if (settlement === null) return;
  const settlementGauge = (name: string, help: string, read: (status: RailStatus) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ["rail"],
      registers,
      async collect() {
        for (const { rail, status } of settlement.rails) this.set({ rail }, read(await status()));
      },
    });
  };
  settlementGauge(
    "settlement_drift",
    "1 when the last reconciliation found ledger and chain to differ",
    ({ drift }) => (drift === null ? 0 : 1),
  );
  settlementGauge("settlement_open_batches", "Batches not at their end", ({ batches }) => batches.length);
  new Gauge({
    name: "settlement_state",
    help: "1 for the state that settlement is in",
    labelNames: ["rail", "state"],
    registers,
    async collect() {
      for (const { rail, status } of settlement.rails) {
        const now = await status();
        for (const state of STATES) this.set({ rail, state }, state === now.state ? 1 : 0);
      }
    },
  });
}

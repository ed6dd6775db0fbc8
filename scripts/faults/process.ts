/**
 * The product in a process of its own, as `npm run serve` composes it, with what the harness needs on top: it dies or
 * freezes at the step that it was ordered to, and its clock can be set. None of that is in the product.
 */
import { loadConfig } from "../../src/config.ts";
import type { StepName } from "../../src/modules/settlement/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { describeStartFailure, startServer } from "../../src/server.ts";

export type Order =
  | { order: "die" | "freeze"; step: StepName; nth: number }
  | { order: "live" }
  | { order: "clock"; aheadSeconds: number };

export type Report = { report: "up" } | { report: "reached"; step: StepName };

/** Short, so that another worker takes over within a run. */
const LEASE_SECONDS = 2;
const SLOW_STOP_MS = 5_000;
const FREEZE_MS = 1_000;

let aheadMs = 0;
let armed: { order: "die" | "freeze"; step: StepName; left: number } | null = null;

process.on("message", (order: Order) => {
  if (order.order === "clock") aheadMs = order.aheadSeconds * 1_000;
  else if (order.order === "live") armed = null;
  else armed = { order: order.order, step: order.step, left: order.nth };
});
// Nobody is left to end this process but itself.
process.on("disconnect", () => process.exit(1));

function tell(report: Report): Promise<void> {
  return new Promise((done) => (process.send === undefined ? done() : process.send(report, () => done())));
}

async function reached(step: StepName): Promise<void> {
  if (armed?.step !== step) return;
  armed.left -= 1;
  if (armed.left > 0) return;
  const { order } = armed;
  armed = null;
  await tell({ report: "reached", step });
  if (order === "die") process.kill(process.pid, "SIGKILL");
  // Nothing moves until the harness, which has heard of it, stops this process from outside.
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FREEZE_MS);
}

function stillOpen(): string {
  const counts = Map.groupBy(process.getActiveResourcesInfo(), (name) => name);
  return [...counts].map(([name, same]) => `${same.length} ${name}`).join(", ");
}

try {
  const config = loadConfig(process.env);
  const server = await startServer(config, createLogger({ level: config.logLevel }), {
    clock: { now: () => new Date(Date.now() + aheadMs) },
    steps: { reached },
    settlement: { leaseSeconds: LEASE_SECONDS, reconcileEveryMs: 1_000 },
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      // Whoever reads why a process did not end finds here what it was waiting for.
      setTimeout(() => process.stderr.write(`still held by ${stillOpen()}\n`), SLOW_STOP_MS).unref();
      void server.stop().then(() => process.exit(0));
    });
  }
  await tell({ report: "up" });
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  process.exit(1);
}

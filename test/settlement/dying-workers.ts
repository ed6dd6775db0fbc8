import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import type { RailSettlement, StepName } from "../../src/modules/settlement/index.ts";

/** Steps that payouts pass when nothing stands in their way, in their order. */
export const ordinarySteps: readonly StepName[] = [
  "batch_stored",
  "attempt_signed",
  "attempt_stored",
  "attempt_sent",
  "attempt_sent_noted",
  "landing_seen",
  "landing_written",
  "landing_committed",
  "events_read",
  "events_stored",
  "event_applied",
  "reconciled",
];

/**
 * Runs workers from this file in processes of their own, one at a time; each must die at the step that its orders name.
 * Starting a process takes longer than what it does here, so the next one gets ready meanwhile.
 */
export function dyingWorkers<Orders extends { dieAt: StepName }>(file: string) {
  const start = (): ChildProcess =>
    fork(join(import.meta.dirname, file), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "coinclicker-compile-cache") },
    });
  let spare = start();
  afterAll(() => {
    spare.kill("SIGKILL");
  });
  return async (
    orders: Orders,
    onMessage: (child: ChildProcess) => void = () => undefined,
  ): Promise<void> => {
    const child = spare;
    spare = start();
    child.on("message", () => onMessage(child));
    child.send(orders);
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal, `the worker did not reach ${orders.dieAt}`).toBe("SIGKILL");
  };
}

/** Waits until this worker has what the dead one held. */
export async function takeOver(settlement: RailSettlement): Promise<void> {
  const stateAfterTick = () => settlement.tick().then(async () => (await settlement.status()).state);
  await expect.poll(stateAfterTick, { interval: 20 }).not.toBe("standby");
}

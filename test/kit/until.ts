import { setTimeout as sleep } from "node:timers/promises";

/** Waits for what somebody else brings about: another process, connection or timer. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come about: ${condition}`);
    await sleep(10);
  }
}

/**
 * A settlement worker of the XRP Ledger in a process of its own. It waits for its orders, ends itself with SIGKILL when
 * it reaches the step that they name, and with 0 when it does not come to it. After each pass it asks its parent for a
 * ledger, so that ledgers close at the worker's pace, however slow the machine.
 */
import { once } from "node:events";
import { createSettlement, type StepName } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createDatabase } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createXrplClient } from "../../src/platform/xrpl/client.ts";
import { testConfig } from "../kit/config.ts";
import { onlyRail } from "./settlements.ts";

export type XrplChildOrders = {
  env: Record<string, string>;
  dieAt: StepName;
};

/** Short enough that the next process need not wait long, with no heartbeat needed between passes. */
const LEASE_SECONDS = 0.2;
/** One that has seen this many ledgers without the step does not come to it. */
const LEDGERS = 150;

const [orders] = (await once(process, "message")) as [XrplChildOrders];
const config = testConfig(orders.env);
if (config.xrpl === null) throw new Error("the XRP Ledger is not configured");
const log = createLogger({ level: "silent" });
const db = createDatabase({ url: config.database.url, maxConnections: 4, log });
const { urls, networkId } = config.xrpl;
const xrpl = createXrplClient({ urls, networkId, clock: systemClock, log });
const settlement = onlyRail(
  createSettlement({
    config,
    db,
    clock: systemClock,
    log,
    rpc: null,
    xrpl,
    steps: {
      reached: async (name) => {
        if (name === orders.dieAt) process.kill(process.pid, "SIGKILL");
      },
    },
    settings: { reconcileEveryMs: 0, retryWaitingMs: 0, leaseSeconds: LEASE_SECONDS },
  }),
);

for (let ledger = 0; ledger < LEDGERS; ledger += 1) {
  await settlement.tick();
  const closed = once(process, "message");
  process.send?.("close a ledger");
  await closed;
}
await settlement.stop();
await xrpl.close();
await db.close();
process.disconnect();

/**
 * A settlement worker in a process of its own. It waits for its orders, ends itself with SIGKILL when it reaches the
 * step that they name, and with 0 when nothing moves any more.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../src/config.ts";
import { createSettlement, type StepName } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createDatabase } from "../../src/platform/db/index.ts";
import { createEvmRpc } from "../../src/platform/evm-rpc.ts";
import { createLogger } from "../../src/platform/log.ts";
import { onlyRail } from "./settlements.ts";

export type ChildOrders = {
  env: Record<string, string>;
  dieAt: StepName;
  replaceAfterSeconds: number;
};

/** Short enough that the next process need not wait long, with no heartbeat needed between passes. */
const LEASE_SECONDS = 0.2;

const [orders] = (await once(process, "message")) as [ChildOrders];
const config = loadConfig(orders.env);
const log = createLogger({ level: "silent" });
const db = createDatabase({ url: config.database.url, maxConnections: 4, log });
const rpc = createEvmRpc({ urls: config.flare.rpcUrls, chainId: config.flare.chainId, log });
const settlement = onlyRail(
  createSettlement({
    xrpl: null,
    config,
    db,
    clock: systemClock,
    log,
    rpc,
    steps: {
      reached: async (name) => {
        if (name === orders.dieAt) process.kill(process.pid, "SIGKILL");
      },
    },
    settings: {
      reconcileEveryMs: 0,
      leaseSeconds: LEASE_SECONDS,
      replaceAfterSeconds: orders.replaceAfterSeconds,
    },
  }),
);

for (let quiet = 0; quiet < 3; ) {
  const moved = await settlement.tick();
  const { state } = await settlement.status();
  if (state === "standby") await sleep(50);
  quiet = moved || state === "standby" ? 0 : quiet + 1;
}
await settlement.stop();
rpc.close();
await db.close();
process.disconnect();

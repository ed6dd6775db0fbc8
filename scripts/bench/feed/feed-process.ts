import { createDatabase, type Database } from "../../../src/platform/db/index.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { announce } from "../../../src/platform/outbox.ts";
import { serveOrders } from "../helper-process.ts";
import { type Begun, type BroadcastOrder, measureMemory, PAYLOAD } from "./broadcaster.ts";
import { serveFeed } from "./serve-feed.ts";

let database: Database | undefined;

async function start(databaseUrl: string): Promise<{ port: number }> {
  database = createDatabase({
    url: databaseUrl,
    maxConnections: 5,
    log: createLogger({ level: "warn" }),
  });
  // Clients that cannot keep up would be cut off, and the contender does not do that.
  const limits = { maxBufferedPackets: 1_000_000, maxBufferedBytes: 2 ** 30, tickMs: 3_600_000 };
  const { port } = await serveFeed(database, limits);
  return { port };
}

async function broadcast(db: Database, events: number): Promise<Begun> {
  const startedNs = String(process.hrtime.bigint());
  await db.transaction((tx) =>
    announce(
      tx,
      Array.from({ length: events }, () => ({ channel: "feed", type: "payout", payload: PAYLOAD })),
    ),
  );
  return { startedNs };
}

serveOrders<BroadcastOrder | { do: "start"; databaseUrl: string }>(async (order) => {
  if (order.do === "start") return start(order.databaseUrl);
  if (order.do === "memory") return measureMemory();
  if (database === undefined) throw new Error("not started");
  return broadcast(database, order.events);
});

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createFeed } from "../../../src/modules/feed/index.ts";
import { createDatabase, type Database } from "../../../src/platform/db/index.ts";
import { AppError } from "../../../src/platform/errors.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createMetrics } from "../../../src/platform/metrics.ts";
import { announce } from "../../../src/platform/outbox.ts";
import { serveOrders } from "../helper-process.ts";
import { type Begun, type BroadcastOrder, measureMemory, PAYLOAD } from "./broadcaster.ts";

const log = createLogger({ level: "warn" });
let database: Database | undefined;

async function start(databaseUrl: string): Promise<{ port: number }> {
  const db = createDatabase({ url: databaseUrl, maxConnections: 5, log });
  database = db;
  const feed = createFeed({
    config: { publicUrl: new URL("http://127.0.0.1"), trustProxy: false, redisUrl: null },
    db,
    log,
    auth: {
      verifyToken: async () => {
        throw new AppError("unauthenticated", "token_invalid", "the benchmark has no sessions");
      },
      onSessionEnded: () => () => undefined,
    },
    click: async () => ({}),
    metrics: createMetrics({ processMetrics: true }),
    // Clients that cannot keep up would be cut off, and the contender does not do that.
    limits: { maxBufferedPackets: 1_000_000, maxBufferedBytes: 2 ** 30, tickMs: 3_600_000 },
  });
  await feed.start();
  const server = createServer();
  feed.attach(server);
  await new Promise<void>((done) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, done));
  return { port: (server.address() as AddressInfo).port };
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

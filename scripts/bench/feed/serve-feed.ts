import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createFeed, type FeedLimits } from "../../../src/modules/feed/index.ts";
import type { Database } from "../../../src/platform/db/index.ts";
import { AppError } from "../../../src/platform/errors.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createMetrics } from "../../../src/platform/metrics.ts";

/** The feed alone, behind a server that answers nothing else; nobody signs in and nobody clicks. */
export async function serveFeed(
  db: Database,
  limits: Partial<FeedLimits> = {},
): Promise<{ port: number; stop(): Promise<void> }> {
  const feed = createFeed({
    config: { publicUrl: new URL("http://127.0.0.1"), trustProxy: false, redisUrl: null },
    db,
    log: createLogger({ level: "warn" }),
    auth: {
      verifyToken: async () => {
        throw new AppError("unauthenticated", "token_invalid", "the benchmark has no sessions");
      },
      onSessionEnded: () => () => undefined,
    },
    click: async () => ({}),
    metrics: createMetrics({ processMetrics: true }),
    limits,
  });
  await feed.start();
  const server = createServer();
  feed.attach(server);
  await new Promise<void>((done) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, done));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      await feed.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

import underPressure from "@fastify/under-pressure";
import { fastify } from "fastify";
import { Type } from "typebox";
import { API_PREFIX } from "../../../src/app.ts";
import { hardhatWallets, loadConfig } from "../../../src/config.ts";
import { type Auth, createAuth, sessionOf } from "../../../src/modules/auth/index.ts";
import { type ClickLimits, type Clicks, createClicks } from "../../../src/modules/clicks/index.ts";
import { createFeed } from "../../../src/modules/feed/index.ts";
import { observeAnswers } from "../../../src/observe-answers.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Database } from "../../../src/platform/db/index.ts";
import { createHttpServer, type Routes } from "../../../src/platform/http/index.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createMetrics } from "../../../src/platform/metrics.ts";
import { createLimiters } from "../../../src/platform/rate-limit.ts";
import { registerProductMetrics } from "../../../src/product-metrics.ts";
import { publishClicks } from "../../../src/publish-clicks.ts";
import { guardEdge } from "../../../src/routes/edge.ts";
import type { PlainClick } from "./plain-clicks.ts";

const PLAIN_ROUTE = "/plain-click";

const UNLIMITED: ClickLimits = {
  session: { perSecond: 1e9, burst: 1e9 },
  wallet: { perSecond: 1e9, burst: 1e9 },
  ip: { perSecond: 1e9, burst: 1e9 },
};

/** Everybody always has energy: the question is what recording a click that counts costs. */
const config = loadConfig({
  NODE_ENV: "test",
  DATABASE_URL: "postgresql://unused@127.0.0.1:1/unused",
  AUTH_SECRET: "bench-secret-bench-secret-bench-secret",
  IP_HASH_KEY: "bench-ip-hash-key-bench-ip-hash-key-1",
  PAYOUT_MODE: "demo",
  CLICK_MAX_ENERGY: "1000000",
  CLICK_ENERGY_PER_SECOND: "100000",
  ADMIN_ADDRESSES: hardhatWallets()[1]?.address,
});

export type ClickServer = {
  auth: Auth;
  clicks: Clicks;
  url: string;
  /** Where CoinClicker's click is, and where the one that a transaction of its own pays for. */
  clickUrl: string;
  plainUrl: string;
  close(): Promise<void>;
};

/** What src/app.ts puts around a click, with its budgets so wide that they count but refuse nobody. */
export async function startClickServer(db: Database, plainClick: () => PlainClick): Promise<ClickServer> {
  const log = createLogger({ level: "warn" });
  const metrics = createMetrics({ processMetrics: true });
  const limiter = createLimiters({ redis: null, log });
  const auth = createAuth({ config, db, clock: systemClock, log, provider: null, limiter });
  const clicks = createClicks({ config, db, clock: systemClock, log, auth, limits: UNLIMITED });
  const feed = createFeed({
    config,
    db,
    log,
    auth,
    metrics,
    click: clicks.click,
    limits: { eventBurst: 1e9, eventsPerSecond: 1e9 },
  });
  publishClicks(clicks, feed);
  registerProductMetrics(metrics.registry, { db, clicks, settlement: null });
  const http = await createHttpServer({ log, trustProxy: config.trustProxy, version: "bench" });
  await http.register(underPressure, { maxEventLoopDelay: 2_000, retryAfter: 1 });
  observeAnswers(http, metrics, new Set([`${API_PREFIX}/click`, PLAIN_ROUTE]));
  const plainRoutes: Routes = async (server) => {
    server.post(PLAIN_ROUTE, { onRequest: auth.requireSession }, (request) =>
      plainClick()(sessionOf(request), (request.body as { clientNonce: string }).clientNonce),
    );
  };
  await http.register(
    async (api) => {
      guardEdge(api, { limiter, perMinute: config.apiRequestsPerMinute });
      await api.register(auth.routes);
      await api.register(clicks.routes);
    },
    { prefix: API_PREFIX },
  );
  await http.register(plainRoutes);
  feed.attach(http.server);
  await auth.start();
  await feed.start();
  const url = await http.listen({ host: "127.0.0.1", port: 0 });
  return {
    auth,
    clicks,
    url,
    clickUrl: `${url}${API_PREFIX}/click`,
    plainUrl: `${url}${PLAIN_ROUTE}`,
    async close() {
      await feed.close();
      await http.close();
      await clicks.close();
      await auth.close();
      limiter.close();
    },
  };
}

/** The ceiling: Fastify as it comes, reading and writing the same JSON by schema, with nothing behind it. */
export async function startBareRoute(): Promise<{ url: string; close(): Promise<void> }> {
  const server = fastify();
  const body = Type.Object(
    {
      clientNonce: Type.String({ minLength: 1, maxLength: 64, pattern: "^[\\x21-\\x7e]+$" }),
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
    },
    { additionalProperties: false },
  );
  const answer = Type.Object({
    ok: Type.Boolean(),
    clicks: Type.Integer(),
    accepted: Type.Integer(),
    balance: Type.String(),
    energy: Type.Integer(),
    maxEnergy: Type.Integer(),
  });
  let clicks = 0;
  server.post("/click", { schema: { body, response: { 200: answer } } }, async () => {
    clicks += 1;
    return {
      ok: true,
      clicks,
      accepted: 1,
      balance: String(clicks),
      energy: 999_999,
      maxEnergy: 1_000_000,
    };
  });
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  return { url: `${url}/click`, close: () => server.close() };
}

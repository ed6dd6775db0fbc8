import underPressure from "@fastify/under-pressure";
import { type Config, LOCAL_CHAIN_ID, LOCAL_XRPL_NETWORK_ID } from "./config.ts";
import { drainHttp } from "./drain-http.ts";
import { createAdmin } from "./modules/admin/index.ts";
import { approvalsGiven, createApprovals } from "./modules/approvals/index.ts";
import { createAuth } from "./modules/auth/index.ts";
import { createClicks, SLOW_WITHDRAWALS_FROM, suspicionOf } from "./modules/clicks/index.ts";
import { createFeed } from "./modules/feed/index.ts";
import { assets, createLedger } from "./modules/ledger/index.ts";
import {
  coinRates,
  createPayouts,
  ensureDefaultPolicies,
  ensureRlusd,
  policyOf,
  type Suspicions,
} from "./modules/payouts/index.ts";
import { createReports } from "./modules/reports/index.ts";
import { createSettlement, type RailSettlement, type SettlementDeps } from "./modules/settlement/index.ts";
import { observeAnswers } from "./observe-answers.ts";
import type { Clock } from "./platform/clock.ts";
import type { Database } from "./platform/db/index.ts";
import { createEvmRpc } from "./platform/evm-rpc.ts";
import { createHttpServer, type HttpServer } from "./platform/http/index.ts";
import type { Logger } from "./platform/log.ts";
import { createMetrics } from "./platform/metrics.ts";
import { createLimiters } from "./platform/rate-limit.ts";
import { createRedis } from "./platform/redis.ts";
import { createXrplClient } from "./platform/xrpl/client.ts";
import { createXrplKeys } from "./platform/xrpl/keys.ts";
import { registerProductMetrics } from "./product-metrics.ts";
import { publishClicks } from "./publish-clicks.ts";
import { type ClientConfig, clientConfigRoutes } from "./routes/client-config.ts";
import { docsRoutes } from "./routes/docs.ts";
import { guardEdge } from "./routes/edge.ts";
import { type Check, opsRoutes } from "./routes/ops.ts";
import { webRoutes } from "./routes/web.ts";
import { startUpkeep } from "./upkeep.ts";

export const API_PREFIX = "/api/v1";
const VERSION = "0.1.0";
const TAGS = ["auth", "clicks", "payouts", "reports", "approvals", "admin", "config", "ops"];

/** Asked so often that a line for each would bury the rest. */
const QUIET_ROUTES = new Set([`${API_PREFIX}/click`, "/health", "/ready", "/metrics"]);

export type App = {
  readonly http: HttpServer;
  /** Listens and begins to work; gives the URL. */
  start(): Promise<string>;
  /** Takes nothing new, finishes what is under way, lets go of everything but the database. */
  close(): Promise<void>;
};

/** What a harness may put in the place of the real thing; the product itself gives none of it. */
export type Seams = {
  clock?: Clock;
  /** Hears of the points between two steps of settlement. */
  steps?: SettlementDeps["steps"];
  settlement?: SettlementDeps["settings"];
};

export type AppDeps = { config: Config; log: Logger; clock: Clock; db: Database } & Omit<Seams, "clock">;

/** The product, composed: every part in the order in which it leans on those before it. */
export async function createApp(deps: AppDeps): Promise<App> {
  const { config, log, clock, db } = deps;
  const serves = config.role !== "worker";
  const works = config.role !== "api";
  const onchain = config.payouts.mode === "onchain";

  const metrics = createMetrics({ processMetrics: true });
  const redis = config.redisUrl === null ? null : createRedis(config.redisUrl, log);
  const limiter = createLimiters({ redis, log });
  const rpc = onchain
    ? createEvmRpc({ urls: config.flare.rpcUrls, chainId: config.flare.chainId, log })
    : null;
  const provider = rpc?.provider ?? null;
  const xrpl =
    config.xrpl === null
      ? null
      : createXrplClient({ urls: config.xrpl.urls, networkId: config.xrpl.networkId, clock, log });

  const ledger = createLedger({ db, log });
  const auth = createAuth({
    config,
    db,
    clock,
    log,
    provider,
    limiter,
    xrplKeys: xrpl === null ? null : createXrplKeys(xrpl),
    xrplNetworkId: config.xrpl?.networkId ?? null,
  });
  const payouts = createPayouts({
    config,
    db,
    clock,
    log,
    auth,
    approvalsGiven,
    suspicionsOf,
    xrpl,
    payeeChecks: limiter.limit({ name: "payee-check", points: 120, seconds: 60 }),
  });
  const approvals = createApprovals({ config, db, clock, log, auth, provider, xrpl });
  const settlement = createSettlement({
    config,
    db,
    clock,
    log,
    rpc,
    xrpl,
    steps: deps.steps,
    settings: deps.settlement,
  });
  const clicks = createClicks({ config, db, clock, log, auth });
  const reports = createReports({ db, auth });
  const feed = createFeed({ config, db, log, auth, metrics, click: clicks.click });
  const admin = createAdmin({ db, clock, auth, payouts, settlement });
  publishClicks(clicks, feed);

  registerProductMetrics(metrics.registry, { db, clicks, settlement });

  const http = await createHttpServer({ log, trustProxy: config.trustProxy, version: VERSION, tags: TAGS });
  await http.register(underPressure, { maxEventLoopDelay: 2_000, retryAfter: 1 });
  observeAnswers(http, metrics, QUIET_ROUTES);
  const checks: Check[] = [
    {
      name: "database",
      required: true,
      run: async () => {
        await db.pool.query("SELECT 1");
        return { ok: true, detail: "answers" };
      },
    },
    ...(redis === null
      ? []
      : [
          {
            name: "redis",
            required: false,
            run: async () => ({ ok: redis.status === "ready", detail: redis.status }),
          },
        ]),
    ...(serves
      ? [
          {
            name: "feed",
            required: false,
            run: async () => {
              const { connected, lastId } = feed.status();
              return { ok: connected, detail: connected ? `published up to ${lastId}` : "reconnecting" };
            },
          },
        ]
      : []),
    ...settlement.rails.map((rail) => ({
      name: rail.rail,
      required: false,
      run: () => settlementCheck(rail, works),
    })),
  ];
  await http.register(
    opsRoutes({
      checks,
      metrics: async () => ({ contentType: metrics.contentType, body: await metrics.text() }),
      metricsToken: config.metricsToken,
    }),
  );
  if (serves) {
    await http.register(docsRoutes);
    await http.register(
      async (api) => {
        guardEdge(api, { limiter, perMinute: config.apiRequestsPerMinute });
        await api.register(auth.routes);
        await api.register(clicks.routes);
        await api.register(payouts.routes);
        await api.register(approvals.routes);
        await api.register(reports.routes);
        await api.register(admin.routes);
        await api.register(clientConfigRoutes(() => describeForClients(config, db)));
      },
      { prefix: API_PREFIX },
    );
    await http.register(webRoutes({ localRpcUrl: localRpcUrl(config) }));
    feed.attach(http.server);
  }

  let upkeep: ReturnType<typeof startUpkeep> | undefined;
  return {
    http,
    async start() {
      if (config.xrpl?.rlusdIssuer != null) await ensureRlusd(db.pool, config.xrpl.rlusdIssuer);
      await ensureDefaultPolicies(db.pool);
      await auth.start();
      if (serves) await feed.start();
      if (works) {
        ledger.start();
        upkeep = startUpkeep(
          [
            { name: "expire approvals", everyMs: 1_000, run: () => approvals.expireDue(clock.now()) },
            {
              name: "release delayed payouts",
              everyMs: 1_000,
              run: () => payouts.releaseDelayed(clock.now()),
            },
          ],
          log,
        );
        settlement.start();
      }
      return http.listen({ host: config.host, port: config.port });
    },
    async close() {
      await settlement.stop();
      await upkeep?.stop();
      if (serves) await feed.close();
      await drainHttp(http);
      await clicks.close();
      await ledger.close();
      await auth.close();
      limiter.close();
      redis?.disconnect();
      rpc?.close();
      await xrpl?.close();
    },
  };
}

/** Why a player's withdrawals are slowed; payouts stand below clicks, so the two meet here. */
const suspicionsOf: Suspicions = async (q, playerId) => {
  const { score, reasons } = await suspicionOf(q, playerId);
  return score >= SLOW_WITHDRAWALS_FROM ? reasons.map((reason) => reason.replaceAll("_", " ")) : [];
};

/** Payouts that wait make the process degraded, not unready: it still takes clicks and requests. */
async function settlementCheck(
  settlement: RailSettlement,
  works: boolean,
): Promise<{ ok: boolean; detail: string }> {
  const { state, problems, drift, reconciledAt } = await settlement.status();
  // Until the vault was read once, nobody knows what there is to pay from.
  if (works && reconciledAt === null && problems.length === 0)
    return { ok: false, detail: "reading what there is to pay from" };
  const ok = problems.length === 0 && drift === null;
  return { ok, detail: ok ? state : `${state}: ${problems.join("; ") || JSON.stringify(drift)}` };
}

/** The local chain is open to everybody on this machine; a real chain's node is ours alone. */
function localRpcUrl({ flare, payouts }: Config): string | null {
  return flare.chainId === LOCAL_CHAIN_ID && payouts.mode === "onchain" ? (flare.rpcUrls[0] ?? null) : null;
}

async function describeForClients(config: Config, db: Database): Promise<ClientConfig> {
  const { chainId, vaultAddress } = config.flare;
  const known = await assets(db.pool);
  const described = await Promise.all(
    known.map(async ({ code, scale, kind }) => {
      const policy = await policyOf(db.pool, code);
      const tiers = (policy?.tiers ?? []).map(({ above, approvals }) => ({
        above: String(above),
        approvals,
      }));
      return { code, scale, kind, tiers };
    }),
  );
  const local = localRpcUrl(config);
  return {
    payoutMode: config.payouts.mode,
    chains: {
      ...(vaultAddress === null
        ? {}
        : { flare: { chainId, vault: vaultAddress, ...(local === null ? {} : { rpcUrl: local }) } }),
      ...(config.xrpl === null
        ? {}
        : {
            xrpl: {
              networkId: config.xrpl.networkId,
              treasury: config.xrpl.treasury,
              // The local ledger is open to everybody on this machine.
              ...(config.xrpl.networkId === LOCAL_XRPL_NETWORK_ID ? { url: config.xrpl.urls[0] ?? "" } : {}),
            },
          }),
    },
    assets: described,
    rates: Object.entries(coinRates(config)).map(([to, rate]) => ({ from: "COIN", to, rate: String(rate) })),
    clicks: {
      maxEnergy: config.clicks.maxEnergy,
      energyPerSecond: config.clicks.energyPerSecond,
      rewardPerTap: String(config.clicks.rewardPerTap),
    },
    siwe: { domain: config.publicUrl.host, uri: config.publicUrl.origin },
  };
}

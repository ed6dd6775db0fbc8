import { randomBytes } from "node:crypto";
import { type HDNodeWallet, type Provider, Wallet } from "ethers";
import type { LightMyRequestResponse } from "fastify";
import { afterAll } from "vitest";
import { Wallet as XrplWallet } from "xrpl";
import type { Config } from "../../src/config.ts";
import { type Auth, createAuth, sessionOf } from "../../src/modules/auth/index.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createHttpServer, type HttpServer } from "../../src/platform/http/index.ts";
import type { Limiters } from "../../src/platform/rate-limit.ts";
import type { XrplKeys } from "../../src/platform/xrpl/keys.ts";
import { ManualClock } from "../kit/clock.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";
import { signMessage } from "./xrpl-wallet.ts";

export const ORIGIN = "http://127.0.0.1:3000";

export type Problem = { status: number; code: string; detail: string; details?: Record<string, unknown> };
export type Challenge = { message: string; nonce: string; expiresAt: string };
export type SignedIn = {
  token: string;
  expiresAt: string;
  refreshToken: string;
  refreshExpiresAt: string;
  player: { id: string; address: string | null; account: string; roles: string[] };
};

export type Harness = {
  auth: Auth;
  server: HttpServer;
  clock: ManualClock;
  config: Config;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  get(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  delete(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  challenge(address: string): Promise<Challenge>;
  signIn(wallet: HDNodeWallet | Wallet | XrplWallet): Promise<SignedIn>;
  demo(): Promise<SignedIn>;
};

/** One process of the product as far as signing in goes, on `db`, with routes that need a session or a role. */
export async function startAuth(
  db: Database,
  options: {
    env?: Record<string, string>;
    provider?: Provider;
    xrplKeys?: XrplKeys;
    xrplNetworkId?: number;
    limiter?: Limiters;
    clock?: ManualClock;
    listening?: boolean;
    trustProxy?: boolean;
  } = {},
): Promise<Harness> {
  const config = testConfig(options.env);
  const clock = options.clock ?? new ManualClock();
  const auth = createAuth({
    config,
    db,
    clock: clock satisfies Clock,
    log: silentLog,
    provider: options.provider ?? null,
    xrplKeys: options.xrplKeys ?? null,
    xrplNetworkId: options.xrplNetworkId ?? 1,
    ...(options.limiter === undefined ? {} : { limiter: options.limiter }),
  });
  const server = await createHttpServer({
    log: silentLog,
    trustProxy: options.trustProxy ?? false,
    version: "test",
  });
  await server.register(auth.routes, { prefix: "/api/v1" });
  server.get("/me", { preHandler: auth.requireSession }, async (request) => sessionOf(request));
  server.post("/me", { preHandler: auth.requireSession }, async (request) => sessionOf(request));
  server.get("/admins", { preHandler: auth.requireRole("admin") }, async () => ({ ok: true }));
  server.get("/players", { preHandler: auth.requireRole("player", "admin") }, async () => ({ ok: true }));
  server.get("/careless", async (request) => sessionOf(request));
  if (options.listening !== false) await auth.start();
  afterAll(async () => {
    await server.close();
    await auth.close();
  });

  const harness: Harness = {
    auth,
    server,
    clock,
    config,
    post: (path, body, headers = {}) =>
      server.inject({
        method: "POST",
        url: path.startsWith("/auth") ? `/api/v1${path}` : path,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    get: (path, headers = {}) =>
      server.inject({ method: "GET", url: path.startsWith("/auth") ? `/api/v1${path}` : path, headers }),
    delete: (path, headers = {}) => server.inject({ method: "DELETE", url: `/api/v1${path}`, headers }),
    async challenge(address) {
      const chain = address.startsWith("r") ? "xrpl" : "flare";
      return okay<Challenge>(await harness.post("/auth/wallet-challenge", { address, chain }));
    },
    async signIn(wallet) {
      const { message } = await harness.challenge(wallet.address);
      return okay<SignedIn>(
        await harness.post("/auth/verify", { message, ...(await prove(wallet, message)) }),
      );
    },
    async demo() {
      return okay<SignedIn>(await harness.post("/auth/demo"));
    },
  };
  return harness;
}

/** What a wallet returns for a message. */
export async function prove(wallet: HDNodeWallet | Wallet | XrplWallet, message: string) {
  return wallet instanceof XrplWallet
    ? signMessage(wallet, message)
    : { signature: await wallet.signMessage(message) };
}

/** For tests that ask more than a client should. */
export const unlimited: Limiters = {
  limit: (rule) => ({
    rule,
    consume: async () => ({ rule, remaining: rule.points, resetSeconds: rule.seconds }),
  }),
  close: () => undefined,
};

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A key that nobody else uses; faster than `Wallet.createRandom`, which derives it from a phrase. */
export const newWallet = () => new Wallet(`0x${randomBytes(32).toString("hex")}`);

export function okay<T>(response: LightMyRequestResponse): T {
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${response.body}`);
  return response.json<T>();
}

/** The problem that a response must be: its status and code, after checking its form. */
export function problemOf(response: LightMyRequestResponse): Problem {
  if (!response.headers["content-type"]?.toString().startsWith("application/problem+json"))
    throw new Error(`no problem: ${response.statusCode} ${response.body}`);
  const problem = response.json<Problem>();
  if (problem.status !== response.statusCode) throw new Error(`status differs: ${response.body}`);
  return problem;
}

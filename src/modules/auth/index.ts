import type { Provider } from "ethers";
import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import type { Routes } from "../../platform/http/index.ts";
import type { Logger } from "../../platform/log.ts";
import { createLimiters, type Limiters } from "../../platform/rate-limit.ts";
import type { XrplKeys } from "../../platform/xrpl/keys.ts";
import { deleteExpiredChallenges } from "./challenge-store.ts";
import { createGuards, type Guard } from "./guards.ts";
import { authLimits } from "./limits.ts";
import { createRoutes } from "./routes.ts";
import type { Role, Session } from "./session.ts";
import { SessionCache } from "./session-cache.ts";
import { createSessionWatch } from "./session-watch.ts";
import { createSignIn } from "./sign-in.ts";
import { identityOf } from "./sign-in-message.ts";
import { createTokens } from "./tokens.ts";
import { createTokenVerifier } from "./verify-token.ts";
import { createProofCheck } from "./wallet-proof.ts";
import { createWalletRoutes } from "./wallet-routes.ts";
import { createWallets } from "./wallets.ts";

export { hashIp, trimUserAgent } from "./client-trace.ts";
export { type Guard, sessionOf } from "./guards.ts";
export { originOf, type RequestToken, tokenFromRequest } from "./request-token.ts";
export type { WalletSchema } from "./schemas.ts";
export { accountOf, type Role, rolesOf, type Session } from "./session.ts";
export {
  type Chain,
  chainOf,
  isEvmAddress,
  parseWalletAddress,
  type WalletAddress,
} from "./wallet-address.ts";
export { payToAddress, playerOfWallet, type Wallet, walletsOf } from "./wallets-store.ts";

export type Auth = {
  /** Mounted under the API's prefix; the refresh cookie's path follows it. */
  routes: Routes;
  /** The session of an access token; throws an `unauthenticated` AppError. Answers from memory on hot paths. */
  verifyToken(token: string): Promise<Session>;
  requireSession: Guard;
  /** Any one of the roles will do. */
  requireRole(...roles: Role[]): Guard;
  /** Calls back with each session that ends, in this process or another; the return value stops it. */
  onSessionEnded(listener: (sessionId: string) => void): () => void;
  /** Begins to hear of sessions that end elsewhere. Without it every token is looked up each time. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export type AuthDeps = {
  config: Pick<Config, "auth" | "publicUrl" | "flare">;
  db: Database;
  clock: Clock;
  log: Logger;
  /** Asks wallets that are contracts (ERC-1271); null where there is no chain. */
  provider: Provider | null;
  /** Asks the XRP Ledger which keys an account has; without it nobody signs in with a wallet of that ledger. */
  xrplKeys?: XrplKeys | null;
  /** Which network of the XRP Ledger that is: 0 is the main one. */
  xrplNetworkId?: number | null;
  /** Shared rate limits; without it this process counts by itself. */
  limiter?: Limiters;
};

const CLEANUP_INTERVAL_MS = 60_000;
/** How long an expired challenge is kept, so that whoever was too slow is told so. */
const EXPIRED_KEPT_MS = 60 * 60_000;

export function createAuth(deps: AuthDeps): Auth {
  const { config, db, clock, log } = deps;
  const tokens = createTokens(config, clock);
  const cache = new SessionCache();
  const listeners = new Set<(sessionId: string) => void>();

  function onEnded(sessionId: string): void {
    if (!cache.end(sessionId)) return;
    for (const listener of listeners) {
      try {
        listener(sessionId);
      } catch (error) {
        log.error({ err: error, sessionId }, "a listener for ended sessions failed");
      }
    }
  }

  const watch = createSessionWatch({ db, log, onEnded, onUncertain: () => cache.clear() });
  const verifyToken = createTokenVerifier({ config, db, clock, tokens, cache, isFresh: watch.isFresh });
  const { requireSession, requireWallet, requireRole } = createGuards({
    ownOrigin: config.publicUrl.origin,
    verifyToken,
  });
  const { xrplKeys = null, xrplNetworkId = null } = deps;
  if (xrplKeys !== null && xrplNetworkId === null)
    throw new InvariantError(
      "a ledger that can be asked for keys is of some network: give xrplNetworkId too",
    );
  const identity = identityOf(config, xrplKeys === null ? null : xrplNetworkId);
  const checkProof = createProofCheck({ provider: deps.provider, xrplKeys });
  const signIn = createSignIn({ config, identity, db, clock, log, checkProof, tokens, onEnded });
  const wallets = createWallets({ config, identity, db, clock, checkProof, onEnded });
  const limits = authLimits(deps.limiter ?? createLimiters({ redis: null, log }));
  let cleanup: NodeJS.Timeout | undefined;

  function deleteOldChallenges(): void {
    const before = new Date(clock.now().getTime() - EXPIRED_KEPT_MS);
    deleteExpiredChallenges(db, before).catch((error: unknown) =>
      log.warn({ err: error }, "could not delete expired challenges"),
    );
  }

  return {
    routes: async (server) => {
      await server.register(createRoutes({ config, db, clock, signIn, requireSession, limits }));
      await server.register(createWalletRoutes({ wallets, requireSession, requireWallet, limits }));
    },
    verifyToken,
    requireSession,
    requireRole,
    onSessionEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      cleanup = setInterval(deleteOldChallenges, CLEANUP_INTERVAL_MS);
      cleanup.unref();
      await watch.start();
    },
    async close() {
      clearInterval(cleanup);
      await watch.close();
    },
  };
}

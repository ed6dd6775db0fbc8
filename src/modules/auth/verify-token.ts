import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { sessionEnded, sessionExpired, tokenInvalid } from "./errors.ts";
import { accountOf, rolesOf, type Session } from "./session.ts";
import type { SessionCache } from "./session-cache.ts";
import { findSession } from "./store.ts";
import type { Tokens } from "./tokens.ts";

/**
 * Turns an access token into the session that it speaks for. A token seen before is answered from memory while the
 * watch is fresh; otherwise its MAC is checked and its session looked up. A database that cannot be asked refuses.
 */
export function createTokenVerifier(deps: {
  config: Pick<Config, "auth">;
  db: Database;
  clock: Clock;
  tokens: Tokens;
  cache: SessionCache;
  isFresh: () => boolean;
}): (token: string) => Promise<Session> {
  const { config, db, clock, tokens, cache, isFresh } = deps;

  return async function verifyToken(token) {
    if (isFresh()) {
      const cached = cache.get(token, clock.now().getTime());
      if (cached !== null) return cached;
    }
    const { epoch } = cache;
    const claims = await tokens.verifyAccess(token);
    if (cache.hasEnded(claims.sessionId)) throw sessionEnded();
    const stored = await findSession(db.pool, claims.sessionId);
    if (stored === null || stored.playerId !== claims.playerId) throw tokenInvalid();
    // Asked again, because a logout in this process may have overtaken the query's answer.
    if (stored.revoked || cache.hasEnded(stored.id)) throw sessionEnded();
    if (stored.expiresAt <= clock.now()) throw sessionExpired();
    const session: Session = Object.freeze({
      id: stored.id,
      playerId: stored.playerId,
      address: stored.address,
      account: accountOf(stored.playerId, stored.firstWallet),
      roles: Object.freeze(rolesOf(stored.address, config.auth)),
    });
    cache.set(token, session, claims.expiresAt.getTime(), epoch);
    return session;
  };
}

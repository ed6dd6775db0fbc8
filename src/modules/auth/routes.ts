import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { AppError } from "../../platform/errors.ts";
import { problemResponses, type Routes } from "../../platform/http/index.ts";
import { enforceRateLimits, ipLimitKey } from "../../platform/rate-limit.ts";
import { traceOf } from "./client-trace.ts";
import { createCookies } from "./cookies.ts";
import { crossOriginRefused, sessionEnded, tokenMissing } from "./errors.ts";
import { type Guard, sessionOf } from "./guards.ts";
import type { AuthLimits } from "./limits.ts";
import { cookiesOf, originOf, REFRESH_COOKIE } from "./request-token.ts";
import * as schemas from "./schemas.ts";
import type { Session } from "./session.ts";
import type { SignedIn, SignIn } from "./sign-in.ts";
import { findSession } from "./store.ts";
import { parseWalletAddress } from "./wallet-address.ts";

const TAGS = ["auth"];
const OPEN: Record<string, string[]>[] = [];
const SESSION: Record<string, string[]>[] = [{ bearer: [] }, { cookie: [] }];

export function createRoutes(deps: {
  config: Pick<Config, "auth" | "publicUrl">;
  db: Database;
  clock: Clock;
  signIn: SignIn;
  requireSession: Guard;
  limits: AuthLimits;
}): Routes {
  const { config, db, clock, signIn, requireSession, limits } = deps;
  const ownOrigin = config.publicUrl.origin;

  return async function authRoutes(server) {
    const cookies = createCookies({
      secure: config.auth.secureCookies,
      refreshPath: `${server.prefix}/auth`,
      clock,
    });

    /** Signing in sets cookies, so another site must not do it for a visitor; clients without an origin may. */
    async function refuseCrossOrigin(request: FastifyRequest): Promise<void> {
      if (originOf(request.headers, ownOrigin) === "cross") throw crossOriginRefused(ownOrigin);
    }

    function requireSameOrigin(request: FastifyRequest): void {
      if (originOf(request.headers, ownOrigin) !== "same") throw crossOriginRefused(ownOrigin);
    }

    function refreshCookieOf(request: FastifyRequest): string | null {
      return cookiesOf(request)[REFRESH_COOKIE] || null;
    }

    /** By the access token, or by the refresh cookie once the access token is gone or has expired. */
    async function endOwnSession(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      const cookie = refreshCookieOf(request);
      try {
        await requireSession(request, reply);
      } catch (error) {
        const isGone = error instanceof AppError && /^token_(missing|expired)$/.test(error.code);
        if (cookie === null || !isGone) throw error;
        requireSameOrigin(request);
        reply.removeHeader("www-authenticate");
        return signIn.logoutByRefreshToken(cookie);
      }
      if (!(await signIn.endSession(sessionOf(request).id, "logout"))) throw sessionEnded();
    }

    function sendSignedIn(reply: FastifyReply, signedIn: SignedIn) {
      cookies.set(reply, signedIn);
      reply.header("cache-control", "no-store");
      return {
        token: signedIn.accessToken,
        expiresAt: signedIn.accessExpiresAt.toISOString(),
        refreshToken: signedIn.refreshToken,
        refreshExpiresAt: signedIn.refreshExpiresAt.toISOString(),
        player: playerView(signedIn.session),
      };
    }

    const trace = (request: FastifyRequest) =>
      traceOf(config.auth.ipHashKey, { ip: request.ip, userAgent: request.headers["user-agent"] });

    server.post(
      "/auth/wallet-challenge",
      {
        schema: {
          tags: TAGS,
          summary: "Get a message to sign in with",
          description:
            "One message, good for one sign-in of this address within five minutes: EIP-4361, or the same for the XRP Ledger.",
          security: OPEN,
          body: schemas.ChallengeBody,
          response: { 200: schemas.ChallengeReply, ...problemResponses(400, 429, 503) },
        },
      },
      async (request, reply) => {
        const address = parseWalletAddress(request.body.address, { chain: request.body.chain });
        await enforceRateLimits(reply, [
          { limit: limits.challengePerIp, key: ipLimitKey(request.ip) },
          { limit: limits.challengePerAddress, key: address },
        ]);
        const challenge = await signIn.challenge(address);
        reply.header("cache-control", "no-store");
        return {
          message: challenge.message,
          nonce: challenge.nonce,
          expiresAt: challenge.expiresAt.toISOString(),
        };
      },
    );

    server.post(
      "/auth/verify",
      {
        onRequest: refuseCrossOrigin,
        schema: {
          tags: TAGS,
          summary: "Sign in with a signed message",
          description:
            "Flare: a signature by the address's key or one that the wallet contract at the address accepts (ERC-1271). " +
            "XRP Ledger: a signature with its public key, or a signed SignIn blob, by the account's master key (unless " +
            "the ledger says that it is disabled) or its regular key. A wrong proof does not use up the challenge.",
          security: OPEN,
          body: schemas.VerifyBody,
          response: { 200: schemas.SignedInReply, ...problemResponses(400, 401, 403, 429, 503) },
        },
      },
      async (request, reply) => {
        await enforceRateLimits(reply, [{ limit: limits.verifyPerIp, key: ipLimitKey(request.ip) }]);
        const { message, ...proof } = request.body;
        return sendSignedIn(reply, await signIn.verify(message, proof, trace(request)));
      },
    );

    server.post(
      "/auth/demo",
      {
        onRequest: refuseCrossOrigin,
        schema: {
          tags: TAGS,
          summary: "Play without a wallet",
          description: "A new anonymous player with role `demo`; its payouts never settle.",
          security: OPEN,
          response: { 200: schemas.SignedInReply, ...problemResponses(400, 403, 429, 503) },
        },
      },
      async (request, reply) => {
        await enforceRateLimits(reply, [{ limit: limits.demoPerIp, key: ipLimitKey(request.ip) }]);
        return sendSignedIn(reply, await signIn.demo(trace(request)));
      },
    );

    server.post(
      "/auth/refresh",
      {
        onRequest: refuseCrossOrigin,
        schema: {
          tags: TAGS,
          summary: "Trade the refresh token for new tokens",
          description:
            "Takes the refresh token from the body or the cookie. Each is good once; using one again ends the session, " +
            "so refresh one at a time.",
          security: OPEN,
          body: Type.Union([schemas.RefreshBody, Type.Null()]),
          response: { 200: schemas.SignedInReply, ...problemResponses(400, 401, 403, 429, 503) },
        },
      },
      async (request, reply) => {
        await enforceRateLimits(reply, [{ limit: limits.refreshPerIp, key: ipLimitKey(request.ip) }]);
        const given = request.body?.refreshToken;
        const refreshToken = given ?? refreshCookieOf(request);
        if (refreshToken === null) throw tokenMissing();
        if (given === undefined) requireSameOrigin(request);
        return sendSignedIn(reply, await signIn.refresh(refreshToken));
      },
    );

    server.post(
      "/auth/logout",
      {
        onRequest: refuseCrossOrigin,
        schema: {
          tags: TAGS,
          summary: "End the session",
          description:
            "Ends the session of the refresh token in the body, or else the caller's own. From then on " +
            "every process refuses all tokens of the session.",
          security: SESSION,
          body: Type.Union([schemas.RefreshBody, Type.Null()]),
          response: { 204: Type.Null(), ...problemResponses(400, 401, 403, 503) },
        },
      },
      async (request, reply) => {
        cookies.clear(reply);
        const refreshToken = request.body?.refreshToken;
        if (refreshToken === undefined) await endOwnSession(request, reply);
        else await signIn.logoutByRefreshToken(refreshToken);
        return reply.code(204).send(null);
      },
    );

    server.get(
      "/auth/session",
      {
        onRequest: requireSession,
        schema: {
          tags: TAGS,
          summary: "Who am I",
          security: SESSION,
          response: { 200: schemas.SessionReply, ...problemResponses(401, 503) },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request);
        const stored = await findSession(db.pool, session.id);
        if (stored === null || stored.revoked) throw sessionEnded();
        reply.header("cache-control", "no-store");
        return {
          player: playerView(session),
          session: { id: session.id, expiresAt: stored.expiresAt.toISOString() },
        };
      },
    );
  };
}

function playerView(session: Session) {
  return {
    id: session.playerId,
    address: session.address,
    account: session.account,
    roles: [...session.roles],
  };
}

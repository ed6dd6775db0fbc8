import { createHmac, hkdfSync } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import { sameSecret } from "../../platform/same-secret.ts";
import { tokenExpired, tokenInvalid } from "./errors.ts";

const AUDIENCE = "coinclicker";
const TYPE = "at+jwt"; // RFC 9068
const ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const ID_SHAPE = new RegExp(`^${ID}$`);
const REFRESH_SHAPE = new RegExp(`^(${ID})\\.([1-9][0-9]{0,8})\\.([A-Za-z0-9_-]{43})$`);

export type AccessClaims = { playerId: string; sessionId: string; expiresAt: Date };
export type RefreshClaims = { sessionId: string; generation: number };

/**
 * Access tokens are JWTs that name a player and a session and nothing else. A refresh token names a session and which
 * one of its family it is, under a MAC: what we did not issue is refused before the database is asked, and nobody can
 * end a stranger's session by presenting a made-up old token. Both keys are derived from one secret, so that neither
 * kind of token can stand in for the other.
 */
export function createTokens(config: Pick<Config, "auth" | "publicUrl">, clock: Clock) {
  const accessKey = deriveKey(config.auth.secret, "access-token");
  const refreshKey = deriveKey(config.auth.secret, "refresh-token");
  const issuer = config.publicUrl.origin;

  function refreshMac(sessionId: string, generation: number): Buffer {
    return createHmac("sha256", refreshKey).update(`${sessionId}.${generation}`).digest();
  }

  return {
    /** `sessionExpiresAt` bounds the token's life: none outlives its session. */
    async signAccess(
      playerId: string,
      sessionId: string,
      sessionExpiresAt: Date,
    ): Promise<{ token: string; expiresAt: Date }> {
      const issuedAtSeconds = Math.floor(clock.now().getTime() / 1_000);
      const expirySeconds = Math.min(
        issuedAtSeconds + config.auth.accessTokenSeconds,
        Math.floor(sessionExpiresAt.getTime() / 1_000),
      );
      const token = await new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: "HS256", typ: TYPE })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(playerId)
        .setIssuedAt(issuedAtSeconds)
        .setExpirationTime(expirySeconds)
        .sign(accessKey);
      return { token, expiresAt: new Date(expirySeconds * 1_000) };
    },

    async verifyAccess(token: string): Promise<AccessClaims> {
      try {
        const { payload } = await jwtVerify(token, accessKey, {
          algorithms: ["HS256"],
          typ: TYPE,
          issuer,
          audience: AUDIENCE,
          requiredClaims: ["sub", "sid", "iat", "exp"],
          currentDate: clock.now(),
        });
        const { sub, sid, exp } = payload;
        if (typeof sub !== "string" || typeof sid !== "string" || exp === undefined) throw tokenInvalid();
        if (!ID_SHAPE.test(sub) || !ID_SHAPE.test(sid)) throw tokenInvalid();
        return { playerId: sub, sessionId: sid, expiresAt: new Date(exp * 1_000) };
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw tokenExpired();
        throw tokenInvalid(error);
      }
    },

    signRefresh(sessionId: string, generation: number): string {
      return `${sessionId}.${generation}.${refreshMac(sessionId, generation).toString("base64url")}`;
    },

    verifyRefresh(token: string): RefreshClaims {
      const [, sessionId, digits, mac] = REFRESH_SHAPE.exec(token) ?? [];
      if (sessionId === undefined || digits === undefined || mac === undefined) throw tokenInvalid();
      const generation = Number.parseInt(digits, 10);
      if (!sameSecret(Buffer.from(mac, "base64url"), refreshMac(sessionId, generation))) throw tokenInvalid();
      return { sessionId, generation };
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;

function deriveKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "coinclicker", purpose, 32));
}

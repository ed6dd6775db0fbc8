import type { FastifyReply } from "fastify";
import type { Clock } from "../../platform/clock.ts";
import { ACCESS_COOKIE, REFRESH_COOKIE } from "./request-token.ts";
import type { SignedIn } from "./sign-in.ts";

/**
 * Both tokens as cookies that no script can read and no other site can send. The refresh cookie goes only to the
 * routes under `refreshPath`.
 */
export function createCookies(options: { secure: boolean; refreshPath: string; clock: Clock }) {
  const { secure, refreshPath, clock } = options;
  const shared = { httpOnly: true, sameSite: "strict", secure } as const;

  function secondsUntil(time: Date): number {
    return Math.max(0, Math.floor((time.getTime() - clock.now().getTime()) / 1_000));
  }

  return {
    set(reply: FastifyReply, signedIn: SignedIn): void {
      reply.setCookie(ACCESS_COOKIE, signedIn.accessToken, {
        ...shared,
        path: "/",
        maxAge: secondsUntil(signedIn.accessExpiresAt),
      });
      reply.setCookie(REFRESH_COOKIE, signedIn.refreshToken, {
        ...shared,
        path: refreshPath,
        maxAge: secondsUntil(signedIn.refreshExpiresAt),
      });
    },
    clear(reply: FastifyReply): void {
      reply.clearCookie(ACCESS_COOKIE, { ...shared, path: "/" });
      reply.clearCookie(REFRESH_COOKIE, { ...shared, path: refreshPath });
    },
  };
}

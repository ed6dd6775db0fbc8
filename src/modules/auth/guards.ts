import type { FastifyReply, FastifyRequest } from "fastify";
import { InvariantError } from "../../platform/errors.ts";
import { crossOriginRefused, demoCannotLink, roleRequired, tokenMissing } from "./errors.ts";
import { isUnsafe, originOf, tokenFromRequest } from "./request-token.ts";
import type { Role, Session, WalletSession } from "./session.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by `requireSession` and `requireRole`; read it with `sessionOf`. */
    session?: Session;
  }
}

export type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export function createGuards(options: {
  ownOrigin: string;
  verifyToken: (token: string) => Promise<Session>;
}): { requireSession: Guard; requireWallet: Guard; requireRole: (...roles: Role[]) => Guard } {
  const { ownOrigin, verifyToken } = options;

  async function identify(request: FastifyRequest): Promise<Session> {
    const found = tokenFromRequest(request);
    if (found === null) throw tokenMissing();
    if (found.source === "cookie" && isUnsafe(request.method)) {
      if (originOf(request.headers, ownOrigin) !== "same") throw crossOriginRefused(ownOrigin);
    }
    const session = await verifyToken(found.token);
    request.session = session;
    return session;
  }

  return {
    async requireSession(request) {
      await identify(request);
    },
    async requireWallet(request) {
      const session = await identify(request);
      if (session.address === null) throw demoCannotLink();
    },
    requireRole: (...roles) =>
      async function requireRole(request) {
        const session = await identify(request);
        if (!roles.some((role) => session.roles.includes(role))) throw roleRequired(roles, session.roles);
      },
  };
}

/** The session of a request behind `requireSession` or `requireRole`. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === undefined)
    throw new InvariantError(`${request.routeOptions.url} asks for a session but does not require one`);
  return request.session;
}

/** The session of a request behind `requireWallet`. */
export function walletSessionOf(request: FastifyRequest): WalletSession {
  const session = sessionOf(request);
  const { address } = session;
  if (address === null)
    throw new InvariantError(`${request.routeOptions.url} asks for a wallet but does not require one`);
  return { ...session, address };
}

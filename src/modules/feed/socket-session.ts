import type { Socket } from "socket.io";
import { AppError } from "../../platform/errors.ts";
import type { Session } from "../auth/index.ts";
import { sessionRequired } from "./errors.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The room of a session's sockets. Clients cannot name it: it is no channel. */
export function sessionRoom(sessionId: string): string {
  return `session:${sessionId}`;
}

export type VerifyToken = (token: string) => Promise<Session>;

/**
 * Who a socket acts for. A token is verified again each time it is leaned on (auth caches it), so an expired or ended one
 * stops working at once; what it had opened, the account's channel, closes with it.
 */
export type SocketSession = {
  adopt(token: string): Promise<Session>;
  /** The session, verified now; undefined without one. */
  find(): Promise<Session | undefined>;
  require(what: string): Promise<Session>;
};

export function createSocketSession(
  socket: Socket,
  subscriptions: Subscriptions,
  verifyToken: VerifyToken,
): SocketSession {
  let held: { token: string; session: Session } | undefined;

  function drop(): void {
    if (held === undefined) return;
    socket.leave(sessionRoom(held.session.id));
    subscriptions.leaveAccounts();
    held = undefined;
  }

  async function find(): Promise<Session | undefined> {
    const asked = held;
    if (asked === undefined) return undefined;
    try {
      return await verifyToken(asked.token);
    } catch (error) {
      // Only auth's word ends a session; while the database is away it stays as it was.
      if (held === asked && error instanceof AppError && error.kind === "unauthenticated") drop();
      throw error;
    }
  }

  return {
    find,
    async adopt(token) {
      const session = await verifyToken(token);
      if (held !== undefined && held.session.account !== session.account) drop();
      if (held !== undefined && held.session.id !== session.id) socket.leave(sessionRoom(held.session.id));
      held = { token, session };
      socket.join(sessionRoom(session.id));
      return session;
    },
    async require(what) {
      const session = await find();
      if (session === undefined) throw sessionRequired(what);
      return session;
    },
  };
}

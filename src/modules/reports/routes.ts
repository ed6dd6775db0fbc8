import type { FastifyReply, FastifyRequest } from "fastify";
import { CursorQuery, problemResponses, type Routes } from "../../platform/http/index.ts";
import { type Auth, sessionOf } from "../auth/index.ts";
import { type NamedAccount, parseAccount } from "./account.ts";
import { notYourAccount } from "./errors.ts";
import type { Reports } from "./index.ts";
import {
  AccountParams,
  BalanceSchema,
  LeaderboardQuery,
  LeaderboardSchema,
  StatementQuery,
  StatementSchema,
} from "./schemas.ts";

const SECURITY: Record<string, string[]>[] = [{ bearer: [] }, { cookie: [] }];
const DEFAULT_LIMIT = 50;

export function reportRoutes(deps: {
  auth: Pick<Auth, "requireSession">;
  reports: Omit<Reports, "routes">;
}): Routes {
  const { auth, reports } = deps;

  /** What a wallet has lies open, as it does on a chain; an anonymous player's account is nobody else's business. */
  async function requireOwnDemo(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const named = accountOf(request);
    if (named.kind === "wallet") return;
    await auth.requireSession(request, reply);
    if (sessionOf(request).account !== named.account) throw notYourAccount(named.account);
  }

  async function requireOwnerOrAdmin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await auth.requireSession(request, reply);
    const session = sessionOf(request);
    const named = accountOf(request);
    if (session.account !== named.account && !session.roles.includes("admin")) {
      throw notYourAccount(named.account);
    }
  }

  return async (server) => {
    server.get(
      "/leaderboard",
      {
        schema: {
          tags: ["reports"],
          summary: "Who clicked most, and who was paid last",
          querystring: LeaderboardQuery,
          response: { 200: LeaderboardSchema, ...problemResponses(400, 503) },
        },
      },
      (request) => reports.leaderboard(request.query.limit ?? DEFAULT_LIMIT),
    );

    server.get(
      "/balance/:account",
      {
        onRequest: requireOwnDemo,
        schema: {
          tags: ["reports"],
          summary: "What an account has, and its payouts",
          description:
            "Open to anyone for a wallet address; a demo account is shown to its own session only. `limit` and `cursor` page through the payouts.",
          security: [{}, ...SECURITY],
          params: AccountParams,
          querystring: CursorQuery,
          response: { 200: BalanceSchema, ...problemResponses(400, 401, 403, 503) },
        },
      },
      (request) =>
        reports.account(accountOf(request), {
          limit: request.query.limit ?? DEFAULT_LIMIT,
          cursor: request.query.cursor,
        }),
    );

    server.get(
      "/balance/:account/statement",
      {
        onRequest: requireOwnerOrAdmin,
        schema: {
          tags: ["reports"],
          summary: "Every entry of an account, newest first, with its cause",
          description:
            "For the account's owner and admins. `amount` is what the entry did to `available`; each line's `current` is the `previous` of the line above it for the same asset.",
          security: SECURITY,
          params: AccountParams,
          querystring: StatementQuery,
          response: { 200: StatementSchema, ...problemResponses(400, 401, 403, 503) },
        },
      },
      (request) =>
        reports.statement(accountOf(request), {
          limit: request.query.limit ?? DEFAULT_LIMIT,
          cursor: request.query.cursor,
          asset: request.query.asset,
        }),
    );
  };
}

function accountOf(request: FastifyRequest): NamedAccount {
  return parseAccount((request.params as { account: string }).account);
}

import type { FastifyReply } from "fastify";
import { parsePositiveAmount } from "../../platform/amounts.ts";
import type { Database } from "../../platform/db/index.ts";
import {
  CursorQuery,
  decodeCursor,
  IdempotencyHeaders,
  pageOf,
  pageSchema,
  problemResponses,
  type Routes,
  runIdempotently,
} from "../../platform/http/index.ts";
import { type Auth, type Session, sessionOf } from "../auth/index.ts";
import { payoutNotFound } from "./errors.ts";
import type { Payout } from "./payout.ts";
import {
  PayoutIdParams,
  PayoutListItemSchema,
  PayoutRequestBody,
  PayoutSchema,
  QuoteQuery,
  QuoteSchema,
  ReceiptSchema,
  VoucherSchema,
} from "./schemas.ts";
import type { PayoutService } from "./service.ts";
import { findPayout, listPayouts } from "./store.ts";
import { payoutListItem } from "./view.ts";

const LIST_KEY = /^[0-9]{1,15}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isOwner(payout: Payout, session: Session): boolean {
  return payout.account === session.account || payout.proposedBy === session.account;
}

export function payoutRoutes(parts: {
  db: Database;
  auth: Pick<Auth, "requireSession" | "requireRole">;
  service: PayoutService;
}): Routes {
  const { db, auth, service } = parts;
  const common = {
    tags: ["payouts"],
    security: [{ bearer: [] }, { cookie: [] }] as Record<string, string[]>[],
  };

  /** The payout, if this session may know of it. */
  async function visible(id: string, session: Session, alsoFor: readonly string[] = []): Promise<Payout> {
    const payout = await findPayout(db.pool, id);
    const may =
      payout !== null && (isOwner(payout, session) || session.roles.some((role) => alsoFor.includes(role)));
    if (!may) throw payoutNotFound(id);
    return payout;
  }

  return async (server) => {
    server.get(
      "/payouts/quote",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary: "What a payout would pay, need and take, without asking for it",
          querystring: QuoteQuery,
          response: { 200: QuoteSchema, ...problemResponses(400, 401, 403, 422, 503) },
        },
      },
      async (request) => {
        const { amount, ...intent } = request.query;
        return service.quote(sessionOf(request), { ...intent, amount: parsePositiveAmount(amount) });
      },
    );

    server.post(
      "/payouts",
      {
        onRequest: auth.requireRole("player", "demo"),
        schema: {
          ...common,
          summary: "Ask for a payout; what it costs is held from now on",
          headers: IdempotencyHeaders,
          body: PayoutRequestBody,
          response: { 202: PayoutSchema, ...problemResponses(400, 401, 403, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request);
        const { amount, ...intent } = request.body;
        const wanted = { ...intent, amount: parsePositiveAmount(amount) };
        const problem = await service.findProblem(session, wanted);
        const { body, replayed } = await runIdempotently(
          db,
          {
            scope: session.playerId,
            key: request.headers["idempotency-key"],
            route: "POST /payouts",
            body: request.body,
          },
          async (tx) => {
            // Here, so that a repeated request gets its first answer whatever the chain says by now.
            if (problem !== null) throw problem;
            return { status: 202, body: await service.requestPayout(tx, session, wanted) };
          },
        );
        if (!replayed) request.log.info({ payoutId: body.id, status: body.status }, "payout requested");
        return acceptedPayout(reply, server.prefix, body);
      },
    );

    server.get(
      "/payouts",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary: "Your payouts, newest first",
          querystring: CursorQuery,
          response: { 200: pageSchema(PayoutListItemSchema), ...problemResponses(400, 401, 503) },
        },
      },
      async (request) => {
        const { limit = 50, cursor } = request.query;
        const [time, id] = cursor === undefined ? [] : decodeCursor(cursor, LIST_KEY).split(":");
        const before =
          time === undefined || id === undefined
            ? undefined
            : { createdAt: new Date(Number.parseInt(time, 10)), id };
        const payouts = await listPayouts(db.pool, {
          account: sessionOf(request).account,
          limit: limit + 1,
          before,
        });
        const given = await service.approvalsGiven(
          db.pool,
          payouts.map((payout) => payout.id),
        );
        return pageOf(
          payouts,
          limit,
          (payout) => `${payout.createdAt.getTime()}:${payout.id}`,
          (payout) => payoutListItem(payout, given.get(payout.id) ?? 0),
        );
      },
    );

    server.get(
      "/payouts/:id",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary: "A payout with its history; for its owner, admins and approvers",
          params: PayoutIdParams,
          response: { 200: PayoutSchema, ...problemResponses(400, 401, 404, 503) },
        },
      },
      async (request) => {
        const payout = await visible(request.params.id, sessionOf(request), ["admin", "approver"]);
        return service.view(db.pool, payout);
      },
    );

    server.get(
      "/payouts/:id/receipt",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary: "All that one needs to check a finished payout on chain",
          params: PayoutIdParams,
          response: { 200: ReceiptSchema, ...problemResponses(400, 401, 404, 409, 503) },
        },
      },
      async (request) =>
        service.receipt(await visible(request.params.id, sessionOf(request), ["admin", "approver"])),
    );

    server.post(
      "/payouts/:id/cancel",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary: "Take a payout back while it is in no batch; what was held returns",
          params: PayoutIdParams,
          response: { 200: PayoutSchema, ...problemResponses(400, 401, 403, 404, 409, 503) },
        },
      },
      async (request) => service.cancel(request.params.id, sessionOf(request)),
    );

    server.get(
      "/payouts/:id/voucher",
      {
        onRequest: auth.requireSession,
        schema: {
          ...common,
          summary:
            "What to bring to the vault for a payout with delivery claim; always the same once given out",
          params: PayoutIdParams,
          response: { 200: VoucherSchema, ...problemResponses(400, 401, 404, 409, 503) },
        },
      },
      async (request, reply) => {
        const payout = await visible(request.params.id, sessionOf(request));
        // Whoever holds a voucher decides when it is paid, so no cache keeps one.
        reply.header("cache-control", "no-store");
        return service.voucher(payout.id, sessionOf(request));
      },
    );
  };
}

/** 202 with where the payout can be followed. */
export function acceptedPayout(
  reply: FastifyReply,
  prefix: string,
  body: Record<string, unknown>,
): FastifyReply {
  return reply
    .code(202)
    .header("location", `${prefix}/payouts/${String(body.id)}`)
    .send(body);
}

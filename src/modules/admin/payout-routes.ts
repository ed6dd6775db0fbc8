import { Type } from "typebox";
import { AmountSchema, parsePositiveAmount } from "../../platform/amounts.ts";
import { appendAudit } from "../../platform/audit.ts";
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
import { approversOf } from "../approvals/index.ts";
import { type Auth, type Session, sessionOf } from "../auth/index.ts";
import {
  acceptedPayout,
  DestinationTag,
  listPayouts,
  type Payout,
  PayoutListItemSchema,
  PayoutSchema,
  type Payouts,
  payoutListItem,
  StatusSchema,
} from "../payouts/index.ts";

const ProposalBody = Type.Object(
  {
    to: Type.String({
      minLength: 1,
      maxLength: 128,
      description: "An EVM address, or one of the XRP Ledger; as the asset needs it.",
    }),
    destinationTag: Type.Optional(DestinationTag),
    asset: Type.String({ minLength: 1, maxLength: 16, examples: ["FLR"] }),
    amount: AmountSchema,
    metadata: Type.Optional(
      Type.Record(Type.String({ maxLength: 100 }), Type.Unknown(), {
        maxProperties: 20,
        description: "Kept with the payout for whoever asks later what it was for.",
      }),
    ),
  },
  { additionalProperties: false },
);

const ListQuery = Type.Object(
  { ...CursorQuery.properties, status: Type.Optional(StatusSchema) },
  { additionalProperties: false },
);

const QueuedPayout = Type.Object({
  ...PayoutListItemSchema.properties,
  proposedBy: Type.String(),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  signedByMe: Type.Boolean(),
  proposedByMe: Type.Boolean({ description: "Whoever proposed a payout cannot approve it." }),
});

/** Milliseconds and id of the last payout shown. */
const CURSOR = /^[0-9]{1,15}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function queued(payout: Payout, signers: readonly string[], viewer: Session) {
  return {
    ...payoutListItem(payout, signers.length),
    proposedBy: payout.proposedBy,
    metadata: payout.metadata,
    signedByMe: viewer.address !== null && signers.includes(viewer.address),
    proposedByMe: payout.proposedBy === viewer.account || payout.proposedBy === viewer.address,
  };
}

/** Proposing payouts from the rewards account, and the list that admins and approvers work through. */
export function payoutRoutes(deps: {
  db: Database;
  auth: Pick<Auth, "requireRole">;
  payouts: Pick<Payouts, "proposePayout" | "findProposalProblem">;
}): Routes {
  const { db, auth, payouts } = deps;
  const common = {
    tags: ["admin"],
    security: [{ bearer: [] }, { cookie: [] }] as Record<string, string[]>[],
  };
  return async (routes) => {
    routes.post(
      "/admin/payout",
      {
        onRequest: auth.requireRole("admin"),
        schema: {
          ...common,
          summary: "Propose a payout from the rewards account",
          headers: IdempotencyHeaders,
          body: ProposalBody,
          response: { 202: PayoutSchema, ...problemResponses(400, 401, 403, 409, 422, 503) },
        },
      },
      async (request, reply) => {
        const session = sessionOf(request);
        const { to, destinationTag, asset, amount, metadata = {} } = request.body;
        const order = {
          proposer: session,
          to,
          ...(destinationTag === undefined ? {} : { destinationTag }),
          asset,
          amount: parsePositiveAmount(amount),
        };
        const problem = await payouts.findProposalProblem(order);
        const { body } = await runIdempotently(
          db,
          {
            scope: session.playerId,
            key: request.headers["idempotency-key"],
            route: "POST /admin/payout",
            body: request.body,
          },
          async (tx) => {
            // Here, so that a repeated request gets its first answer whatever the chain says by now.
            if (problem !== null) throw problem;
            const payout = await payouts.proposePayout(tx, { ...order, metadata });
            await appendAudit(tx, {
              actor: session.account,
              action: "payout_proposed",
              subject: `payout:${payout.id}`,
              details: { to: payout.to, asset, amount, metadata },
            });
            return { status: 202, body: payout };
          },
        );
        return acceptedPayout(reply, routes.prefix, body);
      },
    );

    routes.get(
      "/admin/payouts",
      {
        onRequest: auth.requireRole("admin", "approver"),
        schema: {
          ...common,
          summary: "Payouts, newest first, with what each still needs and what you did about it",
          querystring: ListQuery,
          response: { 200: pageSchema(QueuedPayout), ...problemResponses(400, 401, 403, 503) },
        },
      },
      async (request) => {
        const { status, cursor, limit = 50 } = request.query;
        const [createdAt, id] = cursor === undefined ? [] : decodeCursor(cursor, CURSOR).split(":");
        const before =
          createdAt === undefined || id === undefined
            ? undefined
            : { createdAt: new Date(Number.parseInt(createdAt, 10)), id };
        const rows = await listPayouts(db.pool, { status, limit: limit + 1, before });
        const signers = await approversOf(
          db.pool,
          rows.map((payout) => payout.id),
        );
        const viewer = sessionOf(request);
        return pageOf(
          rows,
          limit,
          (payout) => `${payout.createdAt.getTime()}:${payout.id}`,
          (payout) => queued(payout, signers.get(payout.id) ?? [], viewer),
        );
      },
    );
  };
}

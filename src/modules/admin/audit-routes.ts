import type { Readable } from "node:stream";
import { Type } from "typebox";
import type { Database } from "../../platform/db/index.ts";
import {
  CursorQuery,
  decodeCursor,
  pageOf,
  pageSchema,
  problemResponses,
  type Routes,
} from "../../platform/http/index.ts";
import type { Auth } from "../auth/index.ts";
import { type AuditFilter, type AuditRow, readAudit } from "./audit-store.ts";
import { invalidPeriod, invalidTime } from "./errors.ts";
import { exportAudit } from "./export-audit.ts";

const Time = Type.String({
  pattern:
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?$",
  description: "A day (from its beginning, UTC) or an instant.",
  examples: ["2026-03-01", "2026-03-01T12:00:00Z"],
});

const AuditQuery = Type.Object(
  {
    ...CursorQuery.properties,
    actor: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    action: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200, examples: ["payout:{id}"] })),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    format: Type.Optional(
      Type.Union([Type.Literal("json"), Type.Literal("csv")], {
        default: "json",
        description: "csv exports everything that the filters leave, without limit or cursor.",
      }),
    ),
  },
  { additionalProperties: false },
);

const AuditEntry = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
  createdAt: Type.String(),
  prevHash: Type.String(),
  hash: Type.String(),
});

function entryOf(row: AuditRow) {
  return {
    id: row.id.toString(),
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    details: JSON.parse(row.details) as Record<string, unknown>,
    createdAt: row.created_at,
    prevHash: row.prev_hash,
    hash: row.hash,
  };
}

function readTime(field: "from" | "to", text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw invalidTime(field, text);
  return time;
}

/** The audit log, newest first: a page as JSON, or all of it as CSV. */
export function auditRoutes({ db, auth }: { db: Database; auth: Pick<Auth, "requireRole"> }): Routes {
  return async (routes) => {
    routes.get(
      "/admin/audit",
      {
        onRequest: auth.requireRole("admin"),
        schema: {
          tags: ["admin"],
          summary: "What admins, approvers and the system did; each entry's hash covers the one before",
          security: [{ bearer: [] }, { cookie: [] }],
          querystring: AuditQuery,
          response: {
            200: {
              description: "A page of entries, or the export.",
              content: {
                "application/json": { schema: pageSchema(AuditEntry) },
                "text/csv": { schema: Type.Unsafe<Readable>({ type: "string" }) },
              },
            },
            ...problemResponses(400, 401, 403, 503),
          },
        },
      },
      async (request, reply) => {
        const { actor, action, subject, from, to, cursor, limit = 50, format } = request.query;
        const period = { from: readTime("from", from), to: readTime("to", to) };
        if (period.from !== undefined && period.to !== undefined && period.from >= period.to) {
          throw invalidPeriod(from ?? "", to ?? "");
        }
        const filter: AuditFilter = { actor, action, subject, ...period };
        if (format === "csv") {
          return reply
            .type("text/csv; charset=utf-8")
            .header("content-disposition", 'attachment; filename="audit.csv"')
            .header("cache-control", "no-store")
            .send(exportAudit(db.pool, filter));
        }
        const before = cursor === undefined ? null : BigInt(decodeCursor(cursor, /^[1-9][0-9]{0,17}$/));
        const rows = await readAudit(db.pool, filter, { before, limit: limit + 1 });
        return reply.send(pageOf(rows, limit, (row) => row.id, entryOf));
      },
    );
  };
}

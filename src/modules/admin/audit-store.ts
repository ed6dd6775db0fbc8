import type { Queryable } from "../../platform/db/index.ts";

export type AuditRow = {
  id: bigint;
  actor: string;
  action: string;
  subject: string;
  /** As PostgreSQL writes the JSON: the text that the hash covers. */
  details: string;
  /** ISO 8601 in UTC with microseconds: all that the hash covers. */
  created_at: string;
  prev_hash: string;
  hash: string;
};

export type AuditFilter = {
  actor?: string;
  action?: string;
  subject?: string;
  from?: Date;
  to?: Date;
};

/** Newest first, ids below `before`. The statement names only the filters that are set, so that each uses its index. */
export async function readAudit(
  q: Queryable,
  filter: AuditFilter,
  page: { before: bigint | null; limit: number },
): Promise<AuditRow[]> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (condition: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  };
  where("id <", page.before);
  where("actor =", filter.actor);
  where("action =", filter.action);
  where("subject =", filter.subject);
  where("created_at >=", filter.from);
  where("created_at <", filter.to);
  values.push(page.limit);
  const { rows } = await q.query<AuditRow>({
    text: `SELECT id, actor, action, subject, details::text AS details,
                  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at,
                  encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash
           FROM audit_log ${conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`}
           ORDER BY id DESC LIMIT $${values.length}`,
    values,
  });
  return rows;
}

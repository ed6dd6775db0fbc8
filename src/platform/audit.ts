import type { Queryable } from "./db/index.ts";

/** What somebody did. `actor` is an address or `system:{part}`; `subject` names the thing, e.g. `payout:{id}`. */
export type AuditRecord = {
  actor: string;
  action: string;
  subject: string;
  details?: Record<string, unknown>;
};

/**
 * Appends to the hash-chained audit log; pass the `Tx` of the act itself so that neither is written without the other.
 * Writers queue behind one another until their transactions end, so call it late.
 */
export async function appendAudit(db: Queryable, record: AuditRecord): Promise<void> {
  await db.query({
    name: "audit_append",
    text: "SELECT audit_append($1, $2, $3, $4::jsonb)",
    values: [record.actor, record.action, record.subject, JSON.stringify(record.details ?? {})],
  });
}

import { Readable } from "node:stream";
import type { Queryable } from "../../platform/db/index.ts";
import { type AuditFilter, type AuditRow, readAudit } from "./audit-store.ts";
import { csvLine } from "./csv.ts";

const HEADER = ["id", "createdAt", "actor", "action", "subject", "details", "prevHash", "hash"];
const ROWS_A_READ = 500;

function lineOf(row: AuditRow): string {
  return csvLine([
    row.id.toString(),
    row.created_at,
    row.actor,
    row.action,
    row.subject,
    row.details,
    row.prev_hash,
    row.hash,
  ]);
}

/**
 * The filtered audit log as CSV, newest first, read a page at a time as the client takes it: no transaction stays open
 * and memory holds one page. Ids only grow, so entries written meanwhile neither appear nor shift the pages.
 */
export function exportAudit(q: Queryable, filter: AuditFilter): Readable {
  async function* lines(): AsyncGenerator<string> {
    yield csvLine(HEADER);
    let before: bigint | null = null;
    for (;;) {
      const rows: AuditRow[] = await readAudit(q, filter, { before, limit: ROWS_A_READ });
      if (rows.length > 0) yield rows.map(lineOf).join("");
      const last = rows.at(-1);
      if (rows.length < ROWS_A_READ || last === undefined) return;
      before = last.id;
    }
  }
  return Readable.from(lines(), { objectMode: false });
}

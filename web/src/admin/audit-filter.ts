/** What the audit log is narrowed to; days are of UTC and `until` is included. All of it is in the page's address. */
export type AuditFilter = {
  actor?: string;
  action?: string;
  subject?: string;
  from?: string;
  until?: string;
};

const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const LONGEST = { actor: 200, action: 100, subject: 200 } as const;

/** Reads the filter from an address that anybody may have written: what makes no sense is left out. */
export function parseAuditFilter(search: Record<string, unknown>): AuditFilter {
  const filter: AuditFilter = {};
  for (const name of ["actor", "action", "subject"] as const) {
    const value = search[name];
    if (typeof value !== "string") continue;
    const text = value.trim();
    if (text !== "" && text.length <= LONGEST[name]) filter[name] = text;
  }
  for (const name of ["from", "until"] as const) {
    const value = search[name];
    if (typeof value === "string" && isDay(value)) filter[name] = value;
  }
  return filter;
}

/** Why this filter can match nothing; null when it can. */
export function auditFilterFault({ from, until }: AuditFilter): string | null {
  return from !== undefined && until !== undefined && from > until
    ? "The first day must not be after the last."
    : null;
}

/** As the API wants it: its `to` is the first instant that is left out. */
export function auditQueryString({ until, ...same }: AuditFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(same)) query.set(name, value);
  if (until !== undefined) query.set("to", dayAfter(until));
  return query;
}

function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

function dayAfter(day: string): string {
  const time = new Date(`${day}T00:00:00Z`);
  time.setUTCDate(time.getUTCDate() + 1);
  return time.toISOString().slice(0, 10);
}

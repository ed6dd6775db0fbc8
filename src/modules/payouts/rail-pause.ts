import { appendAudit } from "../../platform/audit.ts";
import type { Queryable, Tx } from "../../platform/db/index.ts";
import { tellDue } from "./due.ts";

/** Who stopped a rail, when and why. While it stands, nothing new is requested, batched or signed on the rail. */
export type RailPause = {
  rail: string;
  actor: string;
  reason: string;
  details: Record<string, unknown>;
  pausedAt: Date;
};

const COLUMNS = `rail, actor, reason, details, paused_at AS "pausedAt"`;

export async function railPause(q: Queryable, rail: string): Promise<RailPause | null> {
  const { rows } = await q.query<RailPause>({
    name: "rail_pause_find",
    text: `SELECT ${COLUMNS} FROM rail_pauses WHERE rail = $1`,
    values: [rail],
  });
  return rows[0] ?? null;
}

/**
 * Stops a rail and writes that to the audit log. A rail that is paused already keeps its first pause, and nothing is
 * written: a worker that finds the same drift every second says so once. Returns the pause that stands.
 */
export async function pauseRail(
  tx: Tx,
  pause: { rail: string; actor: string; reason: string; details?: Record<string, unknown>; now: Date },
): Promise<{ pause: RailPause; changed: boolean }> {
  const details = pause.details ?? {};
  const { rows } = await tx.query<RailPause & { changed: boolean }>({
    name: "rail_pause_insert",
    // The update touches nothing; it makes the row that stands come back, waiting for whoever is writing it.
    text: `INSERT INTO rail_pauses (rail, actor, reason, details, paused_at) VALUES ($1, $2, $3, $4::jsonb, $5)
           ON CONFLICT (rail) DO UPDATE SET rail = EXCLUDED.rail
           RETURNING ${COLUMNS}, old.rail IS NULL AS changed`,
    values: [pause.rail, pause.actor, pause.reason, JSON.stringify(details), pause.now],
  });
  const { changed, ...standing } = rows[0] ?? { ...pause, details, pausedAt: pause.now, changed: false };
  if (changed) {
    await appendAudit(tx, {
      actor: pause.actor,
      action: "rail_paused",
      subject: `rail:${pause.rail}`,
      details: { reason: pause.reason, ...details },
    });
  }
  return { pause: standing, changed };
}

/** Lets a rail run again, with an entry in the audit log. Returns the pause that stood; null when none did. */
export async function resumeRail(
  tx: Tx,
  resume: { rail: string; actor: string; reason: string },
): Promise<RailPause | null> {
  const { rows } = await tx.query<RailPause>({
    name: "rail_pause_delete",
    text: `DELETE FROM rail_pauses WHERE rail = $1 RETURNING ${COLUMNS}`,
    values: [resume.rail],
  });
  const pause = rows[0];
  if (pause === undefined) return null;
  await appendAudit(tx, {
    actor: resume.actor,
    action: "rail_resumed",
    subject: `rail:${resume.rail}`,
    details: { reason: resume.reason, pausedBy: pause.actor, pausedFor: pause.reason },
  });
  await tellDue(tx, [resume.rail]);
  return pause;
}

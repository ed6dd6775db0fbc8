import type { Queryable } from "../../platform/db/index.ts";
import type { FeedEvent } from "./event.ts";
import type { Slice } from "./window.ts";

type EventRow = { position: string; channel: string; type: string; payload: Record<string, unknown> };

// Positions travel as text, because the listening connection has no type parsers of ours.
const COLUMNS = "position::text AS position, channel, type, payload";

const toEvent = (row: EventRow): FeedEvent => ({ ...row, position: BigInt(row.position) });

/** Publishes up to `limit` announcements; see the function's comment in the migration for what it promises. */
export async function publish(
  db: Queryable,
  limit: number,
): Promise<{ published: number; oldestSeconds: number }> {
  const result = await db.query<{ published: number; oldest_seconds: number }>({
    name: "feed_publish",
    text: "SELECT published, oldest_seconds FROM feed_publish($1)",
    values: [limit],
  });
  const row = result.rows[0];
  return { published: row?.published ?? 0, oldestSeconds: row?.oldest_seconds ?? 0 };
}

/** Events of all channels after a position, in order; fewer than `limit` means that there are no more yet. */
export async function eventsAfter(db: Queryable, position: bigint, limit: number): Promise<FeedEvent[]> {
  const result = await db.query<EventRow>({
    name: "feed_events_after",
    text: `SELECT ${COLUMNS} FROM feed_events WHERE position > $1 ORDER BY feed_events.position LIMIT $2`,
    values: [position, limit],
  });
  return result.rows.map(toEvent);
}

/** The last `limit` events of all channels, oldest first. */
export async function lastEvents(db: Queryable, limit: number): Promise<FeedEvent[]> {
  const result = await db.query<EventRow>({
    name: "feed_last_events",
    text: `SELECT ${COLUMNS} FROM feed_events ORDER BY feed_events.position DESC LIMIT $1`,
    values: [limit],
  });
  return result.rows.map(toEvent).reverse();
}

/** The last `limit` events of a channel up to `head`, oldest first. */
export async function latestOfChannel(
  db: Queryable,
  channel: string,
  head: bigint,
  limit: number,
): Promise<FeedEvent[]> {
  const result = await db.query<EventRow>({
    name: "feed_latest_of_channel",
    text: `SELECT ${COLUMNS} FROM feed_events WHERE channel = $1 AND position <= $2
           ORDER BY feed_events.position DESC LIMIT $3`,
    values: [channel, head, limit],
  });
  return result.rows.map(toEvent).reverse();
}

export type ResumePoint = {
  /** Whether everything after `since` is still there. */
  complete: boolean;
  /** Events of the channel after `since`, counted up to `countLimit`. */
  missed: number;
  /** The first of them. */
  next: bigint | null;
};

/** What a client that comes back with `since` has missed up to `head`. One snapshot, so pruning cannot split the answer. */
export async function findResumePoint(
  db: Queryable,
  channel: string,
  since: bigint,
  head: bigint,
  countLimit: number,
): Promise<ResumePoint> {
  const result = await db.query<{ complete: boolean; missed: number; next: string | null }>({
    name: "feed_resume_point",
    text: `SELECT coalesce((SELECT min(position) FROM feed_events) <= $2::bigint + 1, false) AS complete,
                  count(*)::integer AS missed, min(position)::text AS next
           FROM (SELECT position FROM feed_events
                 WHERE channel = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) AS missing`,
    values: [channel, since, head, countLimit],
  });
  const row = result.rows[0];
  const next = row?.next ?? null;
  return {
    complete: row?.complete ?? false,
    missed: row?.missed ?? 0,
    next: next === null ? null : BigInt(next),
  };
}

/** A channel's events in (`cursor`, `head`], a page of them; null when part of that range has been pruned. */
export async function channelSlice(
  db: Queryable,
  channel: string,
  cursor: bigint,
  head: bigint,
  limit: number,
): Promise<Slice | null> {
  const result = await db.query<{ complete: boolean; events: EventRow[] | null }>({
    name: "feed_channel_slice",
    text: `SELECT coalesce((SELECT min(position) FROM feed_events) <= $2::bigint + 1, false) AS complete,
                  (SELECT json_agg(page ORDER BY page.at) FROM (
                     SELECT ${COLUMNS}, position AS at FROM feed_events
                     WHERE channel = $1 AND position > $2 AND position <= $3 ORDER BY feed_events.position LIMIT $4
                   ) AS page) AS events`,
    values: [channel, cursor, head, limit],
  });
  const row = result.rows[0];
  if (row?.complete !== true) return null;
  const events = (row.events ?? []).map(({ position, channel: name, type, payload }) =>
    toEvent({ position, channel: name, type, payload }),
  );
  const last = events.at(-1);
  return { events, upTo: events.length === limit && last !== undefined ? last.position : head };
}

/**
 * Deletes events older than `retentionSeconds`, but never the last `keepAtLeast`: a bounded number from the low end, so
 * that one call is cheap however much there is. Returns how many went.
 */
export async function prune(
  db: Queryable,
  retentionSeconds: number,
  keepAtLeast: number,
  limit: number,
): Promise<number> {
  const result = await db.query({
    name: "feed_prune",
    text: `WITH oldest AS (
             SELECT position, created_at FROM feed_events
             WHERE position <= (SELECT max(position) FROM feed_events) - $2::bigint ORDER BY position LIMIT $3
           )
           DELETE FROM feed_events WHERE position IN (
             SELECT position FROM oldest WHERE created_at < clock_timestamp() - make_interval(secs => $1)
           )`,
    values: [retentionSeconds, keepAtLeast, limit],
  });
  return result.rowCount ?? 0;
}

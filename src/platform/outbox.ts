import type { Tx } from "./db/index.ts";

/** An announcement. `channel` is `feed` or `account:{address}`; `payload` is JSON, amounts as decimal strings. */
export type OutboxEvent = {
  channel: string;
  type: string;
  payload: Record<string, unknown>;
};

/** The LISTEN channel that wakes the relay once the announcing transaction has committed. */
export const OUTBOX_NOTIFY = "outbox";

/** Writes announcements in the transaction of what they announce: both happen or neither. */
export async function announce(tx: Tx, events: readonly OutboxEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query({
    name: "outbox_announce",
    text: `WITH inserted AS (
             INSERT INTO outbox_events (channel, type, payload)
             SELECT channel, type, payload FROM unnest($1::text[], $2::text[], $3::jsonb[]) AS e (channel, type, payload)
           )
           SELECT pg_notify($4, '')`,
    values: [
      events.map((event) => event.channel),
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.payload)),
      OUTBOX_NOTIFY,
    ],
  });
}

-- What clients see, in the one order in which everybody sees it. `position` is dense: it is the `id` that clients keep.
CREATE TABLE feed_events (
  position   bigint PRIMARY KEY,
  outbox_id  bigint NOT NULL CONSTRAINT feed_events_outbox_id_key UNIQUE,
  channel    text NOT NULL,
  type       text NOT NULL,
  payload    jsonb NOT NULL,
  created_at timestamptz(6) NOT NULL,
  CONSTRAINT feed_events_position_positive CHECK (position > 0)
);
CREATE INDEX feed_events_channel_position ON feed_events (channel, position);

-- The outbox is a queue from here on: rows leave it as soon as they are published, so it must be vacuumed by count.
ALTER TABLE outbox_events SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Moves what has been announced from the outbox to the feed: one statement, so all of it or nothing, and a caller that
-- dies leaves no lock behind. Any number of processes may call it at any time.
--
-- An outbox id is drawn when its row is written, and visible only when its transaction commits: 7 can appear long
-- after 8. Whoever remembered "published up to 8" would lose 7 for ever; a wait for all older transactions would stop the
-- feed while any transaction of the cluster, of any database, stays open. So nothing is remembered: a row is unpublished
-- while it is in the outbox, and every call takes the rows that it can see, lowest ids first.
--
-- That gives the order that a reader can rely on. Let B announce after it saw that A had committed (it waited for A's row
-- lock, or it read A's result). Then B's id was drawn after A's, so A.id < B.id; and a snapshot that shows B shows A. So
-- whenever B is taken, A was taken before, or is taken now and comes first. The transaction ids do not have that property:
-- B may have got its xid before A did and still have waited for A.
--
-- The lock orders the calls, and is held until commit. So each starts from the last position of the one before, and no
-- position becomes visible before all lower ones: readers may tail `position` without missing anything.
CREATE FUNCTION feed_publish(p_limit integer)
RETURNS TABLE (published integer, oldest_seconds double precision) LANGUAGE plpgsql AS $$
DECLARE
  v_last bigint;
BEGIN
  -- Usually another process was faster; then there is nothing to wait for.
  IF NOT EXISTS (SELECT FROM outbox_events) THEN
    RETURN QUERY SELECT 0, 0::double precision;
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('feed_publish', 0));
  -- A statement after the lock, so that its snapshot shows what the holder before us committed.
  SELECT coalesce(max(position), 0) INTO v_last FROM feed_events;
  RETURN QUERY
    WITH taken AS (
      DELETE FROM outbox_events
      WHERE id = ANY (ARRAY(SELECT id FROM outbox_events ORDER BY id LIMIT p_limit))
      RETURNING id, channel, type, payload, created_at
    ), moved AS (
      INSERT INTO feed_events (position, outbox_id, channel, type, payload, created_at)
      SELECT v_last + row_number() OVER (ORDER BY id), id, channel, type, payload, clock_timestamp() FROM taken
    )
    SELECT count(*)::integer, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::double precision
    FROM taken;
  PERFORM pg_notify('feed', '');
END $$;

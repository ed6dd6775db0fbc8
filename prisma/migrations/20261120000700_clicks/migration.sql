-- What browsers call themselves, shortened, so that a click carries four bytes instead of a hundred.
CREATE TABLE user_agents (
  id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agent text NOT NULL CONSTRAINT user_agents_agent_key UNIQUE
);

-- Where a player stands: one row each, opened before the first click, locked by every commit group that holds a click of theirs.
CREATE TABLE click_states (
  user_id      uuid PRIMARY KEY,
  -- The ledger's COIN account that rewards go to.
  account_id   bigint NOT NULL,
  -- Null for a demo player, who is not ranked.
  address      text,
  clicks       bigint NOT NULL CONSTRAINT click_states_clicks_not_negative CHECK (clicks >= 0),
  -- Millionths of one energy at energy_at; it refills lazily, when it is looked at.
  energy_micro bigint NOT NULL CONSTRAINT click_states_energy_not_negative CHECK (energy_micro >= 0),
  energy_at    timestamptz(6) NOT NULL
) WITH (fillfactor = 80);
-- The leaderboard is a scan of its beginning.
CREATE INDEX click_states_leaderboard ON click_states (clicks DESC, address COLLATE "C") WHERE address IS NOT NULL;

-- Every click request that was answered, with its answer. The id is made from session and nonce, so the primary key is what
-- makes a repeated nonce the same click. No other index and no foreign keys: both would be paid for on every click, and the
-- function below writes only sessions and players that it holds locked. Wide columns first, so that no byte is padding.
CREATE TABLE click_events (
  created_at     timestamptz(6) NOT NULL,
  -- The player's clicks after this one.
  clicks         bigint NOT NULL,
  user_agent_id  integer NOT NULL,
  energy         integer NOT NULL,
  max_energy     integer NOT NULL,
  -- 0 when every tap counted.
  retry_after_ms integer NOT NULL,
  taps           smallint NOT NULL,
  accepted       smallint NOT NULL,
  id             uuid PRIMARY KEY,
  session_id     uuid NOT NULL,
  user_id        uuid NOT NULL,
  ip_hash        bytea NOT NULL,
  balance        numeric(38,0) NOT NULL,
  CONSTRAINT click_events_accepted_of_taps CHECK (taps > 0 AND accepted BETWEEN 0 AND taps)
);
CREATE TRIGGER click_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON click_events
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE UPDATE, DELETE, TRUNCATE ON click_events FROM PUBLIC, CURRENT_USER;

-- How much a player's clicking looks like a program's, when it last got worse.
CREATE TABLE click_suspicions (
  user_id     uuid PRIMARY KEY,
  score       integer NOT NULL CONSTRAINT click_suspicions_score CHECK (score BETWEEN 0 AND 100),
  reasons     text[] NOT NULL,
  assessed_at timestamptz(6) NOT NULL
);

-- min(max, previous + seconds × regen) in millionths, exact: a microsecond brings back p_per_second of them.
CREATE FUNCTION clicks_refill(p_energy_micro bigint, p_at timestamptz, p_now timestamptz, p_max integer, p_per_second integer)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  -- Time beyond p_max seconds fills anything, and cutting it there keeps the product inside a bigint.
  SELECT least(p_max * 1000000::bigint,
    p_energy_micro + p_per_second * least(greatest((extract(epoch FROM p_now - p_at) * 1000000)::bigint, 0), p_max * 1000000::bigint));
$$;

-- Records one commit group of clicks, all in the caller's transaction. Ids must be distinct.
-- A plan is made once for each connection, for the indexes, however small the tables are at that moment.
--
-- Under concurrency: sessions, then players, then ledger accounts are locked, each in id order, so any number of processes
-- may call it at once. Whoever repeats a click's id holds the same session's lock, so a click is decided once; a repeated id
-- gives the stored answer even when its session has ended since, which is also how a caller finds out what became of a
-- call whose connection it lost.
CREATE FUNCTION clicks_record(
  p_ids uuid[], p_sessions uuid[], p_taps integer[], p_ip_hashes bytea[], p_user_agents integer[],
  p_max_energy integer, p_energy_per_second integer, p_reward numeric, p_issuance bigint, p_demo_issuance bigint
) RETURNS TABLE (
  outcome text, taps smallint, accepted smallint, clicks bigint, balance numeric, energy integer, max_energy integer, retry_after_ms integer
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  c_micro constant bigint := 1000000;
  c_count constant integer := cardinality(p_ids);
  v_now   timestamptz(6);
  v_users uuid[];
  r       record;
  -- One element for each click, in the order of the call; null for those that were recorded before or are refused.
  e_user          uuid[] := array_fill(NULL::uuid, ARRAY[c_count]);
  e_player        integer[] := array_fill(NULL::integer, ARRAY[c_count]);
  e_accepted      integer[] := e_player;
  e_demo_accepted integer[] := e_player;
  e_energy        integer[] := e_player;
  e_retry         integer[] := e_player;
  e_clicks        bigint[] := e_player;
  e_balance       numeric[] := e_player;
  -- One element for each player of a new click.
  m           integer := 0;
  u_id        uuid[];
  u_account   bigint[];
  u_demo      boolean[];
  u_clicks    bigint[];
  u_energy    bigint[];
  u_accepted  integer[];
  u_reward_id uuid[];
  u_balance   numeric[];
  -- The player that the loop is at.
  v_player   uuid;
  v_energy   bigint;
  v_accepted integer;
BEGIN
  v_users := ARRAY(SELECT s.user_id FROM sessions s WHERE s.id = ANY (p_sessions) ORDER BY s.id FOR NO KEY UPDATE);
  PERFORM FROM click_states c WHERE c.user_id = ANY (v_users) ORDER BY c.user_id FOR NO KEY UPDATE;
  v_now := clock_timestamp();

  FOR r IN
    SELECT q.i::integer AS i, q.id, q.taps, s.user_id, c.account_id, c.address IS NULL AS demo,
           c.clicks, c.energy_micro, c.energy_at
    FROM unnest(p_ids, p_sessions, p_taps) WITH ORDINALITY AS q (id, session_id, taps, i)
    JOIN sessions s ON s.id = q.session_id AND s.revoked_at IS NULL AND s.expires_at > v_now
    LEFT JOIN click_states c ON c.user_id = s.user_id
    WHERE NOT EXISTS (SELECT FROM click_events e WHERE e.id = q.id)
    ORDER BY s.user_id, q.i
  LOOP
    IF r.account_id IS NULL THEN
      RAISE EXCEPTION 'player % has no click state', r.user_id;
    END IF;
    IF r.user_id IS DISTINCT FROM v_player THEN
      v_player := r.user_id;
      v_energy := clicks_refill(r.energy_micro, r.energy_at, v_now, p_max_energy, p_energy_per_second);
      m := m + 1;
      u_id[m] := r.user_id;
      u_account[m] := r.account_id;
      u_demo[m] := r.demo;
      u_clicks[m] := r.clicks;
      u_accepted[m] := 0;
      u_reward_id[m] := NULL;
    END IF;
    v_accepted := least(r.taps, v_energy / c_micro);
    v_energy := v_energy - v_accepted * c_micro;
    u_energy[m] := v_energy;
    IF v_accepted > 0 THEN
      u_clicks[m] := u_clicks[m] + v_accepted;
      u_accepted[m] := u_accepted[m] + v_accepted;
      u_reward_id[m] := coalesce(u_reward_id[m], r.id);
    END IF;
    e_user[r.i] := r.user_id;
    e_player[r.i] := m;
    e_accepted[r.i] := v_accepted;
    e_demo_accepted[r.i] := CASE WHEN r.demo THEN v_accepted ELSE 0 END;
    e_clicks[r.i] := u_clicks[m];
    e_energy[r.i] := v_energy / c_micro;
    e_retry[r.i] := CASE WHEN v_accepted = r.taps THEN 0
      ELSE (c_micro - v_energy + p_energy_per_second * 1000 - 1) / (p_energy_per_second * 1000) END;
  END LOOP;

  IF m > 0 THEN
    PERFORM clicks_reward(u_reward_id, u_account, u_demo, u_accepted, p_reward, p_issuance, p_demo_issuance);
    u_balance := (SELECT array_agg(b.available ORDER BY a.i)
                  FROM unnest(u_account) WITH ORDINALITY AS a (id, i) JOIN balances b ON b.account_id = a.id);
    FOR i IN 1 .. c_count LOOP
      -- The balance after this click is the balance after all of them less what the player's later ones earned.
      e_balance[i] := u_balance[e_player[i]] - p_reward * (u_clicks[e_player[i]] - e_clicks[i]);
    END LOOP;

    INSERT INTO click_events (created_at, clicks, user_agent_id, energy, max_energy, retry_after_ms, taps, accepted,
                              id, session_id, user_id, ip_hash, balance)
    SELECT v_now, e.clicks, e.user_agent, e.energy, p_max_energy, e.retry, e.taps, e.accepted,
           e.id, e.session_id, e.user_id, e.ip_hash, e.balance
    FROM unnest(p_ids, p_sessions, e_user, p_taps, e_accepted, e_clicks, e_balance, e_energy, e_retry, p_ip_hashes, p_user_agents)
      AS e (id, session_id, user_id, taps, accepted, clicks, balance, energy, retry, ip_hash, user_agent)
    WHERE e.user_id IS NOT NULL;

    UPDATE click_states c SET clicks = u.clicks, energy_micro = u.energy, energy_at = greatest(c.energy_at, v_now)
    FROM unnest(u_id, u_clicks, u_energy) AS u (id, clicks, energy)
    WHERE c.user_id = u.id;

    UPDATE sessions s SET last_click_at = v_now, demo_clicks = s.demo_clicks + g.accepted
    FROM (
      SELECT e.session_id AS id, sum(e.accepted) AS accepted
      FROM unnest(p_sessions, e_demo_accepted) AS e (session_id, accepted)
      WHERE e.accepted IS NOT NULL GROUP BY 1
    ) AS g
    WHERE s.id = g.id;
  END IF;

  -- What was recorded now is answered as it was stored above; for what was known, the stored answer is looked up.
  RETURN QUERY
    SELECT CASE WHEN q.player IS NOT NULL THEN 'recorded' WHEN e.id IS NULL THEN 'session_ended' ELSE 'replayed' END,
           coalesce(e.taps, q.taps::smallint), coalesce(e.accepted, q.accepted::smallint), coalesce(e.clicks, q.clicks),
           coalesce(e.balance, q.balance), coalesce(e.energy, q.energy), coalesce(e.max_energy, p_max_energy),
           coalesce(e.retry_after_ms, q.retry)
    FROM unnest(p_ids, p_taps, e_player, e_accepted, e_clicks, e_balance, e_energy, e_retry) WITH ORDINALITY
      AS q (id, taps, player, accepted, clicks, balance, energy, retry, i)
    LEFT JOIN click_events e ON e.id = CASE WHEN q.player IS NULL THEN q.id END
    ORDER BY q.i;
END $$;

-- One transfer for each player whose taps counted: its id is the id of the first click that it pays for.
CREATE FUNCTION clicks_reward(
  p_ids uuid[], p_accounts bigint[], p_demo boolean[], p_accepted integer[], p_reward numeric, p_issuance bigint, p_demo_issuance bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_results text[];
BEGIN
  SELECT ledger_post(
      array_agg(r.id ORDER BY r.i), array_agg('posted'::text ORDER BY r.i),
      array_agg(CASE WHEN r.demo THEN p_demo_issuance ELSE p_issuance END ORDER BY r.i), array_agg(r.account ORDER BY r.i),
      array_agg(r.accepted * p_reward ORDER BY r.i), NULL, NULL, NULL,
      array_agg('click_reward'::text ORDER BY r.i), array_agg('click:' || r.id ORDER BY r.i))
    INTO v_results
    FROM unnest(p_ids, p_accounts, p_demo, p_accepted) WITH ORDINALITY AS r (id, account, demo, accepted, i)
    WHERE r.id IS NOT NULL
    HAVING count(*) > 0;
  IF array_remove(v_results, 'posted') <> '{}' THEN
    RAISE EXCEPTION 'the ledger refused click rewards: %', array_remove(v_results, 'posted');
  END IF;
END $$;

-- What the leaderboard shows as winners: a scan of this index's beginning. A confirmed payout does not change any more.
CREATE INDEX payouts_confirmed ON payouts (updated_at DESC, id DESC) WHERE status = 'confirmed' AND source <> 'demo';

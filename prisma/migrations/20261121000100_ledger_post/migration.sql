-- ledger_post decides the same and is called the same; it does less for each transfer. What only moves money goes through a
-- loop of its own, arrays are read by subscript instead of being unrolled into a table first, and who expects new ids, as
-- the writer does until it is told otherwise, leaves it to the unique index to check them.
DROP FUNCTION ledger_post(uuid[], text[], bigint[], bigint[], numeric[], uuid[], boolean[], timestamptz[], text[], text[], uuid);

-- Whether an id is taken, or comes twice: then more than the accounts decides what becomes of a call.
CREATE FUNCTION ledger_ids_matter(p_ids uuid[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM transfers WHERE id = ANY (p_ids))
    OR (SELECT count(DISTINCT id) FROM unnest(p_ids) AS id) < cardinality(p_ids);
END $$;

-- The one way in which money moves. Arrays in, one element per transfer in the order in which they are decided; one
-- result per transfer out, 'posted' when it was written, 'exists' when it had been, otherwise why not.
--
--   p_ids          the callers' keys: the same id with the same content is the same transfer
--   p_kinds        'posted' moves now, 'pending' holds the amount of the debit account, 'post_pending' moves a hold or
--                  the part that p_amounts says and releases the rest, 'void_pending' releases it;
--                  'expire_pending' is ledger_expire's
--   p_debits, p_credits, p_amounts
--                  null for resolutions, which take the accounts, and without an amount the amount, of what they resolve
--   p_pending_ids  what a resolution resolves, may be of the same call; null for all others, or null altogether
--   p_linked       true: fails with the next one, and the other way round; or null altogether
--   p_expires_at   for pending transfers; or null altogether
--   p_causes, p_refs  why, and for what: shown in statements
--   p_batch_id     stored with the commit
--   p_expect_new   the caller takes 23505 for "some id is taken" and asks again without it: ids are then checked once, by
--                  the unique index as they are written, rather than looked up before that as well
--
-- Concurrency: accounts are locked in id order before anything is decided and stay locked until the transaction ends;
-- at the default isolation every later statement then sees all that earlier holders of those locks committed. Two
-- calls in one transaction take two sets of locks and may deadlock with others (40P01): prefer one. The same id used
-- for other accounts at the same time ends in 23505. After 23505, 40001 or 40P01 nothing is written: run it again.
-- A plan is made once for each connection, for the indexes, however small the tables are at that moment.
CREATE FUNCTION ledger_post(
  p_ids uuid[], p_kinds text[], p_debits bigint[], p_credits bigint[], p_amounts numeric[], p_pending_ids uuid[],
  p_linked boolean[], p_expires_at timestamptz[], p_causes text[], p_refs text[], p_batch_id uuid DEFAULT NULL,
  p_expect_new boolean DEFAULT false
) RETURNS text[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
AS $$
DECLARE
  c_max       CONSTANT numeric := 99999999999999999999999999999999999999;
  v_count     CONSTANT integer := cardinality(p_ids);
  v_resolving CONSTANT boolean := coalesce(cardinality(array_remove(p_pending_ids, NULL)), 0) > 0;
  v_malformed boolean;
  v_reach     numeric;
  v_near_max  boolean;
  v_plain     boolean;
  v_now       timestamptz(6);
  v_commit    bigint;
  v_digest    bytea;
  v_written   integer;
  v_updated   integer;

  -- Locked accounts: one element an account, ascending by id. The loop below keeps their balances here.
  v_accounts bigint[];
  v_row_ids  tid[];
  v_assets   text[];
  v_negative boolean[];
  v_posted   numeric[];
  v_held     numeric[];
  v_version  bigint[];
  v_before   bigint[];
  v_floor    numeric[];  -- What must stay: null for accounts that may go below zero.

  -- One element a transfer, as in the parameters. Slots are places in the arrays above; refusals need no balances.
  v_debit_slots         bigint[];
  v_credit_slots        bigint[];
  v_refusals            text[];
  v_results             text[] := array_fill('posted'::text, ARRAY[v_count]);
  v_debit_versions      bigint[] := array_fill(NULL::bigint, ARRAY[v_count]);
  v_credit_versions     bigint[] := v_debit_versions;
  v_debit_previous      numeric[] := array_fill(NULL::numeric, ARRAY[v_count]);
  v_debit_held_previous numeric[] := v_debit_previous;
  v_debit_held_change   numeric[] := v_debit_previous;
  v_credit_previous     numeric[] := v_debit_previous;
  v_credit_held         numeric[] := v_debit_previous;

  -- Only for calls in which ids matter beyond being new: what is in the table already, and, by a small number for each
  -- id (`name`), where in this call it was written or resolved.
  v_named         boolean;
  v_existing      transfers[];
  v_pendings      transfers[];
  v_resolutions   text[];
  v_names         bigint[];
  v_pending_names bigint[];
  v_written_at    integer[];
  v_resolved_at   integer[];
  v_row           transfers;

  -- The transfer being decided.
  v_kind        text;
  v_amount      numeric;
  v_released    numeric;
  v_linked      boolean;
  v_result      text;
  v_debit       integer;
  v_credit      integer;
  v_at          integer;
  v_moved       numeric;
  v_held_change numeric;
  v_debit_from  numeric;
  v_credit_from numeric;
  v_held_from   numeric;
  -- Where the linked group that it belongs to began, 0 outside of one, and whether a member has failed.
  v_chain       integer := 0;
  v_failed      boolean := false;
BEGIN
  IF v_count = 0 THEN RETURN '{}'; END IF;
  IF v_count > 65535 THEN
    RAISE EXCEPTION 'ledger_post takes at most 65535 transfers, not %', v_count USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF v_count <> ANY (ARRAY[cardinality(p_kinds), cardinality(p_debits), cardinality(p_credits), cardinality(p_amounts),
                           coalesce(cardinality(p_pending_ids), v_count), coalesce(cardinality(p_linked), v_count),
                           coalesce(cardinality(p_expires_at), v_count), cardinality(p_causes), cardinality(p_refs)]) THEN
    RAISE EXCEPTION 'ledger_post takes arrays of one length' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- Which accounts a resolution moves is known from its pending transfer, which never changes, so it may be read
  -- before the lock; one that another transaction commits meanwhile was not there when this call began.
  IF v_resolving THEN
    SELECT array_agg(p ORDER BY r.i), array_agg(coalesce(p.debit_account, r.debit) ORDER BY r.i),
           array_agg(coalesce(p.credit_account, r.credit) ORDER BY r.i)
      INTO v_pendings, p_debits, p_credits
      FROM unnest(p_pending_ids, p_debits, p_credits) WITH ORDINALITY AS r (pending_id, debit, credit, i)
      LEFT JOIN transfers p ON p.id = r.pending_id;
  END IF;

  -- A locked row is read as it is once the lock is had, so these balances are current.
  SELECT array_agg(id), array_agg(row_id), array_agg(asset), array_agg(allow_negative), array_agg(posted),
         array_agg(held), array_agg(version),
         array_agg(CASE WHEN NOT allow_negative THEN held END), max(abs(posted)) + sum(held)
    INTO v_accounts, v_row_ids, v_assets, v_negative, v_posted, v_held, v_before, v_floor, v_reach
    FROM (SELECT id, ctid AS row_id, asset, allow_negative, posted, held, version FROM accounts
          WHERE id = ANY (p_debits || p_credits) ORDER BY id FOR NO KEY UPDATE) AS locked;
  v_version := v_before;
  v_now := clock_timestamp();

  SELECT array_agg(d.slot ORDER BY t.i), array_agg(c.slot ORDER BY t.i),
         array_agg(CASE
           WHEN t.amount > c_max THEN 'amount_too_large'
           WHEN t.amount <= 0 THEN 'amount_not_positive'
           WHEN t.pending_id IS NOT NULL THEN NULL
           WHEN t.amount IS NULL THEN 'amount_not_positive'
           WHEN t.debit = t.credit THEN 'accounts_not_different'
           WHEN d.id IS NULL THEN 'debit_account_not_found'
           WHEN c.id IS NULL THEN 'credit_account_not_found'
           WHEN d.asset <> c.asset THEN 'assets_differ'
         END ORDER BY t.i),
         coalesce(v_reach + coalesce(sum(t.amount), 0) > c_max, false),
         coalesce(bool_and(t.kind = 'posted'), false),
         bool_or(t.id IS NULL OR t.kind IS NULL OR scale(t.amount) > 0 OR (t.expires_at IS NOT NULL AND t.kind <> 'pending')
                 OR CASE WHEN t.pending_id IS NULL THEN t.kind NOT IN ('posted', 'pending')
                         ELSE t.kind NOT IN ('post_pending', 'void_pending', 'expire_pending') END)
    INTO v_debit_slots, v_credit_slots, v_refusals, v_near_max, v_plain, v_malformed
    FROM unnest(p_ids, p_kinds, p_debits, p_credits, p_amounts, p_pending_ids, p_expires_at) WITH ORDINALITY
         AS t (id, kind, debit, credit, amount, pending_id, expires_at, i)
    LEFT JOIN unnest(v_accounts, v_assets) WITH ORDINALITY AS d (id, asset, slot) ON d.id = t.debit
    LEFT JOIN unnest(v_accounts, v_assets) WITH ORDINALITY AS c (id, asset, slot) ON c.id = t.credit;
  IF v_malformed THEN
    RAISE EXCEPTION 'a transfer has no id, an unknown kind, a fraction of a minor unit, an expiry without being pending, '
      'or a pending_id that does not go with its kind' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- What nothing but its own amount decides: money that moves now, alone, far from the largest number.
  v_plain := v_plain AND NOT v_near_max AND p_linked IS NULL AND array_remove(v_refusals, NULL) = '{}';
  v_named := v_resolving OR (NOT (p_expect_new AND v_plain) AND ledger_ids_matter(p_ids));
  IF v_named THEN
    SELECT array_agg(e ORDER BY t.i), array_agg(r.kind ORDER BY t.i)
      INTO v_existing, v_resolutions
      FROM unnest(p_ids, p_pending_ids) WITH ORDINALITY AS t (id, pending_id, i)
      LEFT JOIN transfers e ON e.id = t.id
      LEFT JOIN transfers r ON r.pending_id = t.pending_id;
    SELECT array_agg(name ORDER BY i) FILTER (WHERE own), array_agg(name ORDER BY i) FILTER (WHERE NOT own),
           array_fill(0, ARRAY[max(name)::integer])
      INTO v_names, v_pending_names, v_written_at
      FROM (SELECT t.i, n.own, dense_rank() OVER (ORDER BY n.id) AS name
            FROM unnest(p_ids, p_pending_ids) WITH ORDINALITY AS t (id, pending_id, i),
                 LATERAL (VALUES (t.id, true), (t.pending_id, false)) AS n (id, own)) AS named;
    v_resolved_at := v_written_at;
  END IF;

  IF v_plain AND NOT v_named THEN
    FOR i IN 1 .. v_count LOOP
      v_debit := v_debit_slots[i];
      v_amount := p_amounts[i];
      v_debit_from := v_posted[v_debit];
      IF v_debit_from - v_amount < v_floor[v_debit] THEN
        v_results[i] := 'insufficient_funds';
      ELSE
        v_credit := v_credit_slots[i];
        v_credit_from := v_posted[v_credit];
        v_debit_previous[i] := v_debit_from;
        v_credit_previous[i] := v_credit_from;
        v_posted[v_debit] := v_debit_from - v_amount;
        v_posted[v_credit] := v_credit_from + v_amount;
        v_version[v_debit] := v_version[v_debit] + 1;
        v_version[v_credit] := v_version[v_credit] + 1;
        v_debit_versions[i] := v_version[v_debit];
        v_credit_versions[i] := v_version[v_credit];
      END IF;
    END LOOP;
  ELSE
    FOR i IN 1 .. v_count LOOP
      v_kind := p_kinds[i];
      v_amount := p_amounts[i];
      v_result := v_refusals[i];

      IF v_named THEN
        -- Idempotence first: what the id stands for already decides, in whatever state everything else is.
        v_released := NULL;
        IF v_kind IN ('void_pending', 'expire_pending') THEN
          v_amount := NULL;
        END IF;
        v_row := v_existing[i];
        v_at := v_written_at[v_names[i]];
        IF v_at > 0 THEN
          v_row.id := p_ids[v_at];
          v_row.kind := p_kinds[v_at];
          v_row.debit_account := p_debits[v_at];
          v_row.credit_account := p_credits[v_at];
          v_row.amount := p_amounts[v_at];
          v_row.pending_id := p_pending_ids[v_at];
          v_row.linked := coalesce(p_linked[v_at], false);
          v_row.expires_at := p_expires_at[v_at];
          v_row.cause := p_causes[v_at];
          v_row.ref := p_refs[v_at];
          v_row.debit_held_previous := v_debit_held_previous[v_at];
          v_row.debit_held_current := v_row.debit_held_previous + coalesce(v_debit_held_change[v_at], 0);
        END IF;
        IF v_row.id IS NOT NULL THEN
          v_result := ledger_compare(v_row, v_kind, p_debits[i], p_credits[i], v_amount, p_pending_ids[i],
                                     coalesce(p_linked[i], false), p_expires_at[i], p_causes[i], p_refs[i]);
        ELSIF v_result IS NULL AND p_pending_ids[i] IS NOT NULL THEN
          v_row := v_pendings[i];
          v_at := v_written_at[v_pending_names[i]];
          IF v_at > 0 THEN
            v_row.kind := p_kinds[v_at];
            v_row.amount := p_amounts[v_at];
            v_row.expires_at := p_expires_at[v_at];
            p_debits[i] := p_debits[v_at];
            p_credits[i] := p_credits[v_at];
            v_debit_slots[i] := v_debit_slots[v_at];
            v_credit_slots[i] := v_credit_slots[v_at];
          END IF;
          v_at := v_resolved_at[v_pending_names[i]];
          v_released := v_row.amount;
          v_amount := coalesce(v_amount, v_released);
          v_result := CASE
            WHEN v_row.kind IS NULL THEN 'pending_not_found'
            WHEN v_row.kind <> 'pending' THEN 'pending_not_pending'
            ELSE CASE coalesce(v_resolutions[i], CASE WHEN v_at > 0 THEN p_kinds[v_at] END)
              WHEN 'post_pending' THEN 'pending_already_posted'
              WHEN 'void_pending' THEN 'pending_already_voided'
              WHEN 'expire_pending' THEN 'pending_expired'
              ELSE CASE
                WHEN v_kind = 'expire_pending' AND v_row.expires_at > v_now THEN 'pending_not_due'
                WHEN v_kind <> 'expire_pending' AND v_row.expires_at <= v_now THEN 'pending_expired'
                WHEN v_amount > v_released THEN 'exceeds_pending_amount'
              END
            END
          END;
        END IF;
      END IF;

      IF p_linked IS NOT NULL THEN
        v_linked := coalesce(p_linked[i], false);
        IF v_chain = 0 AND v_linked THEN
          v_chain := i;
        END IF;
        IF v_failed THEN
          v_result := 'linked_transfer_failed';
        ELSIF v_linked AND i = v_count THEN
          v_result := 'linked_chain_open';
        END IF;
      END IF;

      IF v_result IS NULL THEN
        v_debit := v_debit_slots[i];
        v_credit := v_credit_slots[i];
        v_debit_from := v_posted[v_debit];
        v_credit_from := v_posted[v_credit];
        v_held_from := v_held[v_debit];
        IF v_kind = 'posted' THEN
          v_moved := v_amount;
          v_held_change := 0;
        ELSIF v_kind = 'pending' THEN
          v_moved := 0;
          v_held_change := v_amount;
        ELSE
          v_moved := CASE v_kind WHEN 'post_pending' THEN v_amount ELSE 0 END;
          v_held_change := -v_released;
        END IF;

        IF v_debit_from - v_moved < v_held_from + v_held_change AND NOT v_negative[v_debit] THEN
          v_result := 'insufficient_funds';
        ELSIF v_near_max AND (v_credit_from + v_moved > c_max OR v_debit_from - v_moved < -c_max
                              OR v_held_from + v_held_change > c_max) THEN
          v_result := 'balance_overflow';
        ELSE
          v_posted[v_debit] := v_debit_from - v_moved;
          v_posted[v_credit] := v_credit_from + v_moved;
          v_version[v_debit] := v_version[v_debit] + 1;
          v_version[v_credit] := v_version[v_credit] + 1;
          v_debit_versions[i] := v_version[v_debit];
          v_debit_previous[i] := v_debit_from;
          v_debit_held_previous[i] := v_held_from;
          v_credit_versions[i] := v_version[v_credit];
          v_credit_previous[i] := v_credit_from;
          v_credit_held[i] := v_held[v_credit];
          IF v_kind <> 'posted' THEN
            v_held[v_debit] := v_held_from + v_held_change;
            v_debit_held_change[i] := v_held_change;
          END IF;
          IF v_named THEN
            p_amounts[i] := v_amount;
            v_written_at[v_names[i]] := i;
            IF v_released IS NOT NULL THEN
              v_resolved_at[v_pending_names[i]] := i;
            END IF;
          END IF;
        END IF;
      END IF;

      IF v_result IS NOT NULL THEN
        v_results[i] := v_result;
        IF v_chain > 0 AND NOT v_failed AND v_result <> 'exists' THEN
          -- What the group had done so far is undone, newest first, before anybody can see it.
          v_failed := true;
          FOR j IN REVERSE i - 1 .. v_chain LOOP
            IF v_results[j] = 'posted' THEN
              v_debit := v_debit_slots[j];
              v_credit := v_credit_slots[j];
              v_posted[v_debit] := v_debit_previous[j];
              v_posted[v_credit] := v_credit_previous[j];
              v_held[v_debit] := v_debit_held_previous[j];
              v_version[v_debit] := v_version[v_debit] - 1;
              v_version[v_credit] := v_version[v_credit] - 1;
              IF v_named THEN
                v_written_at[v_names[j]] := 0;
                IF p_pending_ids[j] IS NOT NULL THEN
                  v_resolved_at[v_pending_names[j]] := 0;
                END IF;
              END IF;
            END IF;
            v_results[j] := 'linked_transfer_failed';
          END LOOP;
        END IF;
      END IF;
      IF v_chain > 0 AND NOT v_linked THEN
        v_chain := 0;
        v_failed := false;
      END IF;
    END LOOP;
  END IF;

  v_written := cardinality(array_positions(v_results, 'posted'));
  -- The index checks only ids that are written; a refused one may stand for something written before.
  IF p_expect_new AND NOT v_named AND v_written < v_count AND ledger_ids_matter(p_ids) THEN
    RAISE EXCEPTION 'an id that was to be new is taken' USING ERRCODE = 'unique_violation';
  END IF;
  IF v_written = 0 THEN RETURN v_results; END IF;

  v_commit := nextval('ledger_commit_ids');
  WITH written AS (
    INSERT INTO transfers (seq, debit_account, credit_account, debit_version, credit_version, created_at, expires_at, id,
                           pending_id, linked, kind, amount, debit_previous, debit_current, debit_held_previous,
                           debit_held_current, credit_previous, credit_current, credit_held, cause, ref)
    SELECT (v_commit << 16) + i, p_debits[i], p_credits[i], v_debit_versions[i], v_credit_versions[i], v_now,
           p_expires_at[i], p_ids[i], p_pending_ids[i], coalesce(p_linked[i], false), p_kinds[i], p_amounts[i],
           v_debit_previous[i], v_debit_previous[i] - m.moved, m.held, m.held + coalesce(v_debit_held_change[i], 0),
           v_credit_previous[i], v_credit_previous[i] + m.moved,
           coalesce(v_credit_held[i], v_held[v_credit_slots[i]]), p_causes[i], p_refs[i]
      FROM generate_series(1, v_count) AS i,
           -- Plain transfers leave what is held as it was.
           LATERAL (SELECT CASE WHEN p_kinds[i] IN ('posted', 'post_pending') THEN p_amounts[i] ELSE 0 END AS moved,
                           coalesce(v_debit_held_previous[i], v_held[v_debit_slots[i]]) AS held OFFSET 0) AS m
     WHERE v_results[i] = 'posted'
    RETURNING seq, transfer_text(transfers) AS line
  )
  SELECT sha256(convert_to(string_agg(line, E'\n' ORDER BY seq), 'UTF8')) INTO v_digest FROM written;

  -- A locked row does not move, so where it lies is a shorter way to it than the index.
  UPDATE accounts a SET posted = s.posted, held = s.held, version = s.version
    FROM unnest(v_row_ids, v_posted, v_held, v_version, v_before) AS s (row_id, posted, held, version, before)
   WHERE a.ctid = s.row_id AND s.version <> s.before;
  GET DIAGNOSTICS v_updated = ROW_COUNT;
  IF v_updated <> (SELECT count(*) FROM unnest(v_version, v_before) AS s (version, before) WHERE version <> before) THEN
    RAISE EXCEPTION 'ledger_post wrote % account balances of those that its transfers change', v_updated;
  END IF;

  IF p_expires_at IS NOT NULL THEN
    INSERT INTO expiring_holds (pending_id, expires_at)
    SELECT t.id, t.expires_at FROM unnest(p_ids, p_expires_at, v_results) AS t (id, expires_at, result)
     WHERE t.result = 'posted' AND t.expires_at IS NOT NULL;
  END IF;
  IF v_resolving THEN
    DELETE FROM expiring_holds h USING unnest(p_pending_ids, v_results) AS t (pending_id, result)
     WHERE h.pending_id = t.pending_id AND t.result = 'posted';
  END IF;

  INSERT INTO ledger_commits (id, transfers, digest, batch_id, created_at)
  VALUES (v_commit, v_written, v_digest, p_batch_id, v_now);
  RETURN v_results;
END $$;

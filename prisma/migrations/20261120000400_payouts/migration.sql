-- One payment to one address: requested once, paid at most once, never deleted.
CREATE TABLE payouts (
  id                 uuid PRIMARY KEY,
  player_id          uuid,
  account            text NOT NULL,
  to_address         text NOT NULL,
  rail               text NOT NULL,
  source             text NOT NULL CONSTRAINT payouts_source CHECK (source IN ('demo', 'server', 'onchain')),
  delivery           text NOT NULL CONSTRAINT payouts_delivery CHECK (delivery IN ('push', 'claim')),
  funding            text NOT NULL CONSTRAINT payouts_funding CHECK (funding IN ('exchange', 'balance', 'rewards')),
  status             text NOT NULL,
  series             text CONSTRAINT payouts_series CHECK (series IN ('push', 'signed', 'claim')),
  number             bigint CONSTRAINT payouts_number_key UNIQUE,
  number_closed      boolean NOT NULL DEFAULT false,
  asset              text NOT NULL,
  asset_ref          text NOT NULL,
  amount             numeric(38,0) NOT NULL CONSTRAINT payouts_amount_positive CHECK (amount > 0),
  spent_asset        text NOT NULL,
  spent_amount       numeric(38,0) NOT NULL CONSTRAINT payouts_spent_positive CHECK (spent_amount > 0),
  approvals_required integer NOT NULL CONSTRAINT payouts_approvals_not_negative CHECK (approvals_required >= 0),
  not_before         timestamptz(6),
  valid_until        timestamptz(6),
  reason             text NOT NULL,
  proposed_by        text NOT NULL,
  -- The wallet that they were signed in with: it may be unlinked from their account later, and is still theirs.
  proposed_with      text,
  metadata           jsonb NOT NULL,
  batch_id           uuid,
  tx_hash            text,
  block_number       bigint,
  version            integer NOT NULL,
  created_at         timestamptz(6) NOT NULL,
  updated_at         timestamptz(6) NOT NULL,
  CONSTRAINT payouts_number_has_series CHECK ((number IS NULL) = (series IS NULL)),
  -- Bits 60 and 61 say the series, as the vault reads them; the counter in the low 40 bits starts at 1.
  CONSTRAINT payouts_number_fits_series CHECK (
    number IS NULL
    OR ((number >> 60) = CASE series WHEN 'push' THEN 0 WHEN 'signed' THEN 1 ELSE 2 END
        AND (number & 1099511627775) > 0)),
  CONSTRAINT payouts_series_fits_delivery CHECK (
    series IS NULL
    OR series = CASE WHEN delivery = 'claim' THEN 'claim' WHEN approvals_required > 0 THEN 'signed' ELSE 'push' END),
  CONSTRAINT payouts_claim_is_never_batched CHECK (delivery <> 'claim' OR batch_id IS NULL),
  CONSTRAINT payouts_claim_needs_no_approval CHECK (delivery <> 'claim' OR approvals_required = 0),
  CONSTRAINT payouts_only_onchain_is_numbered CHECK (source = 'onchain' OR number IS NULL),
  -- What does not leave for a chain is done in the transaction that requested it.
  CONSTRAINT payouts_offchain_is_immediate CHECK (source = 'onchain' OR status IN ('requested', 'confirmed')),
  CONSTRAINT payouts_under_way_is_numbered CHECK (
    source <> 'onchain'
    OR status NOT IN ('approved', 'batched', 'submitted', 'credited', 'confirmed')
    OR number IS NOT NULL),
  -- The vault's amounts are uint96.
  CONSTRAINT payouts_amount_fits_chain CHECK (source <> 'onchain' OR amount < 79228162514264337593543950336),
  CONSTRAINT payouts_batched_has_batch CHECK (status <> 'batched' OR batch_id IS NOT NULL),
  CONSTRAINT payouts_final_has_transaction CHECK (
    source <> 'onchain' OR status NOT IN ('confirmed', 'credited') OR (tx_hash IS NOT NULL AND block_number IS NOT NULL))
);
CREATE INDEX payouts_player ON payouts (player_id, created_at DESC, id DESC);
CREATE INDEX payouts_account ON payouts (account, created_at DESC, id DESC);
CREATE INDEX payouts_status ON payouts (status, created_at DESC, id DESC);
CREATE INDEX payouts_to_address ON payouts (to_address, status);
CREATE INDEX payouts_batch ON payouts (batch_id);
-- What the next batches are made of: approved payouts, and push numbers to close because their payout ended unpaid.
CREATE INDEX payouts_unbatched ON payouts (rail, series, asset, number)
  WHERE batch_id IS NULL AND NOT number_closed
    AND (status = 'approved' OR (series = 'push' AND status IN ('rejected', 'expired', 'cancelled', 'failed')));
-- What waits for its first-address delay to pass.
CREATE INDEX payouts_delayed ON payouts (not_before) WHERE status = 'requested';

CREATE TABLE payout_transitions (
  payout_id   uuid NOT NULL REFERENCES payouts (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  version     integer NOT NULL,
  from_status text,
  to_status   text NOT NULL,
  actor       text NOT NULL,
  reason      text NOT NULL,
  created_at  timestamptz(6) NOT NULL,
  PRIMARY KEY (payout_id, version)
);
CREATE TRIGGER payout_transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_transitions
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE UPDATE, DELETE, TRUNCATE ON payout_transitions FROM PUBLIC, CURRENT_USER;

-- The state machine once more, where no code can step around it. state.ts holds the same pairs; a test compares them.
CREATE TABLE payout_allowed_transitions (
  from_status text NOT NULL,
  to_status   text NOT NULL,
  PRIMARY KEY (from_status, to_status)
);
INSERT INTO payout_allowed_transitions (from_status, to_status) VALUES
  ('requested', 'pending_approval'),
  ('requested', 'approved'),
  ('requested', 'confirmed'),
  ('requested', 'rejected'),
  ('requested', 'cancelled'),
  ('pending_approval', 'approved'),
  ('pending_approval', 'rejected'),
  ('pending_approval', 'expired'),
  ('pending_approval', 'cancelled'),
  ('approved', 'pending_approval'),
  ('approved', 'batched'),
  ('approved', 'submitted'),
  ('approved', 'expired'),
  ('approved', 'cancelled'),
  ('approved', 'failed'),
  ('batched', 'submitted'),
  ('batched', 'approved'),
  ('batched', 'failed'),
  ('submitted', 'confirmed'),
  ('submitted', 'credited'),
  ('submitted', 'approved'),
  ('submitted', 'expired'),
  ('submitted', 'failed'),
  ('credited', 'confirmed');
CREATE TRIGGER payout_allowed_transitions_fixed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON payout_allowed_transitions
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE FUNCTION payouts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'requested' OR NEW.version <> 1 OR NEW.number IS NOT NULL OR NEW.batch_id IS NOT NULL THEN
      RAISE EXCEPTION 'payout % must begin as requested, version 1, without number or batch', NEW.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.account, NEW.to_address, NEW.rail, NEW.source, NEW.delivery, NEW.funding, NEW.asset, NEW.asset_ref,
      NEW.amount, NEW.spent_asset, NEW.spent_amount, NEW.approvals_required, NEW.proposed_by, NEW.metadata, NEW.created_at)
     <> (OLD.id, OLD.account, OLD.to_address, OLD.rail, OLD.source, OLD.delivery, OLD.funding, OLD.asset, OLD.asset_ref,
      OLD.amount, OLD.spent_asset, OLD.spent_amount, OLD.approvals_required, OLD.proposed_by, OLD.metadata, OLD.created_at)
     OR NEW.player_id IS DISTINCT FROM OLD.player_id
     OR NEW.not_before IS DISTINCT FROM OLD.not_before
     OR NEW.proposed_with IS DISTINCT FROM OLD.proposed_with THEN
    RAISE EXCEPTION 'payout % is fixed: what was requested does not change', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
  END IF;
  -- A number and an end of validity are signed, here or by approvers, so they are given once and kept for life.
  IF (OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number)
     OR (OLD.valid_until IS NOT NULL AND NEW.valid_until IS DISTINCT FROM OLD.valid_until)
     OR (OLD.number_closed AND NOT NEW.number_closed) THEN
    RAISE EXCEPTION 'payout % keeps its number and its end of validity for life', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
  END IF;
  IF NEW.status = OLD.status THEN
    IF NEW.version <> OLD.version OR NEW.reason <> OLD.reason THEN
      RAISE EXCEPTION 'payout % takes a new version or reason with a new status only', OLD.id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'payout % goes from version % to %, not %', OLD.id, OLD.version, OLD.version + 1, NEW.version
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
  END IF;
  IF NOT EXISTS (SELECT FROM payout_allowed_transitions t
                 WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
     OR (OLD.status = 'requested' AND NEW.status = 'confirmed' AND NEW.source = 'onchain')
     -- What needs approvals passes through them, and nothing else does.
     OR (OLD.status = 'requested' AND NEW.status = 'approved' AND NEW.approvals_required > 0)
     OR (NEW.status = 'pending_approval' AND NEW.approvals_required = 0)
     -- A voucher that is out can be brought until it expires, whatever happens here.
     OR (OLD.status = 'submitted' AND NEW.status = 'approved' AND NEW.delivery = 'claim') THEN
    RAISE EXCEPTION 'payout % cannot go from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_guard';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payouts_guard BEFORE INSERT OR UPDATE ON payouts FOR EACH ROW EXECUTE FUNCTION payouts_guard();
CREATE TRIGGER payouts_never_deleted BEFORE DELETE OR TRUNCATE ON payouts
  FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE DELETE, TRUNCATE ON payouts FROM PUBLIC, CURRENT_USER;

-- Checked when the transaction ends: no status without the row that says from where, by whom and why.
CREATE FUNCTION payouts_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.version = OLD.version THEN
      RETURN NULL;
    END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM payout_transitions t
                 WHERE t.payout_id = NEW.id AND t.version = NEW.version AND t.to_status = NEW.status
                   AND t.from_status IS NOT DISTINCT FROM CASE TG_OP WHEN 'UPDATE' THEN OLD.status END) THEN
    RAISE EXCEPTION 'payout % became % without a record of it', NEW.id, NEW.status
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payouts_recorded';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payouts_recorded AFTER INSERT OR UPDATE ON payouts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payouts_recorded();

CREATE TABLE payout_number_counters (
  rail   text NOT NULL,
  series text NOT NULL,
  asset  text NOT NULL,
  next   bigint NOT NULL CONSTRAINT payout_number_counters_range CHECK (next BETWEEN 1 AND 1099511627776),
  PRIMARY KEY (rail, series, asset)
);

CREATE TABLE payout_policies (
  asset                       text PRIMARY KEY,
  -- [{"above": "100", "approvals": 2}, …]: edited by hand, so a row that nothing could read is not taken.
  tiers                       jsonb NOT NULL CONSTRAINT payout_policies_tiers_shape CHECK (
    CASE jsonb_typeof(tiers) WHEN 'array' THEN
      jsonb_array_length(tiers) = jsonb_array_length(jsonb_path_query_array(tiers,
        '$[*] ? (@.above like_regex "^[1-9][0-9]{0,37}$" && @.approvals >= 1 && @.approvals <= 32 && @.approvals == @.approvals.floor())'))
    ELSE false END),
  min_amount                  numeric(38,0) NOT NULL CONSTRAINT payout_policies_min_positive CHECK (min_amount > 0),
  player_daily_cap            numeric(38,0) NOT NULL CONSTRAINT payout_policies_player_cap CHECK (player_daily_cap >= 0),
  asset_daily_cap             numeric(38,0) NOT NULL CONSTRAINT payout_policies_asset_cap CHECK (asset_daily_cap >= 0),
  first_address_delay_seconds integer NOT NULL
    CONSTRAINT payout_policies_delay CHECK (first_address_delay_seconds BETWEEN 0 AND 2592000),
  suspicion_delay_seconds     integer NOT NULL
    CONSTRAINT payout_policies_suspicion_delay CHECK (suspicion_delay_seconds BETWEEN 0 AND 2592000)
);

-- What was requested of an asset on a UTC day and has not come back, in all (subject '*') and for each player; caps are
-- compared with it. Its rows are written in the transaction of the payout, so they always add up to the payouts.
CREATE TABLE payout_usage (
  asset   text NOT NULL,
  day     date NOT NULL,
  subject text NOT NULL,
  amount  numeric(38,0) NOT NULL CONSTRAINT payout_usage_not_negative CHECK (amount >= 0),
  PRIMARY KEY (asset, day, subject)
);

CREATE TABLE payout_address_rules (
  address    text PRIMARY KEY,
  rule       text NOT NULL CONSTRAINT payout_address_rules_rule CHECK (rule IN ('allow', 'deny')),
  reason     text NOT NULL,
  created_at timestamptz(6) NOT NULL DEFAULT now()
);

CREATE TABLE rail_pauses (
  rail      text PRIMARY KEY,
  actor     text NOT NULL,
  reason    text NOT NULL,
  details   jsonb NOT NULL,
  paused_at timestamptz(6) NOT NULL
);

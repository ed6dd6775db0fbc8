-- A transaction that approvers are asked to sign in full, on a rail where they do. It binds one nonce (a ticket), which
-- serves nothing else until the payload has ended and its last block has passed.
CREATE TABLE approval_payloads (
  id         uuid PRIMARY KEY,
  payout_id  uuid NOT NULL CONSTRAINT approval_payloads_payout_id_fkey REFERENCES payouts (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  rail       text NOT NULL,
  nonce      bigint NOT NULL,
  -- No block above this one can include it.
  last_block bigint NOT NULL,
  -- The transaction without signatures, as JSON; the digest is over exactly these bytes as the chain encodes them.
  body       text NOT NULL,
  digest     text NOT NULL CONSTRAINT approval_payloads_digest_hex CHECK (digest ~ '^0x[0-9a-f]{64}$'),
  created_at timestamptz(6) NOT NULL,
  ended_at   timestamptz(6),
  end_reason text,
  CONSTRAINT approval_payloads_ended CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
-- One at a time for each payout, and one for each nonce: no two that are out could be told apart by the chain.
CREATE UNIQUE INDEX approval_payloads_standing ON approval_payloads (payout_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX approval_payloads_standing_nonce ON approval_payloads (rail, nonce) WHERE ended_at IS NULL;
CREATE INDEX approval_payloads_last_block ON approval_payloads (rail, last_block);
CREATE INDEX approval_payloads_payout ON approval_payloads (payout_id, created_at);

CREATE FUNCTION approval_payloads_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'payload % has ended and does not change', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER approval_payloads_end_once BEFORE UPDATE ON approval_payloads FOR EACH ROW EXECUTE FUNCTION approval_payloads_end_once();
CREATE TRIGGER approval_payloads_keep BEFORE DELETE OR TRUNCATE ON approval_payloads FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE UPDATE, DELETE, TRUNCATE ON approval_payloads FROM PUBLIC, CURRENT_USER;
GRANT UPDATE (ended_at, end_reason) ON approval_payloads TO CURRENT_USER;

-- A signature that an approver gave for one payout. Rows are history: taking one back stamps it, once.
CREATE TABLE approvals (
  id             uuid PRIMARY KEY,
  payout_id      uuid NOT NULL CONSTRAINT approvals_payout_id_fkey REFERENCES payouts (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  approver       text NOT NULL,
  -- To whom the approver's wallet belongs: two wallets of one account are one approver.
  account        text NOT NULL,
  signature      text NOT NULL CONSTRAINT approvals_signature_hex CHECK (signature ~ '^0x([0-9a-f]{2})+$'),
  digest         text NOT NULL CONSTRAINT approvals_digest_hex CHECK (digest ~ '^0x[0-9a-f]{64}$'),
  valid_until    timestamptz(6) NOT NULL,
  created_at     timestamptz(6) NOT NULL,
  revoked_at     timestamptz(6),
  revoked_by     text,
  revoked_reason text,
  CONSTRAINT approvals_revoked_whole CHECK (
    (revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoked_reason IS NULL))
);
-- One standing signature for each approver and payout; those taken back stay beside it.
CREATE UNIQUE INDEX approvals_active ON approvals (payout_id, approver) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX approvals_active_account ON approvals (payout_id, account) WHERE revoked_at IS NULL;
CREATE INDEX approvals_payout ON approvals (payout_id, created_at);
-- What waits for approvals, or for settlement with the approvals it has: what expiry looks at every second, so that it
-- never reads what has ended.
CREATE INDEX payouts_awaiting_approvals ON payouts (valid_until)
  WHERE series = 'signed' AND status IN ('pending_approval', 'approved');

CREATE FUNCTION approvals_revoke_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL THEN
    RAISE EXCEPTION 'approval % was taken back already and does not change', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER approvals_revoke_only BEFORE UPDATE ON approvals FOR EACH ROW EXECUTE FUNCTION approvals_revoke_only();
CREATE TRIGGER approvals_keep BEFORE DELETE OR TRUNCATE ON approvals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE UPDATE, DELETE, TRUNCATE ON approvals FROM PUBLIC, CURRENT_USER;
GRANT UPDATE (revoked_at, revoked_by, revoked_reason) ON approvals TO CURRENT_USER;

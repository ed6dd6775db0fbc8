-- What one transaction pays: its members' numbers are first_number … first_number + size - 1, fixed for life.
CREATE TABLE payout_batches (
  id           uuid PRIMARY KEY,
  rail         text NOT NULL,
  kind         text NOT NULL CONSTRAINT payout_batches_kind CHECK (kind IN ('push', 'signed')),
  asset        text NOT NULL,
  first_number bigint NOT NULL,
  size         integer NOT NULL,
  total        numeric(38,0) NOT NULL CONSTRAINT payout_batches_total_not_negative CHECK (total >= 0),
  -- batched: no nonce may pay it; submitted: one may; resolved: every member's end is known; dissolved: proven unable to pay, its members go into others.
  status       text NOT NULL CONSTRAINT payout_batches_status CHECK (status IN ('batched', 'submitted', 'resolved', 'dissolved')),
  -- Why it waits, while it does.
  note         text,
  signer       text NOT NULL,
  chain_id     bigint NOT NULL,
  vault        text NOT NULL,
  created_at   timestamptz(6) NOT NULL,
  resolved_at  timestamptz(6),
  CONSTRAINT payout_batches_size CHECK (size BETWEEN 1 AND 1000 AND (kind = 'push' OR size = 1))
);
CREATE INDEX payout_batches_open ON payout_batches (rail, first_number) WHERE status IN ('batched', 'submitted');

-- A nonce of a signer (on the XRP Ledger: a ticket). The chain consumes it once; here it serves one batch, or none when it fills a gap.
CREATE TABLE settlement_nonces (
  chain_id     bigint NOT NULL,
  signer       text NOT NULL,
  nonce        bigint NOT NULL,
  rail         text NOT NULL,
  batch_id     uuid REFERENCES payout_batches (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- open: one of its attempts may still be included; landed: one succeeded; reverted: one was included and did nothing; lost: the chain consumed it for a transaction that is not ours; released: its attempts have expired and it is unconsumed, so it may be taken again.
  status       text NOT NULL CONSTRAINT settlement_nonces_status CHECK (status IN ('open', 'landed', 'reverted', 'lost', 'released')),
  -- The final block at which the chain had consumed it, or had not and could not any more by these attempts.
  closed_block bigint,
  created_at   timestamptz(6) NOT NULL,
  closed_at    timestamptz(6),
  PRIMARY KEY (chain_id, signer, nonce),
  CONSTRAINT settlement_nonces_closed CHECK ((status = 'open') = (closed_at IS NULL) AND (status = 'open') = (closed_block IS NULL))
);
-- The rule that everything rests on: never two nonces at a time that could pay the same batch.
CREATE UNIQUE INDEX settlement_nonces_one_open_per_batch ON settlement_nonces (batch_id) WHERE status = 'open' AND batch_id IS NOT NULL;
CREATE INDEX settlement_nonces_open ON settlement_nonces (rail, nonce) WHERE status = 'open';
CREATE INDEX settlement_nonces_batch ON settlement_nonces (batch_id);

-- A signed transaction, stored before it is sent. Attempts of one nonce replace one another; at most one is ever included.
CREATE TABLE settlement_attempts (
  id                           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chain_id                     bigint NOT NULL,
  signer                       text NOT NULL,
  nonce                        bigint NOT NULL,
  tx_hash                      text NOT NULL CONSTRAINT settlement_attempts_tx_hash_key UNIQUE,
  raw_tx                       text NOT NULL,
  -- The most that it can cost its signer, in the minor unit of the chain's own coin.
  max_cost                     numeric(38,0) NOT NULL,
  -- The final block when it was signed, and the last one that can include it.
  signed_at_block              bigint NOT NULL,
  last_block                   bigint,
  -- signed: stored, perhaps sent; included: in a block that is not final yet; final: in a final block; dead: its nonce was consumed without it, or it expired.
  status                       text NOT NULL CONSTRAINT settlement_attempts_status CHECK (status IN ('signed', 'included', 'final', 'dead')),
  created_at                   timestamptz(6) NOT NULL,
  broadcast_at                 timestamptz(6),
  block_number                 bigint,
  block_hash                   text,
  -- The chain's own word for what the final one did, where it has one (tesSUCCESS, tecNO_DST, …).
  result                       text,
  CONSTRAINT settlement_attempts_expiry CHECK (last_block > signed_at_block),
  CONSTRAINT settlement_attempts_nonce FOREIGN KEY (chain_id, signer, nonce)
    REFERENCES settlement_nonces (chain_id, signer, nonce) ON DELETE RESTRICT ON UPDATE RESTRICT,
  CONSTRAINT settlement_attempts_block CHECK ((block_number IS NULL) = (block_hash IS NULL)
    AND (status IN ('included', 'final')) = (block_number IS NOT NULL))
);
CREATE INDEX settlement_attempts_by_nonce ON settlement_attempts (chain_id, signer, nonce, id);
-- One inclusion per nonce, whatever a node claims.
CREATE UNIQUE INDEX settlement_attempts_one_final ON settlement_attempts (chain_id, signer, nonce) WHERE status = 'final';

-- Everything that the vault said in final blocks, in its order; applied_at tells what the ledger already reflects.
CREATE TABLE chain_events (
  rail         text NOT NULL,
  tx_hash      text NOT NULL,
  log_index    integer NOT NULL,
  block_number bigint NOT NULL,
  kind         text NOT NULL CONSTRAINT chain_events_kind
    CHECK (kind IN ('batch_paid', 'paid', 'paid_signed', 'credited', 'closed', 'credit_withdrawn', 'funded', 'swept', 'fee', 'unknown_payment')),
  asset_ref    text,
  -- Numbers first_number … first_number + size - 1.
  first_number bigint,
  size         integer NOT NULL,
  -- Payee, funder, or who closed the number.
  party        text,
  amount       numeric(38,0) NOT NULL,
  applied_at   timestamptz(6),
  -- Why it could not be applied yet.
  note         text,
  PRIMARY KEY (rail, tx_hash, log_index)
);
CREATE INDEX chain_events_waiting ON chain_events (rail, block_number, log_index) WHERE applied_at IS NULL;
CREATE INDEX chain_events_numbers ON chain_events (rail, first_number) WHERE first_number IS NOT NULL;

CREATE TABLE rail_state (
  rail          text PRIMARY KEY,
  chain_id      bigint NOT NULL,
  vault         text NOT NULL,
  -- The last final block whose events are all in chain_events.
  scanned_block bigint NOT NULL,
  scanned_hash  text NOT NULL,
  reconciled_at timestamptz(6),
  reconciled_block bigint,
  -- What differed at the last reconciliation; null when nothing did.
  drift         jsonb,
  -- Which database wrote this: a restored, copied or promoted one is another.
  written_in    text,
  -- What a database that may have been restored must not do: sign anything new before this block is final, and give out a
  -- nonce up to this one. Kept, because a restart in between must not forget it.
  quiet_until   bigint NOT NULL DEFAULT 0,
  doubted_nonce bigint NOT NULL DEFAULT 0
);

-- Per series and asset: every number below checked_below is known to be consumed, by the ledger and by the chain.
CREATE TABLE rail_number_checks (
  rail          text NOT NULL,
  series        text NOT NULL,
  asset         text NOT NULL,
  checked_below bigint NOT NULL,
  PRIMARY KEY (rail, series, asset)
);

-- A player: somebody who proved a wallet, or an anonymous demo account.
CREATE TABLE users (
  id             uuid PRIMARY KEY,
  kind           text NOT NULL CONSTRAINT users_kind CHECK (kind IN ('wallet', 'demo')),
  -- The first wallet, by which the product knows the player for good; which others there are, `wallets` says.
  wallet_address text CONSTRAINT users_wallet_address_key UNIQUE
                 CONSTRAINT users_wallet_address_shape
                 CHECK (wallet_address ~ '^(0x[0-9a-fA-F]{40}|r[1-9A-HJ-NP-Za-km-z]{24,34})$'),
  display_name   text NOT NULL CONSTRAINT users_display_name_length CHECK (length(display_name) BETWEEN 1 AND 40),
  created_at     timestamptz(6) NOT NULL,
  CONSTRAINT users_wallet_has_address CHECK ((kind = 'wallet') = (wallet_address IS NOT NULL))
);

-- The wallets that sign in as a player. An address is one player's, or nobody's.
CREATE TABLE wallets (
  address         text PRIMARY KEY,
  chain           text NOT NULL CONSTRAINT wallets_chain CHECK (chain IN ('flare', 'xrpl')),
  user_id         uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- Where the player is paid on this chain.
  pay_to          boolean NOT NULL,
  -- The challenge that linked it, so that sending the same proof again finds what it did; null for a first wallet.
  challenge_nonce text CONSTRAINT wallets_challenge_nonce_key UNIQUE,
  linked_at       timestamptz(6) NOT NULL,
  CONSTRAINT wallets_address_shape CHECK (address ~ CASE chain
    WHEN 'flare' THEN '^0x[0-9a-fA-F]{40}$'
    ELSE '^r[1-9A-HJ-NP-Za-km-z]{24,34}$'
  END)
);
CREATE INDEX wallets_user ON wallets (user_id, linked_at);
CREATE UNIQUE INDEX wallets_pay_to ON wallets (user_id, chain) WHERE pay_to;

-- A player's first wallet is one of their wallets, however the player came to be.
CREATE FUNCTION users_link_first_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO wallets (address, chain, user_id, pay_to, linked_at)
  VALUES (NEW.wallet_address, CASE WHEN NEW.wallet_address LIKE '0x%' THEN 'flare' ELSE 'xrpl' END,
          NEW.id, true, NEW.created_at);
  RETURN NULL;
END
$$;
CREATE TRIGGER users_link_first_wallet AFTER INSERT ON users
  FOR EACH ROW WHEN (NEW.wallet_address IS NOT NULL) EXECUTE FUNCTION users_link_first_wallet();

-- One sign-in and the refresh tokens that followed from it. Never deleted: clicks and payouts refer to it.
CREATE TABLE sessions (
  id                 uuid PRIMARY KEY,
  user_id            uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- The wallet that signed in, which need not be linked any more; null for a demo session.
  wallet_address     text CONSTRAINT sessions_wallet_address_shape
                     CHECK (wallet_address ~ '^(0x[0-9a-fA-F]{40}|r[1-9A-HJ-NP-Za-km-z]{24,34})$'),
  demo_clicks        integer NOT NULL DEFAULT 0 CONSTRAINT sessions_demo_clicks_not_negative CHECK (demo_clicks >= 0),
  last_click_at      timestamptz(6),
  -- Which refresh token of the family is the current one; every rotation adds one, a lower one is a reuse.
  refresh_generation integer NOT NULL DEFAULT 1 CONSTRAINT sessions_refresh_generation_positive CHECK (refresh_generation > 0),
  -- The challenge that this sign-in consumed: a nonce can open one session, whatever else goes wrong.
  challenge_nonce    text CONSTRAINT sessions_challenge_nonce_key UNIQUE,
  ip_hash            bytea NOT NULL,
  user_agent         text NOT NULL CONSTRAINT sessions_user_agent_length CHECK (length(user_agent) <= 256),
  created_at         timestamptz(6) NOT NULL,
  expires_at         timestamptz(6) NOT NULL,
  revoked_at         timestamptz(6),
  revoked_reason     text CONSTRAINT sessions_revoked_reason
                     CHECK (revoked_reason IN ('logout', 'refresh_reused', 'admin', 'wallet_unlinked')),
  CONSTRAINT sessions_revoked_has_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
  CONSTRAINT sessions_expires_after_creation CHECK (expires_at > created_at)
) WITH (fillfactor = 80); -- clicks update the row often; room on its page keeps those updates out of the indexes
CREATE INDEX sessions_user ON sessions (user_id, created_at DESC);
-- What every process asks again and again: which sessions ended lately.
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- A message that was given out to be signed. The row goes with the first use of it.
CREATE TABLE wallet_challenges (
  nonce      text PRIMARY KEY CONSTRAINT wallet_challenges_nonce_shape CHECK (nonce ~ '^[0-9a-zA-Z]{16,64}$'),
  purpose    text NOT NULL CONSTRAINT wallet_challenges_purpose CHECK (purpose IN ('sign_in', 'link')),
  -- The wallet that signs in, or that is added.
  address    text NOT NULL,
  chain      text NOT NULL CONSTRAINT wallet_challenges_chain CHECK (chain IN ('flare', 'xrpl')),
  -- EIP-155's chain id, or the XRP Ledger's network id.
  chain_id   bigint NOT NULL,
  -- Whose account gets the wallet, and which of its wallets has to agree; null when somebody signs in.
  user_id    uuid REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  linked_by  text,
  domain     text NOT NULL,
  uri        text NOT NULL,
  message    text NOT NULL,
  issued_at  timestamptz(6) NOT NULL,
  expires_at timestamptz(6) NOT NULL,
  CONSTRAINT wallet_challenges_address_shape CHECK (address ~ CASE chain
    WHEN 'flare' THEN '^0x[0-9a-fA-F]{40}$'
    ELSE '^r[1-9A-HJ-NP-Za-km-z]{24,34}$'
  END),
  CONSTRAINT wallet_challenges_link_has_account
    CHECK ((purpose = 'link') = (user_id IS NOT NULL) AND (purpose = 'link') = (linked_by IS NOT NULL)),
  CONSTRAINT wallet_challenges_expires_after_issue CHECK (expires_at > issued_at)
);
CREATE INDEX wallet_challenges_expires ON wallet_challenges (expires_at);

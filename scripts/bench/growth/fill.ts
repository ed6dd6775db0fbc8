import type pg from "pg";
import type { Database } from "../../../src/platform/db/index.ts";

/** Transfers in one ledger commit, as a busy writer makes them. */
const COMMIT_SIZE = 1_000;
const CHUNK = 250_000;
/** What every transfer moves, so that players have something to send on. */
const AMOUNT = 1_000;
const FIRST_ACCOUNT = 1_000;

/** The player who has a tenth of all entries. */
export const HEAVY_PLAYER = playerId(0);

export function playerId(k: number): string {
  return `00000000-0000-4000-8000-${k.toString(16).padStart(12, "0")}`;
}

/**
 * What a season of play leaves, in the tables as they are: `entries` rewards from house:issuance, one in ten to a heavy
 * player and the rest to `players` in turn, in commits with their true digests and chain links; as many feed events,
 * half of them in the public channel; the players with their clicks; a payout for every hundred entries. Set-based
 * rather than through the write path, which would take an hour for ten million; at the smallest size the ledger's own
 * checks say that nothing tells the two apart. Indexes in random order are left out of the bulk and built after it,
 * 70 % full as random inserts leave them.
 */
export async function fill(db: Database, entries: number, players: number): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query("SET timezone = 'UTC'; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'");
    await fillPlayers(client, entries, players);
    await fillTransfers(client, entries, players);
    await fillFeed(client, entries, players);
    await fillPayouts(client, entries / 100, players);
    await client.query("VACUUM (ANALYZE)");
  } finally {
    // Its settings must not come back with it from the pool.
    client.release(true);
  }
}

const PLAYER = "('00000000-0000-4000-8000-' || lpad(to_hex(k), 12, '0'))::uuid";
const ADDRESS = "'0x' || left(md5(k::text) || md5(k::text), 40)";

/** Accounts hold at once what the transfers below will have brought them. */
async function fillPlayers(client: pg.ClientBase, entries: number, players: number): Promise<void> {
  await client.query(
    `INSERT INTO accounts (id, owner, asset, posted, version)
     SELECT ${FIRST_ACCOUNT} + k, 'player:' || ${PLAYER}, 'COIN', n * ${AMOUNT}, n
       FROM generate_series(0, $2::bigint) AS k,
            LATERAL (SELECT CASE WHEN k = 0 THEN $1 / 10
                       ELSE ($1 - $1 / 10) / $2 + CASE WHEN k <= ($1 - $1 / 10) % $2 THEN 1 ELSE 0 END END AS n) AS entries`,
    [entries, players],
  );
  await client.query("SELECT setval(pg_get_serial_sequence('accounts', 'id'), $1)", [
    FIRST_ACCOUNT + players,
  ]);
  await client.query(
    "UPDATE accounts SET posted = -$1::bigint, version = $2 WHERE owner = 'house:issuance' AND asset = 'COIN'",
    [entries * AMOUNT, entries],
  );
  await client.query(
    `INSERT INTO users (id, kind, wallet_address, display_name, created_at)
     SELECT ${PLAYER}, 'wallet', ${ADDRESS}, 'player ' || k, now() FROM generate_series(1, $1::bigint) AS k`,
    [players],
  );
  await client.query(
    `INSERT INTO click_states (user_id, account_id, address, clicks, energy_micro, energy_at)
     SELECT ${PLAYER}, ${FIRST_ACCOUNT} + k, ${ADDRESS}, k * 7919 % 1000003, 0, now()
       FROM generate_series(1, $1::bigint) AS k`,
    [players],
  );
}

async function fillTransfers(client: pg.ClientBase, entries: number, players: number): Promise<void> {
  await client.query(
    `ALTER TABLE transfers DROP CONSTRAINT transfers_pkey;
     DROP INDEX transfers_debit_account, transfers_credit_account`,
  );
  for (let from = 1; from <= entries; from += CHUNK) {
    // i counts transfers from 1, j those that are not the heavy player's from 0.
    await client.query({
      name: "fill_transfers",
      text: `WITH written AS (
        INSERT INTO transfers (seq, debit_account, credit_account, debit_version, credit_version, created_at, id, linked, kind,
                               amount, debit_previous, debit_current, debit_held_previous, debit_held_current,
                               credit_previous, credit_current, credit_held, cause, ref)
        SELECT ((i - 1) / ${COMMIT_SIZE} + 1 << 16) + (i - 1) % ${COMMIT_SIZE} + 1, issuance.id, ${FIRST_ACCOUNT} + to_player.k, i,
               to_player.n + 1, now(), gen_random_uuid(), false, 'posted', ${AMOUNT}, -(i - 1) * ${AMOUNT}, -i * ${AMOUNT}, 0, 0,
               to_player.n * ${AMOUNT}, (to_player.n + 1) * ${AMOUNT}, 0, 'click_reward', 'click:' || i
          FROM (SELECT id FROM accounts WHERE owner = 'house:issuance' AND asset = 'COIN') AS issuance,
               generate_series($1::bigint, $2::bigint) AS i,
               LATERAL (SELECT i - i / 10 - 1 AS j) AS others,
               LATERAL (SELECT CASE WHEN i % 10 = 0 THEN 0 ELSE j % $3 + 1 END AS k,
                               CASE WHEN i % 10 = 0 THEN i / 10 - 1 ELSE j / $3 END AS n) AS to_player
        RETURNING seq, transfer_text(transfers) AS line
      )
      INSERT INTO ledger_commits (id, transfers, digest, created_at)
      SELECT seq >> 16, count(*), sha256(convert_to(string_agg(line, E'\\n' ORDER BY seq), 'UTF8')), now()
        FROM written GROUP BY seq >> 16 ORDER BY seq >> 16`,
      values: [from, Math.min(from + CHUNK - 1, entries), players],
    });
  }
  await client.query("SELECT setval('ledger_commit_ids', $1)", [entries / COMMIT_SIZE]);
  await client.query(
    `ALTER TABLE transfers ADD CONSTRAINT transfers_pkey PRIMARY KEY (id) WITH (fillfactor = 70);
     CREATE INDEX transfers_debit_account ON transfers (debit_account, seq) WITH (fillfactor = 70);
     CREATE INDEX transfers_credit_account ON transfers (credit_account, seq) WITH (fillfactor = 70);
     ALTER INDEX transfers_pkey RESET (fillfactor);
     ALTER INDEX transfers_debit_account RESET (fillfactor);
     ALTER INDEX transfers_credit_account RESET (fillfactor)`,
  );
}

async function fillFeed(client: pg.ClientBase, entries: number, players: number): Promise<void> {
  await client.query("DROP INDEX feed_events_channel_position");
  await client.query(
    `INSERT INTO feed_events (position, outbox_id, channel, type, payload, created_at)
     SELECT i, i, CASE WHEN i % 2 = 0 THEN 'feed' ELSE 'account:' || ${ADDRESS} END, 'payout.confirmed',
            jsonb_build_object('payoutId', gen_random_uuid(), 'account', ${ADDRESS}, 'amount', '1000000000000000000',
                               'asset', 'FLR', 'rail', 'flare', 'txHash', '0x' || md5(i::text) || md5(i::text)), now()
       FROM generate_series(1, $1::bigint) AS i, LATERAL (SELECT i % $2 + 1 AS k) AS player`,
    [entries, players],
  );
  await client.query(
    `CREATE INDEX feed_events_channel_position ON feed_events (channel, position) WITH (fillfactor = 70);
     ALTER INDEX feed_events_channel_position RESET (fillfactor)`,
  );
}

/** Without their transitions, which no read here looks at; the trigger that wants one for each is off meanwhile. */
async function fillPayouts(client: pg.ClientBase, payouts: number, players: number): Promise<void> {
  await client.query("ALTER TABLE payouts DISABLE TRIGGER USER");
  await client.query(
    `INSERT INTO payouts (id, account, to_address, rail, source, delivery, funding, status, asset, asset_ref, amount,
       spent_asset, spent_amount, approvals_required, reason, proposed_by, metadata, version, created_at, updated_at)
     SELECT gen_random_uuid(), ${ADDRESS}, ${ADDRESS}, 'flare', 'server', 'push', 'exchange', 'confirmed', 'FLR',
            '0x0000000000000000000000000000000000000000', 5, 'COIN', 7, 0, 'bench', 'bench', '{}', 2, at, at
       FROM generate_series(1, $1::bigint) AS i,
            LATERAL (SELECT i % $2 + 1 AS k, now() - i * interval '1 second' AS at) AS one`,
    [payouts, players],
  );
  await client.query("ALTER TABLE payouts ENABLE TRIGGER USER");
}

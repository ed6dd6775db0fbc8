import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { ChainEvent } from "./rails/rail.ts";

/** An event as it is kept; `note` says why the ledger does not reflect it yet. */
export type StoredEvent = ChainEvent & { note: string | null };

export type RailState = {
  chainId: bigint;
  vault: string;
  scannedBlock: bigint;
  scannedHash: string;
  reconciledAt: Date | null;
  reconciledBlock: bigint | null;
  drift: unknown;
  /** Which database wrote this; null before any did that had to say so. */
  writtenIn: string | null;
} & Doubt;

/** What a database that may have been restored must not do yet, or ever. */
export type Doubt = {
  /** Sign anything new before this block is final and all up to it is read. */
  quietUntil: bigint;
  /** Give out a nonce up to this one. */
  doubtedNonce: bigint;
};

export async function railState(q: Queryable, rail: string): Promise<RailState | null> {
  const { rows } = await q.query<RailState>({
    name: "rail_state",
    text: `SELECT chain_id AS "chainId", vault, scanned_block AS "scannedBlock", scanned_hash AS "scannedHash",
             reconciled_at AS "reconciledAt", reconciled_block AS "reconciledBlock", drift,
             written_in AS "writtenIn", quiet_until AS "quietUntil", doubted_nonce AS "doubtedNonce"
           FROM rail_state WHERE rail = $1`,
    values: [rail],
  });
  return rows[0] ?? null;
}

export async function beginRailState(
  tx: Tx,
  rail: string,
  start: { chainId: number; vault: string; block: bigint; hash: string },
): Promise<void> {
  await tx.query({
    name: "rail_state_begin",
    text: `INSERT INTO rail_state (rail, chain_id, vault, scanned_block, scanned_hash) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (rail) DO NOTHING`,
    values: [rail, start.chainId, start.vault, start.block, start.hash],
  });
}

/** Moves the cursor forward, in the transaction that stores the events up to it. */
export async function advanceScan(tx: Tx, rail: string, to: { block: bigint; hash: string }): Promise<void> {
  await tx.query({
    name: "rail_state_advance",
    text: "UPDATE rail_state SET scanned_block = $2, scanned_hash = $3 WHERE rail = $1 AND scanned_block < $2",
    values: [rail, to.block, to.hash],
  });
}

/** Keeps a doubt beside those of before; what holds from now on is given back. */
export async function noteDoubt(tx: Tx, rail: string, doubt: Doubt & { writtenIn: string }): Promise<Doubt> {
  const { rows } = await tx.query<Doubt>({
    name: "rail_state_doubt",
    text: `UPDATE rail_state
           SET written_in = $2, quiet_until = greatest(quiet_until, $3), doubted_nonce = greatest(doubted_nonce, $4)
           WHERE rail = $1 RETURNING quiet_until AS "quietUntil", doubted_nonce AS "doubtedNonce"`,
    values: [rail, doubt.writtenIn, doubt.quietUntil, doubt.doubtedNonce],
  });
  return rows[0] ?? doubt;
}

/** Tells this database from every other one, copies and promoted standbys of it included. */
export async function databaseIdentity(q: Queryable): Promise<string> {
  const { rows } = await q.query<{ identity: string }>({
    name: "database_identity",
    // The timeline changes when a standby is promoted and when a backup is recovered to a point in time.
    text: `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
             (SELECT oid FROM pg_database WHERE datname = current_database()),
             left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)) AS identity`,
  });
  return rows[0]?.identity ?? "";
}

export async function noteReconciled(
  q: Queryable,
  rail: string,
  found: { at: Date; block: bigint; drift: unknown },
): Promise<void> {
  await q.query({
    name: "rail_state_reconciled",
    text: "UPDATE rail_state SET reconciled_at = $2, reconciled_block = $3, drift = $4::jsonb WHERE rail = $1",
    values: [rail, found.at, found.block, found.drift === null ? null : JSON.stringify(found.drift)],
  });
}

/** Keeps events; one that is kept already stays as it is, so a receipt and a scan may both bring it. */
export async function insertEvents(tx: Tx, rail: string, events: readonly ChainEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query({
    name: "chain_events_insert",
    text: `INSERT INTO chain_events (rail, tx_hash, log_index, block_number, kind, asset_ref, first_number, size, party, amount)
           SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::int[],
                                    $9::text[], $10::numeric[])
           ON CONFLICT (rail, tx_hash, log_index) DO NOTHING`,
    values: [
      rail,
      events.map((event) => event.txHash),
      events.map((event) => event.logIndex),
      events.map((event) => event.blockNumber),
      events.map((event) => event.kind),
      events.map((event) => event.assetRef),
      events.map((event) => event.firstNumber),
      events.map((event) => event.size),
      events.map((event) => event.party),
      events.map((event) => event.amount),
    ],
  });
}

const EVENT_COLUMNS = `tx_hash AS "txHash", log_index AS "logIndex", block_number AS "blockNumber", kind, asset_ref AS "assetRef",
  first_number AS "firstNumber", size, party, amount, note`;

/** Events that the ledger does not reflect yet, in the chain's order. */
export async function waitingEvents(q: Queryable, rail: string, limit: number): Promise<StoredEvent[]> {
  const { rows } = await q.query<StoredEvent>({
    name: "chain_events_waiting",
    text: `SELECT ${EVENT_COLUMNS} FROM chain_events WHERE rail = $1 AND applied_at IS NULL
           ORDER BY block_number, log_index LIMIT $2`,
    values: [rail, limit],
  });
  return rows;
}

/** Which of these numbers are named by events that the ledger does not reflect yet. */
export async function numbersInWaitingEvents(
  q: Queryable,
  rail: string,
  numbers: readonly bigint[],
): Promise<Set<bigint>> {
  const { rows } = await q.query<{ number: bigint }>({
    name: "chain_events_waiting_numbers",
    text: `SELECT n AS number FROM chain_events e JOIN unnest($2::bigint[]) AS n
             ON n >= e.first_number AND n < e.first_number + e.size
           WHERE e.rail = $1 AND e.applied_at IS NULL AND e.first_number IS NOT NULL`,
    values: [rail, numbers],
  });
  return new Set(rows.map((row) => row.number));
}

/** Locks what is still waiting of these transactions' events; what another pass applied is missing. */
export async function lockWaitingEvents(
  tx: Tx,
  rail: string,
  txHashes: readonly string[],
): Promise<StoredEvent[]> {
  const { rows } = await tx.query<StoredEvent>({
    name: "chain_events_lock",
    text: `SELECT ${EVENT_COLUMNS} FROM chain_events WHERE rail = $1 AND tx_hash = ANY ($2::text[]) AND applied_at IS NULL
           ORDER BY block_number, log_index FOR UPDATE`,
    values: [rail, txHashes],
  });
  return rows;
}

export async function markApplied(
  tx: Tx,
  rail: string,
  events: readonly Pick<ChainEvent, "txHash" | "logIndex">[],
  now: Date,
): Promise<void> {
  await tx.query({
    name: "chain_events_applied",
    text: `UPDATE chain_events e SET applied_at = $4, note = NULL
           FROM unnest($2::text[], $3::int[]) AS a (tx_hash, log_index)
           WHERE e.rail = $1 AND e.tx_hash = a.tx_hash AND e.log_index = a.log_index`,
    values: [rail, events.map((event) => event.txHash), events.map((event) => event.logIndex), now],
  });
}

export async function noteEvent(
  q: Queryable,
  rail: string,
  event: Pick<ChainEvent, "txHash" | "logIndex">,
  note: string,
): Promise<void> {
  await q.query({
    name: "chain_event_note",
    text: `UPDATE chain_events SET note = $4
           WHERE rail = $1 AND tx_hash = $2 AND log_index = $3 AND note IS DISTINCT FROM $4 AND applied_at IS NULL`,
    values: [rail, event.txHash, event.logIndex, note],
  });
}

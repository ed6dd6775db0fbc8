import type { Database, Queryable, Tx } from "../../platform/db/index.ts";
import type { ClientTrace } from "./client-trace.ts";
import { initialDisplayName } from "./session.ts";
import type { WalletAddress } from "./wallet-address.ts";

export type NewSession = {
  id: string;
  challengeNonce: string | null;
  trace: ClientTrace;
  createdAt: Date;
  expiresAt: Date;
};

export type EndReason = "logout" | "refresh_reused" | "admin" | "wallet_unlinked";

/** The LISTEN channel on which ended sessions are called out, by id, once that is committed. */
export const SESSION_ENDED_NOTIFY = "session_ended";

/** A player, and the first wallet by which they are known. */
export type WalletPlayer = { playerId: string; firstWallet: WalletAddress };

/**
 * The player whose wallet this is, made on its first sign-in. The wallet's row stays locked until the transaction ends,
 * so that whoever unlinks it meanwhile waits, and finds the session that is opened here.
 */
export async function openWalletPlayer(
  tx: Tx,
  newUserId: string,
  address: WalletAddress,
  now: Date,
): Promise<WalletPlayer> {
  const known = await lockWalletPlayer(tx, address);
  if (known !== null) return known;
  await lockAddress(tx, address);
  // Asked again: somebody may have signed in with it, or linked it, just before the lock was ours.
  const first = await lockWalletPlayer(tx, address);
  if (first !== null) return first;
  await tx.query({
    name: "auth_insert_wallet_user",
    text: `INSERT INTO users (id, kind, wallet_address, display_name, created_at) VALUES ($1, 'wallet', $2, $3, $4)`,
    values: [newUserId, address, initialDisplayName(newUserId, address), now],
  });
  return { playerId: newUserId, firstWallet: address };
}

async function lockWalletPlayer(tx: Tx, address: WalletAddress): Promise<WalletPlayer | null> {
  const { rows } = await tx.query<WalletPlayer>({
    name: "auth_lock_wallet_player",
    text: `SELECT u.id AS "playerId", u.wallet_address AS "firstWallet"
           FROM wallets w JOIN users u ON u.id = w.user_id
           WHERE w.address = $1 FOR KEY SHARE OF w`,
    values: [address],
  });
  return rows[0] ?? null;
}

/** One at a time decides whose an address becomes that is nobody's yet. */
export async function lockAddress(tx: Tx, address: WalletAddress): Promise<void> {
  await tx.query({
    name: "auth_lock_address",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('wallet:' || $1, 0))",
    values: [address],
  });
}

export async function insertSession(
  tx: Tx,
  userId: string,
  address: WalletAddress,
  session: NewSession,
): Promise<void> {
  await tx.query({
    name: "auth_insert_session",
    text: `INSERT INTO sessions (id, user_id, wallet_address, challenge_nonce, ip_hash, user_agent, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      session.id,
      userId,
      address,
      session.challengeNonce,
      session.trace.ipHash,
      session.trace.userAgent,
      session.createdAt,
      session.expiresAt,
    ],
  });
}

/** An anonymous player and their only session, both or neither. */
export async function insertDemoPlayer(db: Database, userId: string, session: NewSession): Promise<void> {
  await db.prisma.user.create({
    data: {
      id: userId,
      kind: "demo",
      displayName: initialDisplayName(userId, null),
      createdAt: session.createdAt,
      sessions: {
        create: {
          id: session.id,
          ipHash: session.trace.ipHash,
          userAgent: session.trace.userAgent,
          createdAt: session.createdAt,
          expiresAt: session.expiresAt,
        },
      },
    },
  });
}

export type StoredSession = {
  id: string;
  playerId: string;
  /** The wallet that signed in. */
  address: WalletAddress | null;
  firstWallet: WalletAddress | null;
  generation: number;
  expiresAt: Date;
  revoked: boolean;
};

const SELECT_SESSION = `
  SELECT s.id, s.user_id AS "playerId", s.wallet_address AS address, u.wallet_address AS "firstWallet",
         s.refresh_generation AS generation, s.expires_at AS "expiresAt", s.revoked_at IS NOT NULL AS revoked
  FROM sessions s JOIN users u ON u.id = s.user_id
  WHERE s.id = $1`;

export async function findSession(q: Queryable, id: string): Promise<StoredSession | null> {
  const { rows } = await q.query<StoredSession>({
    name: "auth_find_session",
    text: SELECT_SESSION,
    values: [id],
  });
  return rows[0] ?? null;
}

/** Locks the session's row until the transaction ends, so that two refreshes decide one after the other. */
export async function lockSession(tx: Tx, id: string): Promise<StoredSession | null> {
  const { rows } = await tx.query<StoredSession>({
    name: "auth_lock_session",
    text: `${SELECT_SESSION} FOR NO KEY UPDATE OF s`,
    values: [id],
  });
  return rows[0] ?? null;
}

export async function advanceGeneration(
  tx: Tx,
  id: string,
  generation: number,
  expiresAt: Date,
): Promise<void> {
  await tx.query({
    name: "auth_advance_generation",
    text: `UPDATE sessions SET refresh_generation = $2, expires_at = $3 WHERE id = $1`,
    values: [id, generation, expiresAt],
  });
}

/**
 * Ends a session and calls it out to every process, once; false when it had ended before. The time is the database's,
 * because `sessionsEndedSince` asks by it.
 */
export async function endSession(q: Queryable, id: string, reason: EndReason): Promise<boolean> {
  const { rowCount } = await q.query({
    name: "auth_end_session",
    text: `WITH ended AS (
             UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = $2
             WHERE id = $1 AND revoked_at IS NULL
             RETURNING id
           )
           SELECT pg_notify($3, id::text) FROM ended`,
    values: [id, reason, SESSION_ENDED_NOTIFY],
  });
  return rowCount === 1;
}

/** Ends what a wallet opened for a player, and calls it out like `endSession`; gives the sessions that ended by it. */
export async function endSessionsOf(tx: Tx, playerId: string, address: WalletAddress): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: "auth_end_sessions_of",
    text: `WITH ended AS (
             UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = 'wallet_unlinked'
             WHERE user_id = $1 AND wallet_address = $2 AND revoked_at IS NULL
             RETURNING id
           )
           SELECT id::text, pg_notify($3, id::text) FROM ended`,
    values: [playerId, address, SESSION_ENDED_NOTIFY],
  });
  return rows.map(({ id }) => id);
}

/** Sessions that ended since a time of the database's clock, and that clock's time now. null: the last minute. */
export async function sessionsEndedSince(
  q: Queryable,
  since: Date | null,
): Promise<{ ids: string[]; databaseTime: Date }> {
  // A session that ends in a transaction which commits late carries an earlier time: hence the minute of overlap.
  const { rows } = await q.query<{ ids: string[]; databaseTime: Date }>({
    name: "auth_sessions_ended_since",
    text: `SELECT clock_timestamp() AS "databaseTime",
                  ARRAY(SELECT id::text FROM sessions
                        WHERE revoked_at >= coalesce($1::timestamptz, clock_timestamp()) - interval '1 minute') AS ids`,
    values: [since],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return row;
}

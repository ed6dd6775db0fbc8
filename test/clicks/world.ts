import { randomUUID } from "node:crypto";
import { getAddress, hexlify, randomBytes } from "ethers";
import type { Config } from "../../src/config.ts";
import type { Session } from "../../src/modules/auth/index.ts";
import {
  type ClickLimits,
  type Clicks,
  type ClicksCommitted,
  createClicks,
} from "../../src/modules/clicks/index.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import type { EvmAddress } from "../../src/platform/evm-address.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";

export const META = { ip: "203.0.113.7", userAgent: "test/1.0" };

/** No limits: for tests that ask about something else. */
export const UNLIMITED: ClickLimits = {
  session: { perSecond: 1e9, burst: 1e9 },
  wallet: { perSecond: 1e9, burst: 1e9 },
  ip: { perSecond: 1e9, burst: 1e9 },
};

/** The service on `db`; a second one on the same database stands for a second process. */
export function clicksOn(
  db: Database,
  options: { env?: Record<string, string>; limits?: ClickLimits; clock?: Clock; config?: Config } = {},
): Clicks & { commits: ClicksCommitted[] } {
  const clicks = createClicks({
    config: options.config ?? testConfig(options.env),
    db,
    clock: options.clock ?? systemClock,
    log: silentLog,
    auth: { requireSession: async () => undefined },
    limits: options.limits ?? UNLIMITED,
  });
  const commits: ClicksCommitted[] = [];
  clicks.onCommitted((committed) => commits.push(committed));
  return { ...clicks, commits };
}

/** A player with a session, as signing in leaves them. */
export async function signIn(db: Database, kind: "wallet" | "demo" = "wallet"): Promise<Session> {
  const playerId = randomUUID();
  const address = kind === "wallet" ? (getAddress(hexlify(randomBytes(20))) as EvmAddress) : null;
  await db.pool.query(
    "INSERT INTO users (id, kind, wallet_address, display_name, created_at) VALUES ($1, $2, $3, $4, now())",
    [playerId, kind, address, `Player ${playerId.slice(0, 8)}`],
  );
  return anotherSession(db, {
    id: "",
    playerId,
    address,
    account: address ?? `demo:${playerId}`,
    roles: [kind === "wallet" ? "player" : "demo"],
  });
}

export async function anotherSession(db: Database, session: Session): Promise<Session> {
  const id = randomUUID();
  await db.pool.query(
    `INSERT INTO sessions (id, user_id, ip_hash, user_agent, created_at, expires_at)
     VALUES ($1, $2, '\\x00', '', now(), now() + interval '1 hour')`,
    [id, session.playerId],
  );
  return { ...session, id };
}

export async function endSession(db: Database, session: Session): Promise<void> {
  await db.pool.query("UPDATE sessions SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1", [
    session.id,
  ]);
}

/** Lets time pass for a player's energy; the database's clock cannot be turned, but what it is compared with can. */
export async function passTime(db: Database, session: Session, seconds: number): Promise<void> {
  await db.pool.query(
    "UPDATE click_states SET energy_at = energy_at - $2 * interval '1 second' WHERE user_id = $1",
    [session.playerId, seconds],
  );
}

/** Everything that must agree: what events, states, sessions and the ledger each say about accepted taps. */
export async function booksOf(db: Database) {
  const { rows } = await db.pool.query<{
    user_id: string;
    accepted: bigint;
    clicks: bigint;
    posted: bigint;
    rewards: bigint;
    demo: boolean;
    demo_clicks: bigint;
  }>(`
    SELECT c.user_id, c.clicks, a.posted, c.address IS NULL AS demo,
           (SELECT coalesce(sum(e.accepted), 0)::bigint FROM click_events e WHERE e.user_id = c.user_id) AS accepted,
           (SELECT coalesce(sum(t.amount), 0) FROM transfers t WHERE t.credit_account = c.account_id) AS rewards,
           (SELECT sum(s.demo_clicks)::bigint FROM sessions s WHERE s.user_id = c.user_id) AS demo_clicks
    FROM click_states c JOIN accounts a ON a.id = c.account_id`);
  const house = await db.pool.query<{ owner: string; posted: bigint }>(
    "SELECT owner, posted FROM accounts WHERE owner IN ('house:issuance', 'house:demo_issuance')",
  );
  return {
    players: rows,
    issued: Object.fromEntries(house.rows.map((row) => [row.owner, -row.posted])),
    breaks: [
      ...(await db.pool.query("SELECT * FROM ledger_account_breaks")).rows,
      ...(await db.pool.query("SELECT * FROM ledger_chain_breaks()")).rows,
      ...(await db.pool.query("SELECT * FROM trial_balance WHERE difference <> 0")).rows,
    ],
  };
}

import { randomUUID } from "node:crypto";
import type { Session } from "../../../src/modules/auth/index.ts";
import type { Database } from "../../../src/platform/db/index.ts";

export type PlainClick = (session: Session, nonce: string) => Promise<Record<string, unknown>>;

/**
 * What most code does, over the least tables that could do it: a transaction for each click that checks the session,
 * locks the player, dedupes, spends energy, keeps the answer and, if `ledger`, books the reward from the house to the
 * player. Neither has a hash chain, statements or append-only history.
 */
export async function createPlainClicks(db: Database): Promise<(ledger: boolean) => PlainClick> {
  await db.pool.query(`
    CREATE TABLE plain_players (
      id uuid PRIMARY KEY, energy integer NOT NULL, energy_at timestamptz NOT NULL,
      clicks bigint NOT NULL, balance numeric(38,0) NOT NULL) WITH (fillfactor = 60);
    CREATE TABLE plain_clicks (
      session_id uuid NOT NULL, nonce text NOT NULL, player_id uuid NOT NULL, clicks bigint NOT NULL,
      balance numeric(38,0) NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (session_id, nonce));
    CREATE TABLE plain_house (balance numeric(38,0) NOT NULL);
    INSERT INTO plain_house VALUES (0);
    CREATE TABLE plain_transfers (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, player_id uuid NOT NULL,
      amount numeric(38,0) NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON plain_transfers (player_id, seq);
    INSERT INTO plain_players SELECT user_id, 1000000, now(), 0, 0 FROM sessions`);
  return (ledger) => (session, nonce) =>
    db.transaction(async (tx) => {
      const { rows } = await tx.query<{ energy: number; clicks: bigint; balance: bigint }>({
        name: "plain_lock",
        text: `SELECT least(1000000, p.energy + floor(extract(epoch FROM now() - p.energy_at) * 100000))::integer AS energy,
                      p.clicks, p.balance
               FROM plain_players p JOIN sessions s ON s.id = $2
               WHERE p.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() FOR NO KEY UPDATE OF p`,
        values: [session.playerId, session.id],
      });
      const state = rows[0];
      if (state === undefined || state.energy < 1) throw new Error("no session or no energy");
      const [total, balance] = [state.clicks + 1n, state.balance + 1n];
      await tx.query({
        name: "plain_insert",
        text: "INSERT INTO plain_clicks (session_id, nonce, player_id, clicks, balance) VALUES ($1, $2, $3, $4, $5)",
        values: [session.id, nonce, session.playerId, total, balance],
      });
      await tx.query({
        name: "plain_update",
        text: "UPDATE plain_players SET energy = $2, energy_at = now(), clicks = $3, balance = $4 WHERE id = $1",
        values: [session.playerId, state.energy - 1, total, balance],
      });
      if (ledger) {
        await tx.query({
          name: "plain_transfer",
          text: "INSERT INTO plain_transfers (id, player_id, amount) VALUES ($1, $2, 1)",
          values: [randomUUID(), session.playerId],
        });
        // Last, so that the one row that everybody needs is locked for the commit only.
        await tx.query({ name: "plain_house", text: "UPDATE plain_house SET balance = balance - 1" });
      }
      return {
        ok: true,
        clicks: Number(total),
        accepted: 1,
        balance: String(balance),
        energy: state.energy - 1,
        maxEnergy: 1_000_000,
      };
    });
}

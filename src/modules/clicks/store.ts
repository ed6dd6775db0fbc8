import { appendAudit } from "../../platform/audit.ts";
import type { Database, Queryable } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import type { EnergyRules } from "./energy.ts";
import { decayed, type Suspicion, type SuspicionReason } from "./suspicion.ts";

/** A click on its way into the database. */
export type NewClick = {
  id: string;
  sessionId: string;
  taps: number;
  /** In hex. */
  ipHash: string;
  userAgentId: number;
};

/** What the database holds of a click; `recorded` when this call put it there, `replayed` when an earlier one had. */
export type RecordedClick = {
  outcome: "recorded" | "replayed";
  taps: number;
  accepted: number;
  /** The player's accepted taps, this click's included. */
  clicks: bigint;
  /** COIN that the player could spend after this click. */
  balance: bigint;
  energy: number;
  max_energy: number;
  retry_after_ms: number;
};

export type ClickOutcome = RecordedClick | { outcome: "session_ended" };

/** What a tap earns, and from which of the ledger's accounts. */
export type RewardRules = { rewardPerTap: bigint; issuance: bigint; demoIssuance: bigint };

/** Records a commit group in one statement, which is one transaction; outcomes are in the order of `clicks`. */
export async function recordClicks(
  q: Queryable,
  clicks: readonly NewClick[],
  rules: EnergyRules & RewardRules,
): Promise<ClickOutcome[]> {
  const { rows } = await q.query<ClickOutcome>({
    name: "clicks_record",
    text: `SELECT outcome, taps, accepted, clicks, balance, energy, max_energy, retry_after_ms
           FROM clicks_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    // Array literals written here: the driver's general encoder takes longer than they deserve, and nothing in them needs quoting.
    values: [
      `{${clicks.map((click) => click.id).join(",")}}`,
      `{${clicks.map((click) => click.sessionId).join(",")}}`,
      `{${clicks.map((click) => click.taps).join(",")}}`,
      `{${clicks.map((click) => `"\\\\x${click.ipHash}"`).join(",")}}`,
      `{${clicks.map((click) => click.userAgentId).join(",")}}`,
      rules.maxEnergy,
      rules.energyPerSecond,
      rules.rewardPerTap,
      rules.issuance,
      rules.demoIssuance,
    ],
  });
  if (rows.length !== clicks.length) {
    throw new InvariantError(`${clicks.length} clicks were recorded but ${rows.length} answered`);
  }
  return rows;
}

export type NewPlayer = { playerId: string; address: string | null; accountId: bigint };

/** Gives players who have none a state: rested, without clicks. Whoever comes second changes nothing. */
export async function openStates(
  q: Queryable,
  players: readonly NewPlayer[],
  rules: EnergyRules,
): Promise<void> {
  await q.query({
    name: "clicks_open_states",
    text: `INSERT INTO click_states (user_id, account_id, address, clicks, energy_micro, energy_at)
           SELECT user_id, account_id, address, 0, $4::bigint * 1000000, clock_timestamp()
           FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS p (user_id, account_id, address)
           ORDER BY user_id
           ON CONFLICT (user_id) DO NOTHING`,
    values: [
      players.map((player) => player.playerId),
      players.map((player) => player.accountId),
      players.map((player) => player.address),
      rules.maxEnergy,
    ],
  });
}

/** The ids of user agents, by agent; those that are new get one. */
export async function userAgentIds(q: Queryable, agents: readonly string[]): Promise<Map<string, number>> {
  await q.query({
    name: "clicks_add_user_agents",
    text: `INSERT INTO user_agents (agent) SELECT agent FROM unnest($1::text[]) AS a (agent)
           WHERE NOT EXISTS (SELECT FROM user_agents u WHERE u.agent = a.agent)
           ORDER BY agent ON CONFLICT (agent) DO NOTHING`,
    values: [agents],
  });
  const { rows } = await q.query<{ id: number; agent: string }>({
    name: "clicks_find_user_agents",
    text: "SELECT id, agent FROM user_agents WHERE agent = ANY ($1::text[])",
    values: [agents],
  });
  return new Map(rows.map((row) => [row.agent, row.id]));
}

export type ClickState = { clicks: bigint; energyMicro: bigint; atMicros: bigint; nowMicros: bigint };

/** Where a player stands, by the database's clock; null before the first click. */
export async function findState(q: Queryable, playerId: string): Promise<ClickState | null> {
  const { rows } = await q.query<ClickState>({
    name: "clicks_find_state",
    text: `SELECT clicks, energy_micro AS "energyMicro",
                  (extract(epoch FROM energy_at) * 1000000)::bigint AS "atMicros",
                  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS "nowMicros"
           FROM click_states WHERE user_id = $1`,
    values: [playerId],
  });
  return rows[0] ?? null;
}

/** Keeps a finding if it is worse than what is known or that has begun to fade; the audit log says why, in the same transaction. */
export async function saveSuspicion(
  db: Database,
  playerId: string,
  suspicion: Suspicion,
  evidence: Record<string, unknown>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const saved = await tx.query({
      name: "clicks_save_suspicion",
      text: `INSERT INTO click_suspicions AS known (user_id, score, reasons, assessed_at)
             VALUES ($1, $2, $3, clock_timestamp())
             ON CONFLICT (user_id) DO UPDATE
               SET score = EXCLUDED.score, reasons = EXCLUDED.reasons, assessed_at = EXCLUDED.assessed_at
               WHERE known.score < EXCLUDED.score OR known.assessed_at < EXCLUDED.assessed_at - interval '1 day'`,
      values: [playerId, suspicion.score, suspicion.reasons],
    });
    if (saved.rowCount === 0) return;
    await appendAudit(tx, {
      actor: "system:clicks",
      action: "clicks.suspected",
      subject: `player:${playerId}`,
      details: { ...suspicion, ...evidence },
    });
  });
}

/** How much a player's clicking looks like a program's now: a score from 0 to 100 that halves every day, and why. */
export async function suspicionOf(q: Queryable, playerId: string): Promise<Suspicion> {
  const { rows } = await q.query<{ score: number; reasons: SuspicionReason[]; age_ms: bigint }>({
    name: "clicks_suspicion_of",
    text: `SELECT score, reasons, (extract(epoch FROM clock_timestamp() - assessed_at) * 1000)::bigint AS age_ms
           FROM click_suspicions WHERE user_id = $1`,
    values: [playerId],
  });
  const known = rows[0];
  const score = known === undefined ? 0 : decayed(known.score, Number(known.age_ms));
  return known === undefined || score === 0 ? { score: 0, reasons: [] } : { score, reasons: known.reasons };
}

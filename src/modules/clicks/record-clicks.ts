import type { Config } from "../../config.ts";
import type { Database } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import type { Session } from "../auth/index.ts";
import { accountIds } from "../ledger/index.ts";
import { BoundedMap } from "./bounded-map.ts";
import { type ClickOutcome, openStates, type RewardRules, recordClicks, userAgentIds } from "./store.ts";

/** A click that passed its checks. */
export type PendingClick = {
  id: string;
  session: Session;
  taps: number;
  /** Keyed hash of the client's IP address, in hex. */
  ipHash: string;
  userAgent: string;
  /** When it came in. */
  atMs: number;
};

const COIN = "COIN";
/** Agents that one process will add; whoever floods us with invented ones is written down as "(other)". */
const MAX_USER_AGENTS = 5_000;
const OTHER_AGENTS = "(other)";

/**
 * Makes the function that records a commit group: it looks up what a click refers to (once for each player and agent in
 * this process's life), then writes everything in one statement. Every step may be repeated.
 */
export function createRecorder(
  db: Database,
  config: Config["clicks"],
): (clicks: readonly PendingClick[]) => Promise<ClickOutcome[]> {
  const opened = new BoundedMap<string, true>(50_000);
  const agentIds = new Map<string, number>();
  let rules: RewardRules | undefined;

  async function rewardRules(): Promise<RewardRules> {
    const [issuance, demoIssuance] = await accountIds(db.pool, [
      { owner: "house:issuance", asset: COIN },
      { owner: "house:demo_issuance", asset: COIN },
    ]);
    if (issuance === undefined || demoIssuance === undefined)
      throw new InvariantError("no issuance accounts");
    return { rewardPerTap: config.rewardPerTap, issuance, demoIssuance };
  }

  async function openPlayers(clicks: readonly PendingClick[]): Promise<void> {
    const sessions = new Map<string, Session>();
    for (const { session } of clicks) {
      if (opened.get(session.playerId) === undefined) sessions.set(session.playerId, session);
    }
    if (sessions.size === 0) return;
    const unknown = [...sessions.values()];
    const ids = await accountIds(
      db.pool,
      unknown.map(({ playerId }) => ({ owner: `player:${playerId}`, asset: COIN })),
    );
    const players = unknown.map(({ playerId, address }, index) => {
      const accountId = ids[index];
      if (accountId === undefined) throw new InvariantError(`no COIN account for player ${playerId}`);
      return { playerId, address, accountId };
    });
    await openStates(db.pool, players, config);
    for (const { playerId } of players) opened.set(playerId, true);
  }

  async function knowAgents(clicks: readonly PendingClick[]): Promise<void> {
    const unknown = new Set<string>(agentIds.has(OTHER_AGENTS) ? [] : [OTHER_AGENTS]);
    for (const { userAgent } of clicks) {
      if (!agentIds.has(userAgent) && agentIds.size + unknown.size < MAX_USER_AGENTS) unknown.add(userAgent);
    }
    if (unknown.size === 0) return;
    for (const [agent, id] of await userAgentIds(db.pool, [...unknown])) agentIds.set(agent, id);
  }

  return async (clicks) => {
    rules ??= await rewardRules();
    await openPlayers(clicks);
    await knowAgents(clicks);
    return recordClicks(
      db.pool,
      clicks.map(({ id, session, taps, ipHash, userAgent }) => ({
        id,
        sessionId: session.id,
        taps,
        ipHash,
        userAgentId: agentIds.get(userAgent) ?? agentIds.get(OTHER_AGENTS) ?? 0,
      })),
      { ...config, ...rules },
    );
  };
}

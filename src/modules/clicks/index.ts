import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import type { Routes } from "../../platform/http/index.ts";
import type { Logger } from "../../platform/log.ts";
import { ipLimitKey } from "../../platform/rate-limit.ts";
import { type Auth, hashIp, type Session } from "../auth/index.ts";
import { balancesOf } from "../ledger/index.ts";
import { BoundedMap } from "./bounded-map.ts";
import { clickId } from "./click-id.ts";
import { ClickWriter } from "./click-writer.ts";
import { msUntilNextTap, refill, wholeEnergy } from "./energy.ts";
import { nonceReused, sessionEnded, tooManyClicks } from "./errors.ts";
import { parseClick } from "./parse-click.ts";
import { createRecorder, type PendingClick } from "./record-clicks.ts";
import { clickRoutes } from "./routes.ts";
import type { ClickReply, ClickStateReply } from "./schemas.ts";
import { type ClickOutcome, findState, type RecordedClick } from "./store.ts";
import { SuspicionWatch } from "./suspicion-watch.ts";
import { CLICK_LIMITS, type ClickLimits, ClickThrottle } from "./throttle.ts";
import { normalizeUserAgent } from "./user-agent.ts";

export { ClickBody, type ClickInput, MAX_TAPS } from "./parse-click.ts";
export type { ClickReply, ClickStateReply } from "./schemas.ts";
export { suspicionOf } from "./store.ts";
export { SLOW_WITHDRAWALS_FROM, type Suspicion, type SuspicionReason } from "./suspicion.ts";
export { type Budget, CLICK_LIMITS, type ClickLimits } from "./throttle.ts";

/** Where a click came from. */
export type ClickMeta = { ip: string; userAgent: string | undefined };

/** What one commit changed: the players whose taps counted, each as they stand after it. */
export type ClicksCommitted = {
  players: readonly { account: string; playerId: string; clicks: bigint; balance: bigint; energy: number }[];
  /** Taps that counted. */
  accepted: number;
};

export type Clicks = {
  routes: Routes;
  /**
   * One click of a session, from HTTP or the socket; `input` is checked here. Resolves once it is durable. Throws
   * `invalid_click`, `too_many_clicks`, `nonce_reused`, `session_ended`, `overloaded`, or `click_outcome_unknown`, after
   * which the same click may be repeated until it is answered.
   */
  click(session: Session, input: unknown, meta: ClickMeta): Promise<ClickReply>;
  stateOf(session: Session): Promise<ClickStateReply>;
  /** Calls `listener` after every commit in this process that changed something; what it throws is logged, nothing else. */
  onCommitted(listener: (committed: ClicksCommitted) => void): () => void;
  /** Waits until every click that was taken in is answered and every finding written; call it once no more come in. */
  close(): Promise<void>;
};

/** Half of the HMAC: 128 bits tell addresses apart, and every click stores them. */
const IP_HASH_BYTES = 16;

export function createClicks(deps: {
  config: Config;
  db: Database;
  clock: Clock;
  log: Logger;
  auth: Pick<Auth, "requireSession">;
  limits?: ClickLimits;
}): Clicks {
  const { config, db, clock, log } = deps;
  const throttle = new ClickThrottle(deps.limits ?? CLICK_LIMITS);
  const watch = new SuspicionWatch({ db, log });
  const listeners = new Set<(committed: ClicksCommitted) => void>();
  const ipHashes = new BoundedMap<string, string>(5_000);
  const userAgents = new BoundedMap<string, string>(1_000);
  const writer = new ClickWriter<PendingClick, ClickOutcome>({
    log,
    record: createRecorder(db, config.clicks),
    onRecorded: afterCommit,
  });

  function afterCommit(clicks: readonly PendingClick[], outcomes: readonly ClickOutcome[]): void {
    const players = new Map<string, ClicksCommitted["players"][number]>();
    let accepted = 0;
    clicks.forEach(({ session, taps, ipHash, atMs }, index) => {
      const outcome = outcomes[index];
      if (outcome?.outcome !== "recorded") return;
      watch.observe({ playerId: session.playerId, ipHash, taps, atMs });
      if (outcome.accepted === 0) return;
      accepted += outcome.accepted;
      const { clicks, balance, energy } = outcome;
      players.set(session.playerId, {
        account: session.account,
        playerId: session.playerId,
        clicks,
        balance,
        energy,
      });
    });
    if (accepted === 0) return;
    const committed = { players: [...players.values()], accepted };
    for (const listener of listeners) {
      try {
        listener(committed);
      } catch (error) {
        log.error({ err: error }, "a listener for clicks failed");
      }
    }
  }

  function ipHashOf(ip: string): string {
    let hash = ipHashes.get(ip);
    if (hash === undefined) {
      hash = hashIp(config.auth.ipHashKey, ip).subarray(0, IP_HASH_BYTES).toString("hex");
      ipHashes.set(ip, hash);
    }
    return hash;
  }

  function userAgentOf(given: string | undefined): string {
    if (given === undefined) return "";
    let agent = userAgents.get(given);
    if (agent === undefined) {
      agent = normalizeUserAgent(given);
      userAgents.set(given, agent);
    }
    return agent;
  }

  async function click(session: Session, input: unknown, meta: ClickMeta): Promise<ClickReply> {
    const { clientNonce, count } = parseClick(input);
    const keys = { session: session.id, wallet: session.playerId, ip: ipLimitKey(meta.ip) };
    const atMs = clock.now().getTime();
    const refused = throttle.take(keys, atMs);
    if (refused !== null) throw tooManyClicks(refused.scope, refused.retryAfterMs);
    const outcome = await writer.submit({
      id: clickId(session.id, clientNonce),
      session,
      taps: count,
      ipHash: ipHashOf(meta.ip),
      userAgent: userAgentOf(meta.userAgent),
      atMs,
    });
    if (outcome.outcome === "session_ended") throw sessionEnded();
    if (outcome.taps !== count) throw nonceReused(clientNonce, outcome.taps);
    return replyOf(outcome);
  }

  async function stateOf(session: Session): Promise<ClickStateReply> {
    const [state, balances] = await Promise.all([
      findState(db.pool, session.playerId),
      balancesOf(db.pool, `player:${session.playerId}`),
    ]);
    const { maxEnergy, energyPerSecond, rewardPerTap } = config.clicks;
    const energy = state === null ? null : refill(state, state.nowMicros, config.clicks);
    return {
      clicks: state === null ? 0 : Number(state.clicks),
      balance: String(balances.find(({ asset }) => asset === "COIN")?.available ?? 0n),
      energy: energy === null ? maxEnergy : wholeEnergy(energy),
      maxEnergy,
      energyPerSecond,
      rewardPerTap: String(rewardPerTap),
      retryAfterMs: energy === null ? 0 : msUntilNextTap(energy, config.clicks),
    };
  }

  return {
    routes: clickRoutes({ auth: deps.auth, click, stateOf }),
    click,
    stateOf,
    onCommitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await writer.drain();
      await watch.drain();
    },
  };
}

/** Always from the stored row, so that a repeated click is answered in the very same words. */
function replyOf(click: RecordedClick): ClickReply {
  const reply: ClickReply = {
    ok: true,
    clicks: Number(click.clicks),
    accepted: click.accepted,
    balance: String(click.balance),
    energy: click.energy,
    maxEnergy: click.max_energy,
  };
  if (click.accepted < click.taps) {
    reply.reason = "no_energy";
    reply.retryAfterMs = click.retry_after_ms;
  }
  return reply;
}

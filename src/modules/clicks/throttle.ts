import { BoundedMap } from "./bounded-map.ts";

/** A budget of requests: `burst` at once, `perSecond` for ever. */
export type Budget = { perSecond: number; burst: number };

export type ClickLimits = { session: Budget; wallet: Budget; ip: Budget };

/**
 * Requests, not taps: a request may carry 50 taps and energy limits those. Nobody's finger reaches 25 requests a second,
 * and the burst takes up what a slow connection delivers late. An address may be a household or a whole mobile carrier.
 */
export const CLICK_LIMITS: ClickLimits = {
  session: { perSecond: 25, burst: 250 },
  wallet: { perSecond: 25, burst: 250 },
  ip: { perSecond: 500, burst: 5_000 },
};

export type ClickScope = keyof ClickLimits;

const TRACKED_KEYS = 50_000;

/**
 * Leaky buckets by the generic cell rate algorithm: one number for each key, the time at which its bucket is empty
 * again. In this process's memory and without I/O, so refusing a flood costs nothing; what several processes let
 * through together is still bounded by energy, which the database counts.
 */
export class ClickThrottle {
  readonly #limits: ClickLimits;
  readonly #emptyAtMs = new BoundedMap<string, number>(TRACKED_KEYS);

  constructor(limits: ClickLimits) {
    this.#limits = limits;
  }

  /**
   * Takes one request out of every budget, or out of none: then it says whose was short, and for how long. A refused
   * request costs nothing, so a client that waits as told is served.
   */
  take(keys: Record<ClickScope, string>, nowMs: number): { scope: ClickScope; retryAfterMs: number } | null {
    const session = this.#emptyAfterOneMore("session", keys.session, nowMs);
    const wallet = this.#emptyAfterOneMore("wallet", keys.wallet, nowMs);
    const ip = this.#emptyAfterOneMore("ip", keys.ip, nowMs);
    if (session.overMs > 0) return { scope: "session", retryAfterMs: session.overMs };
    if (wallet.overMs > 0) return { scope: "wallet", retryAfterMs: wallet.overMs };
    if (ip.overMs > 0) return { scope: "ip", retryAfterMs: ip.overMs };
    this.#emptyAtMs.set(session.key, session.emptyAtMs);
    this.#emptyAtMs.set(wallet.key, wallet.emptyAtMs);
    this.#emptyAtMs.set(ip.key, ip.emptyAtMs);
    return null;
  }

  #emptyAfterOneMore(scope: ClickScope, name: string, nowMs: number) {
    const budget = this.#limits[scope];
    const key = `${scope}:${name}`;
    const emptyAtMs = Math.max(this.#emptyAtMs.get(key) ?? nowMs, nowMs) + 1_000 / budget.perSecond;
    const fullMs = (budget.burst * 1_000) / budget.perSecond;
    return { key, emptyAtMs, overMs: Math.ceil(emptyAtMs - nowMs - fullMs) };
  }
}

import { describe, expect, it } from "vitest";
import { CLICK_LIMITS, ClickThrottle } from "../../src/modules/clicks/throttle.ts";

/** What a client that sends every `everyMs` gets through in `forMs`, and what it is told otherwise. */
function send(options: { everyMs: number; forMs: number; players?: number }) {
  const throttle = new ClickThrottle(CLICK_LIMITS);
  let passed = 0;
  const refused: { scope: string; retryAfterMs: number }[] = [];
  for (let at = 0, i = 0; at < options.forMs; at += options.everyMs, i += 1) {
    const player = i % (options.players ?? 1);
    const refusal = throttle.take({ session: `s${player}`, wallet: `w${player}`, ip: "ip" }, 1_000_000 + at);
    if (refusal === null) passed += 1;
    else refused.push(refusal);
  }
  return { passed, refused };
}

describe("limits on click requests", () => {
  it("refuse most of a thousand requests a second from one client, and say until when", () => {
    const { passed, refused } = send({ everyMs: 1, forMs: 5_000 });
    expect(passed).toBeGreaterThanOrEqual(CLICK_LIMITS.session.burst);
    expect(passed).toBeLessThanOrEqual(CLICK_LIMITS.session.burst + 6 * CLICK_LIMITS.session.perSecond);
    expect(refused[0]?.scope).toBe("session");
    for (const { retryAfterMs } of refused) {
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(1_000 / CLICK_LIMITS.session.perSecond);
    }
  });

  it("never refuse a player who sends batches four times a second, nor one who taps 15 times a second", () => {
    expect(send({ everyMs: 250, forMs: 3_600_000 }).refused).toEqual([]);
    expect(send({ everyMs: 66, forMs: 3_600_000 }).refused).toEqual([]);
  });

  it("let 25 players behind one address send 5,000 requests at once or within half a minute", () => {
    expect(send({ everyMs: 6, forMs: 30_000, players: 25 }).refused).toEqual([]);
    expect(send({ everyMs: 0.0001, forMs: 0.49995, players: 25 })).toEqual({ passed: 5_000, refused: [] });
  });

  it("bound one address, however many sessions it opens", () => {
    const { passed, refused } = send({ everyMs: 0.1, forMs: 10_000, players: 1_000 });
    expect(passed).toBeLessThanOrEqual(CLICK_LIMITS.ip.burst + 11 * CLICK_LIMITS.ip.perSecond);
    expect(refused[0]?.scope).toBe("ip");
  });

  it("bound one wallet over its sessions together", () => {
    const throttle = new ClickThrottle(CLICK_LIMITS);
    const results = Array.from({ length: 1_000 }, (_unused, i) =>
      throttle.take({ session: `s${i}`, wallet: "w", ip: `ip${i}` }, 1_000_000),
    );
    expect(results.filter((refusal) => refusal === null)).toHaveLength(CLICK_LIMITS.wallet.burst);
    expect(results.at(-1)?.scope).toBe("wallet");
  });

  it("serve a client that waits as it was told", () => {
    const throttle = new ClickThrottle(CLICK_LIMITS);
    const keys = { session: "s", wallet: "w", ip: "ip" };
    let nowMs = 1_000_000;
    for (let i = 0; i < 1_000; i += 1) {
      const refusal = throttle.take(keys, nowMs);
      if (refusal === null) continue;
      nowMs += refusal.retryAfterMs;
      expect(throttle.take(keys, nowMs)).toBeNull();
    }
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/modules/auth/session.ts";
import { SessionCache } from "../../src/modules/auth/session-cache.ts";

const sessionOf = (id: string): Session => ({
  id,
  playerId: `player-${id}`,
  address: null,
  account: `demo:player-${id}`,
  roles: ["demo"],
});

type Step =
  | { do: "set"; token: number; expiresAtMs: number; late: boolean }
  | { do: "get"; token: number; nowMs: number }
  | { do: "end"; session: number }
  | { do: "clear" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("set" as const),
    token: fc.nat({ max: 11 }),
    expiresAtMs: fc.nat({ max: 100 }),
    late: fc.boolean(),
  }),
  fc.record({ do: fc.constant("get" as const), token: fc.nat({ max: 11 }), nowMs: fc.nat({ max: 100 }) }),
  fc.record({ do: fc.constant("end" as const), session: fc.nat({ max: 3 }) }),
  fc.record({ do: fc.constant("clear" as const) }),
);

describe("the session cache", () => {
  it("gives what a plain list of valid tokens would, whatever happens in which order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new SessionCache();
        const model = new Map<string, { id: string; expiresAtMs: number }>();
        const ended = new Set<string>();
        let epochBefore = cache.epoch;
        for (const one of steps) {
          switch (one.do) {
            case "set": {
              // Token n belongs to session n mod 4; a late one was looked up before the last clear.
              const id = String(one.token % 4);
              const epoch = one.late ? epochBefore : cache.epoch;
              cache.set(String(one.token), sessionOf(id), one.expiresAtMs, epoch);
              if (epoch === cache.epoch && !ended.has(id))
                model.set(String(one.token), { id, expiresAtMs: one.expiresAtMs });
              break;
            }
            case "get": {
              const known = model.get(String(one.token));
              const expected = known !== undefined && known.expiresAtMs > one.nowMs ? known.id : undefined;
              if (expected === undefined) model.delete(String(one.token));
              expect(cache.get(String(one.token), one.nowMs)?.id).toBe(expected);
              break;
            }
            case "end": {
              const id = String(one.session);
              expect(cache.end(id)).toBe(!ended.has(id));
              ended.add(id);
              for (const [token, entry] of model) if (entry.id === id) model.delete(token);
              break;
            }
            case "clear":
              epochBefore = cache.epoch;
              cache.clear();
              model.clear();
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("forgets the tokens that were not used for longest when there are too many", () => {
    const cache = new SessionCache();
    for (let i = 0; i < 50_000; i += 1) cache.set(`t${i}`, sessionOf(`s${i}`), 100, cache.epoch);
    expect(cache.get("t0", 0)?.id).toBe("s0");
    for (let i = 50_000; i < 50_010; i += 1) cache.set(`t${i}`, sessionOf(`s${i}`), 100, cache.epoch);
    expect(cache.get("t0", 0)?.id).toBe("s0");
    for (let i = 1; i <= 10; i += 1) expect(cache.get(`t${i}`, 0)).toBeNull();
    expect(cache.get("t11", 0)?.id).toBe("s11");
  });
});

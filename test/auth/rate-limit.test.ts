import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  createLimiters,
  ipLimitKey,
  type RateLimit,
  rateLimitHeaders,
} from "../../src/platform/rate-limit.ts";
import { createRedis } from "../../src/platform/redis.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { createRedisServer, hasRedisServer } from "../kit/redis-server.ts";
import { until } from "../kit/until.ts";
import { newWallet, problemOf, startAuth } from "./harness.ts";

const rule = { name: "test", points: 5, seconds: 30 };

/** How many of `attempts` at once the limit lets through. */
async function allowed(limit: RateLimit, key: string, attempts: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: attempts }, () => limit.consume(key)));
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "rate_limited" });
  return results.filter((result) => result.status === "fulfilled").length;
}

describe("a rate limit", () => {
  const limiters = createLimiters({ redis: null, log: silentLog });

  it("lets exactly its points through, for each key by itself", async () => {
    const limit = limiters.limit(rule);
    expect(await allowed(limit, "a", 20)).toBe(5);
    expect(await allowed(limit, "b", 3)).toBe(3);
    expect(await allowed(limit, "b", 3)).toBe(2);
  });

  it("says what is left and when it begins anew", async () => {
    const limit = limiters.limit({ ...rule, name: "left" });
    expect(await limit.consume("a", 2)).toEqual({ rule: limit.rule, remaining: 3, resetSeconds: 30 });
    await limit.consume("a", 3);
    await expect(limit.consume("a")).rejects.toMatchObject({
      kind: "rate_limited",
      retryAfterSeconds: 30,
      details: { limit: "left", points: 5, seconds: 30 },
    });
  });

  it("begins anew after its window", async () => {
    const limit = limiters.limit({ name: "short", points: 1, seconds: 1 });
    expect(await allowed(limit, "a", 2)).toBe(1);
    await until(async () => (await allowed(limit, "a", 1)) === 1);
  });

  it("writes the headers of the IETF draft", () => {
    const other = { name: "other", points: 10, seconds: 1 };
    expect(
      rateLimitHeaders([
        { rule, remaining: 4, resetSeconds: 29 },
        { rule: other, remaining: 0, resetSeconds: 1 },
      ]),
    ).toEqual({
      ratelimit: '"test";r=4;t=29, "other";r=0;t=1',
      "ratelimit-policy": '"test";q=5;w=30, "other";q=10;w=1',
    });
  });
});

describe("whom an IP address counts as", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0DB8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["not an address", "not an address"],
  ])("%s counts as %s", (ip, key) => {
    expect(ipLimitKey(ip)).toBe(key);
  });

  it("is one for all addresses of a /64, and another for every other", () => {
    const groups = (n: number) => fc.array(fc.nat({ max: 0xffff }), { minLength: n, maxLength: n });
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), (network, host, otherHost) => {
        const text = (parts: number[]) => parts.map((part) => part.toString(16)).join(":");
        const key = ipLimitKey(text([...network, ...host]));
        expect(ipLimitKey(text([...network, ...otherHost]).toUpperCase())).toBe(key);
        const neighbour = [...network.slice(0, 3), ((network[3] ?? 0) + 1) % 0x10000];
        expect(ipLimitKey(text([...neighbour, ...host]))).not.toBe(key);
      }),
    );
  });
});

describe("the limits of signing in", async () => {
  const db = await createTestDatabase();

  it("refuse the 31st challenge of a minute for one address, and say so in the headers", async () => {
    const app = await startAuth(db);
    const body = { address: newWallet().address, chain: "flare" };
    const first = await app.post("/auth/wallet-challenge", body);
    expect(first.headers.ratelimit).toBe('"challenge-ip";r=119;t=60, "challenge-address";r=29;t=60');
    expect(first.headers["ratelimit-policy"]).toBe(
      '"challenge-ip";q=120;w=60, "challenge-address";q=30;w=60',
    );
    for (let i = 1; i < 30; i += 1) await app.post("/auth/wallet-challenge", body);
    const response = await app.post("/auth/wallet-challenge", {
      ...body,
      address: body.address.toLowerCase(),
    });
    expect(problemOf(response)).toMatchObject({
      status: 429,
      code: "rate_limited",
      details: { limit: "challenge-address" },
    });
    expect(response.headers.ratelimit).toMatch(/"challenge-address";r=0;t=\d+$/);
    expect(response.headers["retry-after"]).toMatch(/^\d+$/);
    await app.challenge(newWallet().address);
  });

  it("refuse guesses and floods from one IP, and let a room of 25 players in", async () => {
    const app = await startAuth(db);
    for (let i = 0; i < 25; i += 1) await app.signIn(newWallet());
    for (let i = 0; i < 25; i += 1) await app.demo();
    const guess = { message: "x", signature: "0x" };
    const flood = (path: string, body?: unknown) =>
      Promise.all(Array.from({ length: 120 }, () => app.post(path, body)));
    for (const [path, body, limit] of [
      ["/auth/verify", guess, "verify-ip"],
      ["/auth/demo", undefined, "demo-ip"],
    ] as const) {
      const refused = (await flood(path, body)).filter((response) => response.statusCode === 429);
      expect(refused).not.toHaveLength(0);
      for (const response of refused) expect(problemOf(response)).toMatchObject({ details: { limit } });
    }
  });

  it("count clients behind a trusted proxy by the address that it forwards, and only then", async () => {
    const proxied = await startAuth(db, { trustProxy: true });
    const direct = await startAuth(db);
    const ask = (app: typeof direct, ip: string) =>
      app.post(
        "/auth/wallet-challenge",
        { address: newWallet().address, chain: "flare" },
        { "x-forwarded-for": ip },
      );
    const remaining = async (app: typeof direct, ip: string) =>
      /"challenge-ip";r=(\d+)/.exec(String((await ask(app, ip)).headers.ratelimit))?.[1];
    expect([await remaining(proxied, "198.51.100.1"), await remaining(proxied, "198.51.100.2")]).toEqual([
      "119",
      "119",
    ]);
    expect([await remaining(direct, "198.51.100.1"), await remaining(direct, "198.51.100.2")]).toEqual([
      "119",
      "118",
    ]);
  });
});

describe.skipIf(!hasRedisServer)("limits that processes share through Redis", async () => {
  const server = await createRedisServer();
  const processOf = () => {
    const redis = createRedis(server.url, silentLog);
    const limiters = createLimiters({ redis, log: silentLog });
    afterAll(() => {
      limiters.close();
      redis.disconnect();
    });
    return { redis, limit: (name: string) => limiters.limit({ ...rule, name }) };
  };
  const [one, two] = [processOf(), processOf()];
  afterAll(() => server.kill());

  /** Whether both processes count in Redis again. */
  let probes = 0;
  async function shared(): Promise<boolean> {
    probes += 1;
    const [a, b] = [one.limit(`probe-${probes}`), two.limit(`probe-${probes}`)];
    return (await allowed(a, "k", 5)) + (await allowed(b, "k", 5)) === 5;
  }

  it("count by themselves before Redis is there, and together once it is", async () => {
    expect(await allowed(one.limit("early"), "k", 8)).toBe(5);
    expect(await shared()).toBe(false);
    await server.start();
    await until(shared);
  });

  it("let exactly their points through, of both processes together", async () => {
    const [a, b] = [one.limit("together"), two.limit("together")];
    const counts = await Promise.all([allowed(a, "k", 50), allowed(b, "k", 50)]);
    expect(counts[0] + counts[1]).toBe(5);
    await expect(a.consume("k")).rejects.toMatchObject({ code: "rate_limited" });
  });

  it("go on by themselves when Redis is killed, and together again when it is back", async () => {
    const [a, b] = [one.limit("killed"), two.limit("killed")];
    expect(await allowed(a, "k", 2)).toBe(2);
    await server.kill();
    expect(await allowed(a, "k", 9)).toBe(5);
    expect(await allowed(b, "k", 9)).toBe(5);
    await server.start();
    await until(shared);
  });

  it("hold no request up for long when Redis hangs", async () => {
    const a = one.limit("frozen");
    await a.consume("k");
    server.signal("SIGSTOP");
    try {
      const started = performance.now();
      expect(await allowed(a, "k", 9)).toBe(5);
      expect(performance.now() - started).toBeLessThan(15_000);
      const restarted = performance.now();
      expect(await allowed(one.limit("frozen-later"), "k", 9)).toBe(5);
      expect(performance.now() - restarted).toBeLessThan(15_000);
    } finally {
      server.signal("SIGCONT");
    }
    await until(shared);
  });
});

import { beforeAll, describe, expect, it } from "vitest";
import { call, createTestApp, fundRewards, randomWallet, signIn } from "../kit/app.ts";

const app = await createTestApp({ ROLE: "api" });
const wallet = randomWallet();
let token: string;

beforeAll(async () => {
  await fundRewards(app.db);
  token = await signIn(app, wallet);
  await call(app, "POST", "/click", { token, body: { clientNonce: "earn", count: 50 } });
});

const request = (body: unknown, key: string) =>
  call(app, "POST", "/payouts", { token, body, headers: { "idempotency-key": key } });
const coins = (amount: unknown, more: object = {}) => ({ asset: "COIN", amount, payAs: "FLR", ...more });
const balance = async () => (await call(app, "GET", `/balance/${wallet.address}`)).body.balances as unknown;

describe("bad input to payouts", () => {
  const cases: { what: string; body: unknown; status: number; code: string }[] = [
    { what: "zero", body: coins("0"), status: 400, code: "invalid_amount" },
    { what: "negative", body: coins("-5"), status: 400, code: "invalid_request" },
    { what: "fractional", body: coins("1.5"), status: 400, code: "invalid_request" },
    { what: "exponent", body: coins("1e3"), status: 400, code: "invalid_request" },
    { what: "10^60", body: coins(`1${"0".repeat(60)}`), status: 400, code: "invalid_request" },
    { what: "a number instead of a string", body: coins(5), status: 400, code: "invalid_request" },
    { what: "an unknown asset", body: coins("5", { asset: "GOLD" }), status: 400, code: "unknown_asset" },
    { what: "an unknown payAs", body: coins("5", { payAs: "GOLD" }), status: 400, code: "unknown_asset" },
    { what: "a malformed address", body: coins("5", { to: "0x12" }), status: 400, code: "invalid_address" },
    {
      what: "a wrong checksum",
      body: coins("5", { to: "0x70997970c51812dc3A010C7d01b50e0d17dc79C8" }),
      status: 400,
      code: "invalid_address",
    },
    {
      what: "the zero address",
      body: coins("5", { to: `0x${"0".repeat(40)}` }),
      status: 400,
      code: "zero_address",
    },
    {
      what: "the vault itself",
      body: coins("5", { to: app.config.flare.vaultAddress }),
      status: 422,
      code: "payee_is_vault",
    },
    {
      what: "an unknown delivery",
      body: coins("5", { delivery: "pigeon" }),
      status: 400,
      code: "invalid_request",
    },
    { what: "an unknown member", body: coins("5", { tip: "1" }), status: 400, code: "invalid_request" },
    { what: "more than the balance", body: coins("51"), status: 422, code: "insufficient_funds" },
    { what: "an array", body: [], status: 400, code: "invalid_request" },
    {
      what: "a prototype",
      body: '{"asset":"COIN","amount":"5","payAs":"FLR","__proto__":{"a":1}}',
      status: 400,
      code: "invalid_json",
    },
  ];
  it.each(cases)("$what: $status $code, and nothing moves", async ({ what, body, status, code }) => {
    const before = await balance();
    const answer = await request(body, `bad-${what.replaceAll(/[^a-z0-9]/gi, "-")}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.body).toMatchObject({
      status,
      title: expect.any(String),
      detail: expect.any(String),
      requestId: expect.any(String),
    });
    expect(await balance()).toEqual(before);
  });

  it("needs an Idempotency-Key", async () => {
    const answer = await call(app, "POST", "/payouts", { token, body: coins("5") });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(answer.body.detail).toContain("idempotency-key");
  });

  it("spends a balance once when it is asked for twice at once", async () => {
    const poor = randomWallet();
    const poorToken = await signIn(app, poor);
    await call(app, "POST", "/click", { token: poorToken, body: { clientNonce: "earn", count: 50 } });
    const ask = (key: string) =>
      call(app, "POST", "/payouts", {
        token: poorToken,
        body: coins("50"),
        headers: { "idempotency-key": key },
      });
    const answers = await Promise.all(Array.from({ length: 8 }, (_unused, i) => ask(`twice-at-once-${i}`)));
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(1);
    expect(new Set(answers.filter((a) => a.status !== 202).map((a) => a.body.code))).toEqual(
      new Set(["insufficient_funds"]),
    );
  });

  it("makes one payout of one Idempotency-Key, however often and however concurrently it is sent", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => request(coins("7"), "same-key-0001")));
    const made = answers.filter((answer) => answer.status === 202);
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.every((a) => a.status === 202 || a.body.code === "request_in_flight")).toBe(true);
    expect((await request(coins("7"), "same-key-0001")).body).toEqual(made[0]?.body);
    const other = await request(coins("8"), "same-key-0001");
    expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
  });
});

describe("bad input to the server", () => {
  it.each([
    { what: "malformed JSON", body: '{"address":', status: 400, code: "invalid_json" },
    {
      what: "a 1 MB body",
      body: JSON.stringify({ address: "x".repeat(1_000_000) }),
      status: 413,
      code: "body_too_large",
    },
    { what: "no JSON object", body: "3", status: 400, code: "invalid_request" },
  ])("$what gets $status $code", async ({ body, status, code }) => {
    const answer = await call(app, "POST", "/auth/wallet-challenge", { body });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it("names a route that does not exist, and a media type that it does not read", async () => {
    expect((await call(app, "GET", "/nothing")).body).toMatchObject({ status: 404, code: "route_not_found" });
    const xml = await call(app, "POST", "/auth/verify", {
      body: "<a/>",
      headers: { "content-type": "application/xml" },
    });
    expect([xml.status, xml.body.code]).toEqual([400, "unsupported_media_type"]);
  });

  it.each([
    ["NUL", '"a\\u0000b"'],
    ["half of a surrogate pair", '"\\ud83d!"'],
    ["33 levels", "[".repeat(32) + "]".repeat(32)],
    ["10,000 levels", "[".repeat(10_000) + "]".repeat(10_000)],
  ])("refuses text that cannot be stored and nesting that cannot be walked: %s", async (_what, value) => {
    for (const body of [`{"address":${value},"chain":"flare"}`, `{"metadata":{"a":${value}}}`]) {
      const answer = await call(app, "POST", "/auth/wallet-challenge", { body });
      expect([answer.status, answer.body.code]).toEqual([400, "invalid_json"]);
    }
  });

  it("stores what is written with escapes but is whole", async () => {
    const answer = await call(app, "POST", "/auth/verify", {
      body: '{"message":"\\ud83d\\ude00 \\u00e4","signature":"0x"}',
    });
    expect(answer.body.code).toBe("message_malformed");
  });

  it("refuses a NUL in an address, and an address that cannot be decoded", async () => {
    const nul = await call(app, "GET", "/leaderboard?limit=%00");
    expect([nul.status, nul.body.code]).toEqual([400, "invalid_request"]);
    const broken = await call(app, "GET", "/balance/%ff");
    expect([broken.status, broken.body.code]).toEqual([400, "invalid_request"]);
    expect(broken.headers["x-request-id"]).toBe(broken.body.requestId);
  });

  it("refuses a broken cursor and a limit out of range", async () => {
    const cursor = await call(app, "GET", "/payouts?cursor=%21%21", { token });
    expect([cursor.status, cursor.body.code]).toEqual([400, "invalid_cursor"]);
    const noId = Buffer.from(`1:${"-".repeat(36)}`).toString("base64url");
    expect((await call(app, "GET", `/payouts?cursor=${noId}`, { token })).body.code).toBe("invalid_cursor");
    expect((await call(app, "GET", "/leaderboard?limit=0")).body.code).toBe("invalid_request");
    for (const limit of ["201", "Infinity", "-Infinity", "9".repeat(400), "NaN", "1e999"])
      expect((await call(app, "GET", `/leaderboard?limit=${limit}`)).body.code).toBe("invalid_request");
  });

  it("refuses a token after logout", async () => {
    const session = await signIn(app, randomWallet());
    expect((await call(app, "GET", "/auth/session", { token: session })).status).toBe(200);
    expect((await call(app, "POST", "/auth/logout", { token: session })).status).toBeLessThan(300);
    const after = await call(app, "GET", "/auth/session", { token: session });
    expect([after.status, after.body.code]).toEqual([401, "session_ended"]);
  });

  it("says how much an address may still ask", async () => {
    const { headers } = await call(app, "GET", "/config");
    expect(headers.ratelimit).toMatch(/^"api";r=\d+;t=\d+/);
    expect(headers["ratelimit-policy"]).toBe('"api";q=12000;w=60');
  });

  it("shows metrics to this machine only, unless a token is set", async () => {
    const local = await fetch(`${app.url}/metrics`);
    expect([local.status, (await local.text()).includes("http_request_duration_seconds")]).toEqual([
      200,
      true,
    ]);
    const remote = await app.app.http.inject({
      method: "GET",
      url: "/metrics",
      remoteAddress: "203.0.113.7",
    });
    expect([remote.statusCode, remote.json().code]).toEqual([403, "metrics_forbidden"]);
  });
});

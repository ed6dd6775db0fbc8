import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuth } from "../../src/modules/auth/index.ts";
import { createClicks } from "../../src/modules/clicks/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createHttpServer, type HttpServer } from "../../src/platform/http/index.ts";
import { testConfig } from "../kit/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { expectBooksToAgree } from "./books.ts";

const db = await createTestDatabase();
const config = testConfig();
const auth = createAuth({ config, db, clock: systemClock, log: silentLog, provider: null });
const clicks = createClicks({ config, db, clock: systemClock, log: silentLog, auth });
let server: HttpServer;

beforeAll(async () => {
  server = await createHttpServer({ log: silentLog, trustProxy: false, version: "test" });
  await server.register(auth.routes, { prefix: "/api/v1" });
  await server.register(clicks.routes, { prefix: "/api/v1" });
  await auth.start();
});
afterAll(async () => {
  await server.close();
  await clicks.close();
  await auth.close();
});

async function demoToken(): Promise<string> {
  const reply = await server.inject({ method: "POST", url: "/api/v1/auth/demo" });
  expect(reply.statusCode).toBe(200);
  return reply.json<{ token: string }>().token;
}

const post = (token: string, payload: unknown) =>
  server.inject({
    method: "POST",
    url: "/api/v1/click",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });

describe("POST /click", () => {
  it("answers a demo session, and the same again byte for byte", async () => {
    const token = await demoToken();
    const first = await post(token, { clientNonce: "a", count: 3 });
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({
      ok: true,
      clicks: 3,
      accepted: 3,
      balance: "3",
      energy: 997,
      maxEnergy: 1_000,
    });
    const again = await post(token, { clientNonce: "a", count: 3 });
    expect(again.body).toBe(first.body);
    const state = await server.inject({
      url: "/api/v1/click",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(state.json()).toMatchObject({
      clicks: 3,
      balance: "3",
      maxEnergy: 1_000,
      energyPerSecond: 3,
      rewardPerTap: "1",
    });
  });

  it.each([
    [{}, "invalid_request"],
    [{ clientNonce: "" }, "invalid_request"],
    [{ clientNonce: "a", count: 0 }, "invalid_request"],
    [{ clientNonce: "a", count: 51 }, "invalid_request"],
    [{ clientNonce: "a", count: 1.5 }, "invalid_request"],
    [{ clientNonce: "a", count: "1" }, "invalid_request"],
    [{ clientNonce: "a", energy: 1_000 }, "invalid_request"],
    [{ clientNonce: "a b" }, "invalid_request"],
    [[], "invalid_request"],
    ["{", "invalid_json"],
  ])("refuses %j as %s", async (payload, code) => {
    const reply = await post(await demoToken(), payload);
    expect(reply.statusCode).toBe(400);
    expect(reply.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(reply.json()).toMatchObject({ status: 400, code });
  });

  it("refuses whoever has no session, or has it no more", async () => {
    expect((await post("nonsense", { clientNonce: "a" })).statusCode).toBe(401);
    const token = await demoToken();
    await post(token, { clientNonce: "a" });
    await server.inject({
      method: "POST",
      url: "/api/v1/auth/logout",
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await post(token, { clientNonce: "b" })).statusCode).toBe(401);
  });

  it("refuses a nonce with another count as 422", async () => {
    const token = await demoToken();
    await post(token, { clientNonce: "a", count: 3 });
    const reply = await post(token, { clientNonce: "a", count: 4 });
    expect(reply.statusCode).toBe(422);
    expect(reply.json()).toMatchObject({ code: "nonce_reused", details: { firstCount: 3 } });
  });

  it("tells a flood when to come back, and loses nothing of what it accepted", async () => {
    const token = await demoToken();
    const replies = await Promise.all(
      Array.from({ length: 1_000 }, (_unused, i) => post(token, { clientNonce: `${i}` })),
    );
    const refused = replies.filter((reply) => reply.statusCode === 429);
    expect(refused.length).toBeGreaterThan(500);
    expect(refused[0]?.headers["retry-after"]).toBe("1");
    expect(refused[0]?.json()).toMatchObject({ code: "too_many_clicks", details: { scope: "session" } });
    const accepted = replies.filter((reply) => reply.statusCode === 200);
    expect(accepted.length + refused.length).toBe(1_000);
    const totals = accepted.map((reply) => reply.json<{ clicks: number }>().clicks).toSorted((a, b) => a - b);
    expect(totals).toEqual(accepted.map((_unused, i) => i + 1));
    await expectBooksToAgree(db);
  });
});

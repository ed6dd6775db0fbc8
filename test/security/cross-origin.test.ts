import { describe, expect, it } from "vitest";
import { createTestApp, randomWallet, signIn } from "../kit/app.ts";
import { ask, operationsOf } from "./operations.ts";

const EVIL = "https://evil.example";
const app = await createTestApp({ ROLE: "api" });
const token = await signIn(app, randomWallet());
const operations = operationsOf(app);
const unsafe = operations.filter(({ method, secured }) => secured && method !== "GET");

const FROM: Record<string, string>[] = [
  { origin: EVIL },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
];

describe("another site's page", () => {
  it.each(unsafe)("cannot have a visitor's cookie sign $method $path", async ({ method, path }) => {
    const cookie = `cc_access=${token}; cc_refresh=${token}`;
    for (const from of FROM) {
      const answer = await ask(app, method, path, {
        body: {},
        headers: { ...from, cookie, "idempotency-key": "cross-origin-1" },
      });
      expect([answer.status, answer.body.code]).toEqual([403, "cross_origin_refused"]);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
  });

  it("has found every route that changes something to try it on", () => {
    expect(unsafe.length).toBeGreaterThanOrEqual(12);
  });

  it.each(operations)("is never let in by CORS: $method $path", async ({ method, path }) => {
    const asked = await ask(app, method, path, { token, headers: { origin: EVIL } });
    const preflight = await ask(app, "OPTIONS", path, {
      headers: { origin: EVIL, "access-control-request-method": method },
    });
    expect(preflight.status).toBe(404);
    for (const { headers } of [asked, preflight]) {
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });

  it("cannot open a socket, by WebSocket or by polling", async () => {
    const polling = await fetch(`${app.url}/ws/?EIO=4&transport=polling`, { headers: { origin: EVIL } });
    expect([polling.status, polling.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    const upgrade = await fetch(`${app.url}/ws/?EIO=4&transport=polling`, { headers: { origin: app.url } });
    expect(upgrade.status).toBe(200);
  });
});

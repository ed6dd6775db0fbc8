import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createTestApp, randomWallet } from "../kit/app.ts";
import { testConfig } from "../kit/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { ask } from "./operations.ts";

const CRLF = "\r\n";
const app = await createTestApp({ ROLE: "api" });

/** Bytes as they are, and all that comes back until the server has said what it has to say. */
function sendRaw(url: string, ...chunks: string[]): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (data: Buffer) => {
      answer += data.toString("latin1");
    });
    socket.on("error", fail);
    socket.on("close", () => done(answer));
    for (const chunk of chunks) socket.write(chunk, "latin1");
  });
}

const head = (...lines: string[]) => ["GET /health HTTP/1.1", "host: x", ...lines, "", ""].join(CRLF);

describe("a request that no client library would send", () => {
  it.each([
    ["a line feed in a header", head("x-a: b\nx-injected: 1\n c")],
    ["a carriage return in a header", head("x-a: b\rx-injected: 1")],
    ["a NUL in a header", head("x-a: b\0c")],
    ["a space in a header's name", head("x a: b")],
    [
      "a header that is folded",
      head("x-a: b", "", " x-injected: 1").replace(`${CRLF}${CRLF} x`, `${CRLF} x`),
    ],
    ["another protocol", "GET /health GOPHER/1.1\r\n\r\n"],
    ["another version", "GET /health HTTP/9.9\r\nhost: x\r\n\r\n"],
    ["a method that there is not", "BREW /health HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a length and chunks at once", head("content-length: 5", "transfer-encoding: chunked")],
    ["two lengths", head("content-length: 5", "content-length: 6")],
    ["a negative length", head("content-length: -1")],
    ["a chunk of no size", `${head("transfer-encoding: chunked")}zz${CRLF}${CRLF}`],
  ])("with %s is refused as a problem, and the connection ends", async (_what, bytes) => {
    const answer = await sendRaw(app.url, bytes);
    const [statusLine] = answer.split(CRLF);
    expect(statusLine).toBe("HTTP/1.1 400 Bad Request");
    expect(answer.split(`${CRLF}${CRLF}`)[0]).not.toContain("x-injected");
    expect(JSON.parse(answer.split(`${CRLF}${CRLF}`)[1] ?? "")).toMatchObject({
      status: 400,
      code: "malformed_request",
      requestId: /x-request-id: (\S+)/.exec(answer)?.[1],
    });
  });

  it("with 20 KB of headers is refused as a problem, to HEAD without a body", async () => {
    const padding = `x-padding: ${"p".repeat(20_000)}`;
    const answer = await sendRaw(app.url, head(padding));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(JSON.parse(answer.split(`${CRLF}${CRLF}`)[1] ?? "")).toMatchObject({ code: "headers_too_large" });
    const toHead = await sendRaw(app.url, head(padding).replace("GET", "HEAD"));
    expect(toHead.split(`${CRLF}${CRLF}`)[1]).toBe("");
  });

  it("does not hide a second request behind a first one that is refused", async () => {
    const smuggled = head("content-length: 6", "transfer-encoding: chunked");
    const answer = await sendRaw(app.url, `${smuggled}0${CRLF}${CRLF}${head()}`);
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  it("is given half a minute to arrive, headers and body, and no more", () => {
    expect(app.app.http.server.requestTimeout).toBe(30_000);
    expect(app.app.http.server.headersTimeout).toBeLessThanOrEqual(60_000);
  });
});

describe("what a request brings along", () => {
  let logged: App;
  let url = "";
  const written = new PassThrough();
  let log = "";
  written.on("data", (data: Buffer) => {
    log += data.toString("utf8");
  });

  beforeAll(async () => {
    const db = await createTestDatabase({ maxConnections: 10 });
    const config = testConfig({ DATABASE_URL: db.url, ROLE: "api" });
    logged = await createApp({
      config,
      log: createLogger({ level: "trace" }, written),
      clock: systemClock,
      db,
    });
    url = await logged.start();
  });
  afterAll(() => logged.close());

  const forged = '"}\n{"level":60,"msg":"the vault is empty"}';

  it("never becomes a line of the log of its own, nor a header of the answer", async () => {
    const encoded = encodeURIComponent(forged);
    for (const path of [
      `/health?x=${encoded}`,
      `/api/v1/balance/${encoded}`,
      `/api/v1/payouts/${encoded}/receipt`,
      `/api/v1/${encoded}`,
      "/%0d%0ax-injected:%201",
    ]) {
      const answer = await fetch(`${url}${path}`, {
        headers: { "user-agent": '{"level":60}', referer: "x%0a%0d", "x-request-id": "forged" },
      });
      expect(answer.headers.get("x-injected")).toBeNull();
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
    await fetch(`${url}/api/v1/auth/verify`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message: forged, signature: "0x" }),
    });
    const lines = log.split("\n").filter((line) => line !== "");
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 50)).toEqual([]);
  });

  it("is not in the log where it is secret: neither tokens nor signatures nor our own keys", async () => {
    const there = { app: logged };
    const wallet = randomWallet();
    const challenge = await ask(there, "POST", "/auth/wallet-challenge", {
      body: { address: wallet.address, chain: "flare" },
    });
    const { message } = challenge.body as { message: string };
    const signature = await wallet.signMessage(message);
    const { body } = await ask(there, "POST", "/auth/verify", { body: { message, signature } });
    const token = String(body.token);
    await ask(there, "GET", "/auth/session", { headers: { cookie: `cc_access=${token}` } });
    await ask(there, "POST", "/auth/refresh", { body: { refreshToken: body.refreshToken } });
    await ask(there, "POST", "/auth/refresh", { body: { refreshToken: body.refreshToken } });
    await ask(there, "GET", "/auth/session", { token: `${token}x` });
    await until(() => log.includes("a refresh token was used twice"));
    const { auth, flare } = testConfig();
    for (const secret of [token, body.refreshToken, signature, auth.secret, auth.ipHashKey])
      expect(log).not.toContain(secret);
    expect(log).not.toContain(flare.operatorKey?.slice(2));
  });
});

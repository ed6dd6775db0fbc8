import { PassThrough } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { createHttpServer, type HttpServer } from "../../src/platform/http/index.ts";
import { createLogger } from "../../src/platform/log.ts";

let server: HttpServer;
afterEach(() => server.close());

async function build() {
  const written = new PassThrough({ encoding: "utf8" });
  server = await createHttpServer({
    log: createLogger({ level: "info" }, written),
    trustProxy: false,
    version: "test",
  });
  return { lines: () => ((written.read() as string | null) ?? "").split("\n").filter((line) => line !== "") };
}

it("writes the request's id in each of its log lines, and no secret", async () => {
  const { lines } = await build();
  server.get("/logs", async (request) => {
    request.log.info({ token: "visible-if-broken", kept: 1 }, "said");
    return { id: request.id };
  });
  const [first, second] = [await server.inject("/logs"), await server.inject("/logs")];
  const written = lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(written.map(({ reqId }) => reqId)).toEqual([first.json().id, second.json().id]);
  expect(first.headers["x-request-id"]).toBe(first.json().id);
  for (const line of written) expect(line).toMatchObject({ msg: "said", token: "[redacted]", kept: 1 });
});

it("puts the security headers on answers, refusals and what is not there", async () => {
  await build();
  server.get("/works", async () => ({ ok: true }));
  server.get("/fails", async () => {
    throw new Error("broken");
  });
  for (const path of ["/works", "/fails", "/missing"]) {
    const { headers } = await server.inject(path);
    expect(headers["content-security-policy"], path).toMatch(/script-src 'self'(;|$)/);
    expect(headers["content-security-policy"]).toMatch(/frame-ancestors 'none'(;|$)/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "strict-transport-security": expect.stringContaining("max-age="),
      "referrer-policy": "no-referrer",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  }
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpServer, type HttpServer } from "../../src/platform/http/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { webRoutes } from "../../src/routes/web.ts";

const HTML = { accept: "text/html,application/xhtml+xml" };
const log = createLogger({ level: "silent" });
let dist: string;
let server: HttpServer;

async function serve(options: Parameters<typeof webRoutes>[0]): Promise<HttpServer> {
  const made = await createHttpServer({ log, trustProxy: false, version: "0" });
  await made.register(webRoutes(options));
  return made;
}

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), "cc-web-"));
  mkdirSync(join(dist, "assets"));
  mkdirSync(join(dist, ".vite"));
  writeFileSync(join(dist, "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(dist, "assets/index-abc.js"), "let a = 1;");
  writeFileSync(join(dist, "assets/index-abc.js.gz"), gzipSync("let a = 1;"));
  writeFileSync(join(dist, ".vite/manifest.json"), "{}");
  server = await serve({ dist, localRpcUrl: "http://127.0.0.1:8545/rpc" });
});

afterAll(async () => {
  await server.close();
  rmSync(dist, { recursive: true });
});

describe("the page's routes", () => {
  it.each(["/", "/cash-out", "/payouts/01a1f863-ea0b-72a7-9003-5c1fc1c8ae8a", "/admin/treasury"])(
    "give the page at %s, always asked anew",
    async (url) => {
      const reply = await server.inject({ url, headers: HTML });
      expect(reply.statusCode).toBe(200);
      expect(reply.body).toContain("<title>page</title>");
      expect(reply.headers["cache-control"]).toBe("no-cache");
    },
  );

  it("give what has a hash in its name for ever, compressed where that is understood", async () => {
    const plain = await server.inject("/assets/index-abc.js");
    expect(plain.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
    });
    expect(plain.body).toBe("let a = 1;");
    const small = await server.inject({
      url: "/assets/index-abc.js",
      headers: { "accept-encoding": "gzip, br" },
    });
    expect(small.headers["content-encoding"]).toBe("gzip");
    expect(small.rawPayload).toEqual(gzipSync("let a = 1;"));
  });

  it.each([
    "/api/v1/nothing",
    "/assets/gone.js",
    "/assets/..%2f..%2fpackage.json",
    "/.vite/manifest.json",
    "/.built",
  ])("do not pretend that there is a page at %s", async (url) => {
    const reply = await server.inject({ url, headers: HTML });
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toMatchObject({ code: "route_not_found" });
  });

  it("answer a program, which does not ask for a page, with a problem", async () => {
    expect(
      (await server.inject({ url: "/cash-out", headers: { accept: "application/json" } })).statusCode,
    ).toBe(404);
  });

  it("allow the page to ask the local chain's node, and no other", async () => {
    const policy = String(
      (await server.inject({ url: "/", headers: HTML })).headers["content-security-policy"],
    );
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:8545 ws: wss:");
    expect(policy).toContain("script-src 'self';");
    const real = await serve({ dist, localRpcUrl: null });
    const strict = String(
      (await real.inject({ url: "/", headers: HTML })).headers["content-security-policy"],
    );
    expect(strict).toContain("connect-src 'self' ws: wss:");
    await real.close();
  });

  it("lead to the API's description while the page is not built", async () => {
    const bare = await serve({ dist: join(dist, "nowhere"), localRpcUrl: null });
    const reply = await bare.inject({ url: "/", headers: HTML });
    expect(reply.statusCode).toBe(302);
    expect(reply.headers.location).toBe("/docs");
    await bare.close();
  });
});

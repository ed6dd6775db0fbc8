import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../kit/database.ts";
import { bearer, newWallet, ORIGIN, okay, problemOf, startAuth } from "./harness.ts";

const db = await createTestDatabase();
const app = await startAuth(db);
const secure = await startAuth(db, { env: { PUBLIC_URL: "https://play.example" }, clock: app.clock });

async function signedInCookies(harness: typeof app) {
  const response = await harness.post("/auth/demo");
  const cookies = Object.fromEntries(response.cookies.map((cookie) => [cookie.name, cookie]));
  return { response, access: cookies.cc_access, refresh: cookies.cc_refresh };
}

describe("the cookies of a sign-in", () => {
  it("are out of reach of scripts and of other sites, and the refresh cookie goes to the auth routes only", async () => {
    const { access, refresh } = await signedInCookies(app);
    expect(access).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/", maxAge: 900 });
    expect(refresh).toMatchObject({
      httpOnly: true,
      sameSite: "Strict",
      path: "/api/v1/auth",
      maxAge: 2_592_000,
    });
    expect(access?.secure).toBeUndefined();
  });

  it("are Secure when the public URL is https", async () => {
    const { access, refresh } = await signedInCookies(secure);
    expect(access?.secure).toBe(true);
    expect(refresh?.secure).toBe(true);
  });

  it("hold what the body holds, and no cache may keep either", async () => {
    const { response, access, refresh } = await signedInCookies(app);
    const body = response.json();
    expect(access?.value).toBe(body.token);
    expect(refresh?.value).toBe(body.refreshToken);
    expect(response.headers["cache-control"]).toBe("no-store");
  });

  it("go with the logout, under the same path and flags", async () => {
    const { access } = await signedInCookies(secure);
    const response = await secure.post("/auth/logout", undefined, bearer(access?.value ?? ""));
    expect(response.statusCode).toBe(204);
    for (const [name, path] of [
      ["cc_access", "/"],
      ["cc_refresh", "/api/v1/auth"],
    ]) {
      const cookie = response.cookies.find((one) => one.name === name);
      expect(cookie).toMatchObject({ value: "", path, secure: true, httpOnly: true, sameSite: "Strict" });
      expect(cookie?.expires?.getTime()).toBe(0);
    }
  });
});

describe("a request that a cookie signs", () => {
  const own = { origin: ORIGIN };
  const allowed: [string, Record<string, string>][] = [
    ["our Origin", own],
    ["Sec-Fetch-Site: same-origin", { "sec-fetch-site": "same-origin", ...own }],
    [
      "same-origin under another name of this machine",
      { "sec-fetch-site": "same-origin", origin: "http://localhost:3000" },
    ],
  ];
  const refused: [string, Record<string, string>][] = [
    ["another Origin", { origin: "https://evil.example" }],
    ["another port", { origin: "http://127.0.0.1:3001" }],
    ["another scheme", { origin: "https://127.0.0.1:3000" }],
    ["an opaque Origin", { origin: "null" }],
    ["an Origin that begins like ours", { origin: `${ORIGIN}.evil.example` }],
    ["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site", ...own }],
    ["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site", ...own }],
    ["Sec-Fetch-Site: none", { "sec-fetch-site": "none" }],
  ];

  it.each(allowed)("may change things with %s", async (_name, headers) => {
    const { token } = await app.demo();
    okay(await app.post("/me", undefined, { cookie: `cc_access=${token}`, ...headers }));
  });

  it.each([...refused, ["neither header", {}] as [string, Record<string, string>]])(
    "may not change things with %s",
    async (_name, headers) => {
      const { token } = await app.demo();
      const response = await app.post("/me", undefined, { cookie: `cc_access=${token}`, ...headers });
      expect(problemOf(response)).toMatchObject({
        status: 403,
        code: "cross_origin_refused",
        details: { expectedOrigin: ORIGIN },
      });
      okay(await app.get("/me", { cookie: `cc_access=${token}`, ...headers }));
      okay(await app.post("/me", undefined, { ...bearer(token), ...headers }));
    },
  );

  it.each(refused)("can neither sign in, refresh nor log out with %s", async (_name, headers) => {
    const { token, refreshToken } = await app.demo();
    const cookie = `cc_access=${token}; cc_refresh=${refreshToken}`;
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    const signature = await wallet.signMessage(message);
    for (const [path, body] of [
      ["/auth/demo", undefined],
      ["/auth/verify", { message, signature }],
      ["/auth/refresh", undefined],
      ["/auth/logout", undefined],
    ] as const) {
      const response = await app.post(path, body, { cookie, ...headers });
      expect(problemOf(response)).toMatchObject({ status: 403, code: "cross_origin_refused" });
      expect(response.headers["set-cookie"]).toBeUndefined();
    }
    okay(await app.get("/me", bearer(token)));
    okay(await app.post("/auth/refresh", undefined, { cookie, ...own }));
  });

  it("refreshes by cookie only from our pages, and by body from anywhere", async () => {
    const { refreshToken } = await app.demo();
    const cookie = `cc_refresh=${refreshToken}`;
    expect(problemOf(await app.post("/auth/refresh", undefined, { cookie })).code).toBe(
      "cross_origin_refused",
    );
    const next = okay<{ refreshToken: string }>(
      await app.post("/auth/refresh", undefined, { cookie, ...own }),
    );
    okay(await app.post("/auth/refresh", { refreshToken: next.refreshToken }));
  });

  it("logs out by the refresh cookie when the access cookie is gone", async () => {
    const { token, refreshToken } = await app.demo();
    const response = await app.post("/auth/logout", undefined, {
      cookie: `cc_refresh=${refreshToken}`,
      ...own,
    });
    expect(response.statusCode).toBe(204);
    expect(problemOf(await app.get("/me", bearer(token))).code).toBe("session_ended");
  });

  it("logs out by the refresh cookie when the access token has expired, but not when it is forged", async () => {
    const { token, refreshToken } = await app.demo();
    const cookie = `cc_access=${token}; cc_refresh=${refreshToken}`;
    const forged = { cookie: `cc_access=${token}x; cc_refresh=${refreshToken}`, ...own };
    expect(problemOf(await app.post("/auth/logout", undefined, forged)).code).toBe("token_invalid");
    app.clock.advanceSeconds(900);
    expect(problemOf(await app.post("/auth/logout", undefined, { cookie })).code).toBe(
      "cross_origin_refused",
    );
    expect((await app.post("/auth/logout", undefined, { cookie, ...own })).statusCode).toBe(204);
    expect(problemOf(await app.post("/auth/refresh", { refreshToken })).code).toBe("session_ended");
  });

  it("ignores cookies of other names and junk", async () => {
    for (const cookie of ["cc_access=", "x=1; ;;=;", "cc_accessx=abc", "cc_refresh=abc"])
      expect(problemOf(await app.get("/me", { cookie })).code).toBe("token_missing");
    for (const cookie of ["cc_access=%00", "cc_access=a%0d%0aSet-Cookie: x=1", "cc_access=%zz"]) {
      const response = await app.get("/me", { cookie });
      expect(problemOf(response).code).toBe("token_invalid");
      expect(response.headers["set-cookie"]).toBeUndefined();
    }
  });
});

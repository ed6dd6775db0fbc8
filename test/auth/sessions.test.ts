import { createHmac, hkdfSync } from "node:crypto";
import { Wallet } from "ethers";
import { type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { bearer, newWallet, okay, problemOf, type SignedIn, startAuth, unlimited } from "./harness.ts";

const db = await createTestDatabase();
const app = await startAuth(db, { limiter: unlimited });

const refresh = (refreshToken: string) => app.post("/auth/refresh", { refreshToken });

describe("an access token", () => {
  it("speaks for its session, as bearer and as cookie", async () => {
    const { token, player } = await app.signIn(newWallet());
    const byBearer = await app.get("/me", bearer(token));
    const byCookie = await app.get("/me", { cookie: `cc_access=${token}` });
    expect(byBearer.json()).toMatchObject({ playerId: player.id, account: player.account });
    expect(byCookie.json()).toEqual(byBearer.json());
  });

  it("is missing where there is none", async () => {
    const response = await app.get("/me");
    expect(problemOf(response)).toMatchObject({ status: 401, code: "token_missing" });
    expect(response.headers["www-authenticate"]).toBe('Bearer realm="coinclicker"');
  });

  it.each(["Basic dXNlcjpwYXNz", "Bearer", "Bearer a b", "Bearer \u00e9", "bearer  ,"])(
    "is invalid in the header %j, even beside a good cookie",
    async (authorization) => {
      const { token } = await app.demo();
      const response = await app.get("/me", { authorization, cookie: `cc_access=${token}` });
      expect(problemOf(response)).toMatchObject({ status: 401, code: "token_invalid" });
    },
  );

  it("expires, from memory too", async () => {
    const { token } = await app.demo();
    app.clock.advanceSeconds(899);
    okay(await app.get("/me", bearer(token)));
    app.clock.advanceSeconds(1);
    expect(problemOf(await app.get("/me", bearer(token)))).toMatchObject({
      status: 401,
      code: "token_expired",
    });
  });

  it("is refused after any change", async () => {
    const { token } = await app.demo();
    const other = await app.demo();
    const [header = "", payload = "", mac = ""] = token.split(".");
    const otherPayload = other.token.split(".")[1] ?? "";
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const none = encode({ alg: "none", typ: "at+jwt" });
    const forged = [
      `${header}.${otherPayload}.${mac}`,
      `${header}.${encode({ ...claims, exp: 9_999_999_999 })}.${mac}`,
      `${header}.${payload}.${mac.slice(0, -2)}`,
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      `${none}.${payload}.${mac}`,
      `${encode({ alg: "HS512", typ: "at+jwt" })}.${payload}.${mac}`,
      `${header}.${payload}`,
      "null",
      other.refreshToken,
    ];
    for (const text of forged)
      expect(problemOf(await app.get("/me", bearer(text)))).toMatchObject({
        status: 401,
        code: "token_invalid",
      });
    okay(await app.get("/me", bearer(token)));
  });

  it("is refused unless key, algorithm, type, issuer, audience and claims are all right", async () => {
    const { token } = await app.demo();
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as JWTPayload;
    const key = new Uint8Array(hkdfSync("sha256", app.config.auth.secret, "coinclicker", "access-token", 32));
    const sign = (payload: JWTPayload, header: { alg?: string; typ?: string } = {}, signingKey = key) =>
      new SignJWT(payload).setProtectedHeader({ alg: "HS256", typ: "at+jwt", ...header }).sign(signingKey);
    // With the right key and nothing changed it holds, so that each refusal below has the one cause that it names.
    okay(await app.get("/me", bearer(await sign(claims))));
    const { player } = await app.demo();
    const forged = {
      "the plain secret": await sign(claims, {}, new TextEncoder().encode(app.config.auth.secret)),
      "another algorithm": await sign(claims, { alg: "HS512" }),
      "another type": await sign(claims, { typ: "JWT" }),
      "another issuer": await sign({ ...claims, iss: "http://127.0.0.1:3999" }),
      "another audience": await sign({ ...claims, aud: "elsewhere" }),
      "no expiry": await sign({ ...claims, exp: undefined }),
      "no session": await sign({ ...claims, sid: undefined }),
      "a session that is no id": await sign({ ...claims, sid: "'; --" }),
      "a session that never was": await sign({ ...claims, sid: "01900000-0000-7000-8000-000000000000" }),
      "another player's session": await sign({ ...claims, sub: player.id }),
    };
    for (const [what, text] of Object.entries(forged))
      expect({ what, ...problemOf(await app.get("/me", bearer(text))) }).toMatchObject({
        what,
        status: 401,
        code: "token_invalid",
      });
  });

  it("has the roles that the configuration gives its address now, whatever it was issued under", async () => {
    const approver = new Wallet(hardhatWallets()[1]?.privateKey ?? "");
    const { token, player } = await app.signIn(approver);
    expect(player.roles).toEqual(["player", "approver", "admin"]);
    const demoted = await startAuth(db, {
      env: { ADMIN_ADDRESSES: "", APPROVER_ADDRESSES: "" },
      clock: app.clock,
    });
    expect((await demoted.auth.verifyToken(token)).roles).toEqual(["player"]);
    okay(await app.get("/admins", bearer(token)));
    expect(problemOf(await demoted.get("/admins", bearer(token)))).toMatchObject({
      status: 403,
      code: "role_required",
      details: { required: ["admin"], actual: ["player"] },
    });
  });

  it("opens a route to any one of its roles", async () => {
    const [player, demo] = [await app.signIn(newWallet()), await app.demo()];
    okay(await app.get("/players", bearer(player.token)));
    expect(problemOf(await app.get("/players", bearer(demo.token)))).toMatchObject({
      status: 403,
      code: "role_required",
      details: { required: ["player", "admin"], actual: ["demo"] },
    });
    expect(problemOf(await app.get("/players"))).toMatchObject({ status: 401, code: "token_missing" });
  });

  it("is a loud fault to read where no rule asked for it", async () => {
    expect(problemOf(await app.get("/careless"))).toMatchObject({ status: 500, code: "internal" });
  });
});

describe("GET auth/session", () => {
  it("tells who is signed in and until when", async () => {
    const { token, player, refreshExpiresAt } = await app.signIn(newWallet());
    const reply = okay<{ player: unknown; session: { expiresAt: string } }>(
      await app.get("/auth/session", bearer(token)),
    );
    expect(reply.player).toEqual(player);
    expect(reply.session.expiresAt).toBe(refreshExpiresAt);
  });
});

describe("refresh", () => {
  it("gives new tokens for the same player and session, and extends it", async () => {
    const first = await app.signIn(newWallet());
    app.clock.advanceSeconds(3_600);
    const second = okay<SignedIn>(await refresh(first.refreshToken));
    expect(second.player).toEqual(first.player);
    expect(Date.parse(second.refreshExpiresAt) - Date.parse(first.refreshExpiresAt)).toBe(3_600_000);
    expect((await app.auth.verifyToken(second.token)).playerId).toBe(first.player.id);
    await expect(app.auth.verifyToken(first.token)).rejects.toMatchObject({ code: "token_expired" });
    okay(await refresh(second.refreshToken));
  });

  it("ends the family when an old token comes again: no token of it works any more", async () => {
    const first = await app.signIn(newWallet());
    const second = okay<SignedIn>(await refresh(first.refreshToken));
    okay(await app.get("/me", bearer(second.token)));
    expect(problemOf(await refresh(first.refreshToken))).toMatchObject({
      status: 401,
      code: "refresh_token_reused",
    });
    expect(problemOf(await app.get("/me", bearer(second.token))).code).toBe("session_ended");
    expect(problemOf(await refresh(second.refreshToken)).code).toBe("session_ended");
    const entries = await db.prisma.auditEntry.findMany({ where: { actor: first.player.account } });
    expect(entries).toMatchObject([
      { action: "session.refresh_reused", details: { presented: 1, current: 2 } },
    ]);
  });

  it("lets one of many at once win, and the others end the session", async () => {
    const { refreshToken, player } = await app.demo();
    const responses = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
    const won = responses.filter((response) => response.statusCode === 200);
    expect(won).toHaveLength(1);
    const codes = responses
      .filter((response) => response.statusCode !== 200)
      .map((response) => problemOf(response).code);
    expect(codes.filter((code) => code === "refresh_token_reused")).toHaveLength(1);
    expect(codes.filter((code) => code === "session_ended")).toHaveLength(8);
    const session = await db.prisma.session.findFirstOrThrow({ where: { userId: player.id } });
    expect(session).toMatchObject({ refreshGeneration: 2, revokedReason: "refresh_reused" });
  });

  it("refuses made-up tokens without touching the session that they name", async () => {
    const { refreshToken, token } = await app.demo();
    const [id = "", , mac = ""] = refreshToken.split(".");
    const bySecret = createHmac("sha256", app.config.auth.secret).update(`${id}.1`).digest("base64url");
    const forged = [
      `${id}.0.${mac}`,
      `${id}.2.${mac}`,
      `${id}.1.${bySecret}`,
      `${id}.1.${mac.slice(1)}A`,
      `${id}.1`,
      `${id}.01.${mac}`,
      `${refreshToken}\n`,
      token.slice(0, 200),
      "x",
    ];
    for (const text of forged)
      expect(problemOf(await refresh(text))).toMatchObject({ status: 401, code: "token_invalid" });
    expect(problemOf(await refresh(`${refreshToken}\u0000`)).code).toBe("invalid_json");
    okay(await refresh(refreshToken));
  });

  it("refuses a session that was not refreshed in time", async () => {
    const { refreshToken } = await app.demo();
    app.clock.advanceSeconds(app.config.auth.refreshTokenSeconds);
    expect(problemOf(await refresh(refreshToken))).toMatchObject({ status: 401, code: "session_expired" });
  });

  it("gives no access token that outlives its session", async () => {
    const short = await startAuth(db, { env: { REFRESH_TOKEN_SECONDS: "60" }, clock: app.clock });
    const { expiresAt, refreshExpiresAt } = await short.demo();
    expect(Date.parse(expiresAt)).toBe(Math.floor(Date.parse(refreshExpiresAt) / 1_000) * 1_000);
  });

  it("needs a token", async () => {
    expect(problemOf(await app.post("/auth/refresh"))).toMatchObject({ status: 401, code: "token_missing" });
    expect(problemOf(await app.post("/auth/refresh", {}))).toMatchObject({
      status: 401,
      code: "token_missing",
    });
    expect(problemOf(await app.post("/auth/refresh", { refreshToken: 7 })).status).toBe(400);
  });
});

describe("logout", () => {
  it("ends every token of the session at once, and no other session of the player", async () => {
    const wallet = newWallet();
    const [first, other] = [await app.signIn(wallet), await app.signIn(wallet)];
    const second = okay<SignedIn>(await refresh(first.refreshToken));
    for (const { token } of [first, second, other]) okay(await app.get("/me", bearer(token)));
    expect((await app.post("/auth/logout", undefined, bearer(second.token))).statusCode).toBe(204);
    for (const { token } of [first, second])
      expect(problemOf(await app.get("/me", bearer(token)))).toMatchObject({
        status: 401,
        code: "session_ended",
      });
    expect(problemOf(await refresh(second.refreshToken)).code).toBe("session_ended");
    expect(problemOf(await app.post("/auth/logout", undefined, bearer(second.token))).code).toBe(
      "session_ended",
    );
    okay(await app.get("/me", bearer(other.token)));
  });

  it("works with the refresh token once the access token is gone", async () => {
    const { refreshToken, token } = await app.demo();
    expect((await app.post("/auth/logout", { refreshToken })).statusCode).toBe(204);
    expect(problemOf(await app.get("/me", bearer(token))).code).toBe("session_ended");
    expect(problemOf(await app.post("/auth/logout", { refreshToken })).code).toBe("session_ended");
  });

  it("tells listeners, once", async () => {
    const heard: string[] = [];
    const stop = app.auth.onSessionEnded((id) => heard.push(id));
    const { token } = await app.demo();
    const { id } = await app.auth.verifyToken(token);
    await app.post("/auth/logout", undefined, bearer(token));
    // Another one after it, so that the first one's notification has surely come back.
    const next = await app.demo();
    const nextId = (await app.auth.verifyToken(next.token)).id;
    await app.post("/auth/logout", undefined, bearer(next.token));
    stop();
    const last = await app.demo();
    await app.post("/auth/logout", undefined, bearer(last.token));
    expect(heard).toEqual([id, nextId]);
  });

  it("lets no lookup that began before put the session back", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { token } = await app.demo();
      const lookups = Array.from({ length: 5 }, () => app.auth.verifyToken(token).catch(() => undefined));
      const loggedOut = app.post("/auth/logout", undefined, bearer(token));
      await Promise.all([...lookups, loggedOut]);
      await expect(app.auth.verifyToken(token)).rejects.toMatchObject({ code: "session_ended" });
    }
  });
});

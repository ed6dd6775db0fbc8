import { Wallet } from "ethers";
import { decodeJwt, SignJWT } from "jose";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { call, createTestApp, fundRewards, randomWallet, signIn } from "../kit/app.ts";

/** `ended` comes with the token of a session that was logged out, `forged` with one that another key signed. */
const CALLERS = ["anonymous", "ended", "forged", "demo", "player", "approver", "admin"] as const;
type Caller = (typeof CALLERS)[number];
const WITHOUT_SESSION: readonly Caller[] = ["anonymous", "ended", "forged"];

const ANYONE = CALLERS;
const SIGNED_IN = ["demo", "player", "approver", "admin"] as const;
const WITH_WALLET = ["player", "approver", "admin"] as const;

/** Who may call what. A route that is missing here fails the test: no route without a rule. */
const RULES: Record<string, readonly Caller[]> = {
  "POST /auth/wallet-challenge": ANYONE,
  "POST /auth/verify": ANYONE,
  "POST /auth/demo": ANYONE,
  "POST /auth/refresh": ANYONE,
  "POST /auth/logout": SIGNED_IN,
  "GET /auth/session": SIGNED_IN,
  "GET /auth/wallets": SIGNED_IN,
  "POST /auth/wallets/challenge": WITH_WALLET,
  "POST /auth/wallets": WITH_WALLET,
  "DELETE /auth/wallets/{address}": WITH_WALLET,
  "POST /auth/wallets/{address}/pay-to": WITH_WALLET,
  "GET /click": SIGNED_IN,
  "POST /click": SIGNED_IN,
  "GET /config": ANYONE,
  "GET /leaderboard": ANYONE,
  "GET /balance/{account}": ANYONE,
  "GET /balance/{account}/statement": ["admin"],
  "GET /payouts/quote": SIGNED_IN,
  "POST /payouts": SIGNED_IN,
  "GET /payouts": SIGNED_IN,
  "GET /payouts/{id}": SIGNED_IN,
  "GET /payouts/{id}/receipt": SIGNED_IN,
  "POST /payouts/{id}/cancel": SIGNED_IN,
  "GET /payouts/{id}/voucher": SIGNED_IN,
  "POST /admin/payout": ["admin"],
  "GET /admin/payouts": ["approver", "admin"],
  "GET /admin/payouts/{id}/approval": ["approver", "admin"],
  "POST /admin/payouts/{id}/approvals": ["approver"],
  "DELETE /admin/payouts/{id}/approvals/mine": ["approver"],
  "POST /admin/payouts/{id}/rejection": ["approver"],
  "POST /admin/pause": ["admin"],
  "POST /admin/resume": ["admin"],
  "GET /admin/treasury": ["admin"],
  "GET /admin/audit": ["admin"],
};

/** What is no part of the API: nothing in it is anybody's. `/metrics` looks at where a request comes from instead. */
const PUBLIC = ["/", "/*", "/docs", "/docs/scalar.js", "/health", "/metrics", "/openapi.json", "/ready"];

/** Who may send which socket event; what they say of accounts, test/feed/access.test.ts holds. */
const EVENTS: Record<string, { payload: object; allowed: readonly Caller[] }> = {
  subscribe: { payload: { channel: "feed" }, allowed: ANYONE },
  unsubscribe: { payload: { channel: "feed" }, allowed: ANYONE },
  authenticate: { payload: { token: "own" }, allowed: SIGNED_IN },
  click: { payload: { clientNonce: "matrix" }, allowed: SIGNED_IN },
};

const accounts = hardhatWallets();
const admin = new Wallet(accounts[1]?.privateKey ?? "");
const approver = new Wallet(accounts[2]?.privateKey ?? "");
const app = await createTestApp({
  ROLE: "api",
  ADMIN_ADDRESSES: admin.address,
  APPROVER_ADDRESSES: `${approver.address},${accounts[3]?.address},${accounts[4]?.address}`,
});
const tokens = {} as Record<Caller, string | undefined>;

async function newToken(caller: Caller): Promise<string | undefined> {
  switch (caller) {
    case "anonymous":
      return undefined;
    case "ended": {
      const { token } = (await call(app, "POST", "/auth/demo")).body as { token: string };
      await call(app, "POST", "/auth/logout", { token });
      return token;
    }
    case "forged":
      return new SignJWT(decodeJwt(await signIn(app, admin)))
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
        .sign(Buffer.from("another-secret-another-secret-another-secret"));
    case "demo":
      return ((await call(app, "POST", "/auth/demo")).body as { token: string }).token;
    case "player":
      return signIn(app, randomWallet());
    case "approver":
      return signIn(app, approver);
    case "admin":
      return signIn(app, admin);
  }
}

type Ack = { ok: boolean; problem?: { code: string; detail: string } };

const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.disconnect();
});

async function connectAs(caller: Caller): Promise<Socket> {
  const token = tokens[caller];
  const socket = io(app.url, {
    path: "/ws",
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...(token === undefined ? {} : { auth: { token } }),
  });
  sockets.push(socket);
  await new Promise<void>((done, fail) => {
    socket.once("connect", done);
    socket.once("connect_error", fail);
  });
  return socket;
}

function ask(socket: Socket, event: string, payload: object): Promise<Ack> {
  return socket.timeout(30_000).emitWithAck(event, payload) as Promise<Ack>;
}

function operations(): string[] {
  const { paths } = app.app.http.swagger() as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** Every route that the server has, as its own tree prints them, whether or not the document names it. */
function registeredRoutes(): string[] {
  const branch: string[] = [];
  return app.app.http
    .printRoutes({ commonPrefix: false })
    .split("\n")
    .flatMap((line) => {
      const [, indent = "", part = "", methods = ""] =
        /^([│ ]*)[├└]── (\S*) \(([A-Z, ]+)\)$/.exec(line) ?? [];
      if (methods === "") return [];
      branch.splice(indent.length / 4, branch.length, part);
      const path = branch.join("").replace(/:(\w+)/g, "{$1}");
      return methods
        .split(", ")
        .filter((method) => method !== "HEAD")
        .map((method) => `${method} ${path}`);
    });
}

beforeAll(async () => {
  await fundRewards(app.db);
  for (const caller of CALLERS) tokens[caller] = await newToken(caller);
});

describe("authorization", () => {
  it("has a rule for every route of the API, and no rule without a route", () => {
    const routes = operations()
      .filter((operation) => operation.includes("/api/v1/"))
      .map((operation) => operation.replace("/api/v1", ""));
    expect(routes.sort()).toEqual(Object.keys(RULES).sort());
  });

  it("knows of every route that the server has, also of those that no document names", () => {
    const known = [
      ...Object.keys(RULES).map((operation) => operation.replace(" ", " /api/v1")),
      ...PUBLIC.map((path) => `GET ${path}`),
    ];
    expect(registeredRoutes().filter((route) => !known.includes(route))).toEqual([]);
    expect(registeredRoutes()).toEqual(expect.arrayContaining(["GET /metrics", "POST /api/v1/admin/pause"]));
  });

  const matrix = Object.entries(RULES).flatMap(([operation, allowed]) =>
    CALLERS.map((caller) => ({ operation, caller, may: allowed.includes(caller) })),
  );

  it.each(matrix)("$operation by $caller: $may", async ({ operation, caller, may }) => {
    const [method = "", template = ""] = operation.split(" ");
    const path = template
      .replace("{account}", randomWallet().address)
      .replace("{address}", randomWallet().address)
      .replace("{id}", "01890000-0000-7000-8000-000000000000");
    // Logging out would end the session for the cases that follow.
    const token = operation === "POST /auth/logout" ? await newToken(caller) : tokens[caller];
    const answer = await call(app, method, path, {
      token,
      headers: { "idempotency-key": `matrix-${caller}` },
      ...(method === "POST" ? { body: {} } : {}),
    });
    // Refused means refused before anything else is looked at: neither the body nor whether the thing exists.
    if (may)
      expect([401, 403]).not.toContain(
        answer.status === 401 && operation === "POST /auth/refresh" ? 200 : answer.status,
      );
    else expect(answer.status).toBe(WITHOUT_SESSION.includes(caller) ? 401 : 403);
    expect(answer.status).toBeLessThan(500);
  });

  it("has a rule for every socket event, and no rule without an event", async () => {
    const socket = await connectAs("anonymous");
    const { problem } = await ask(socket, "no such event", {});
    const named = /send one of (.+)$/.exec(problem?.detail ?? "")?.[1]?.split(", ");
    expect(named?.sort()).toEqual(Object.keys(EVENTS).sort());
  });

  const eventMatrix = Object.entries(EVENTS).flatMap(([event, { payload, allowed }]) =>
    CALLERS.map((caller) => ({ event, payload, caller, may: allowed.includes(caller) })),
  );

  it.each(eventMatrix)("socket event $event by $caller: $may", async ({ event, payload, caller, may }) => {
    // A bad token is refused at the door already, so these come without one and bring it along where it is asked for.
    const socket = await connectAs(event === "authenticate" ? "anonymous" : caller).catch(
      (error: Error) => error,
    );
    if (socket instanceof Error) {
      expect(WITHOUT_SESSION).toContain(caller);
      expect(socket.message).toMatch(/^(session_ended|token_invalid)$/);
      return;
    }
    const said = event === "authenticate" ? { token: tokens[caller] ?? "none" } : payload;
    const answer = await ask(socket, event, said);
    expect(answer.ok, JSON.stringify(answer)).toBe(may);
    if (!may) expect(answer.problem?.code).toMatch(/^(session_required|session_ended|token_invalid)$/);
  });

  it("shows one player nothing of another: neither payout, nor receipt, nor voucher, nor statement", async () => {
    const [owner, stranger] = [randomWallet(), randomWallet()];
    const [mine, theirs] = [await signIn(app, owner), await signIn(app, stranger)];
    await call(app, "POST", "/click", { token: mine, body: { clientNonce: "earn", count: 50 } });
    const payout = await call(app, "POST", "/payouts", {
      token: mine,
      headers: { "idempotency-key": "matrix-owner" },
      body: { asset: "COIN", amount: "10", payAs: "FLR" },
    });
    expect(payout.status).toBe(202);
    const id = (payout.body as { id: string }).id;
    expect((await call(app, "GET", `/payouts/${id}`, { token: mine })).status).toBe(200);
    for (const [method, path] of [
      ["GET", `/payouts/${id}`],
      ["GET", `/payouts/${id}/receipt`],
      ["GET", `/payouts/${id}/voucher`],
      ["POST", `/payouts/${id}/cancel`],
    ] as const) {
      const answer = await call(app, method, path, { token: theirs });
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, "payout_not_found"]);
    }
    expect((await call(app, "GET", `/balance/${owner.address}/statement`, { token: theirs })).status).toBe(
      403,
    );
    expect((await call(app, "GET", `/balance/${owner.address}/statement`, { token: mine })).status).toBe(200);
  });
});

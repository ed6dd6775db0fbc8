import { Wallet } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { call, createTestApp, fundRewards, randomWallet, signIn } from "../kit/app.ts";

const CALLERS = ["anonymous", "demo", "player", "approver", "admin"] as const;
type Caller = (typeof CALLERS)[number];

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

function operations(): string[] {
  const { paths } = app.app.http.swagger() as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

describe("authorization", () => {
  beforeAll(async () => {
    await fundRewards(app.db);
    for (const caller of CALLERS) tokens[caller] = await newToken(caller);
  });

  it("has a rule for every route of the API, and no rule without a route", () => {
    const routes = operations()
      .filter((operation) => operation.includes("/api/v1/"))
      .map((operation) => operation.replace("/api/v1", ""));
    expect(routes.sort()).toEqual(Object.keys(RULES).sort());
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
    else expect(answer.status).toBe(caller === "anonymous" ? 401 : 403);
    expect(answer.status).toBeLessThan(500);
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

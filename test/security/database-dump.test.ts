import { Wallet } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { createTestApp, fundRewards, randomWallet, signIn } from "../kit/app.ts";
import { ask } from "./operations.ts";

const IP = "203.0.113.77";
const AGENT = "an agent that is stored";
const app = await createTestApp({ ROLE: "api", METRICS_TOKEN: "metrics-token-of-the-test" });

type Tokens = { token: string; refreshToken: string; player: { id: string } };
let first: Tokens;
let second: Tokens;
let dump = "";

/** All rows of all tables, as a thief of a backup would read them. */
async function dumpOf(): Promise<string> {
  const tables = await app.db.pool.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  const parts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await app.db.pool.query<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM ${name} t`,
    );
    parts.push(...rows.map(({ row }) => row));
  }
  return parts.join("\n");
}

beforeAll(async () => {
  await fundRewards(app.db);
  const demo = await app.app.http.inject({
    method: "POST",
    url: "/api/v1/auth/demo",
    remoteAddress: IP,
    headers: { "user-agent": AGENT },
  });
  first = demo.json();
  second = (await ask(app, "POST", "/auth/refresh", { body: { refreshToken: first.refreshToken } })).body;
  const player = await signIn(app, randomWallet());
  await ask(app, "POST", "/click", { token: player, body: { clientNonce: "n", count: 9 } });
  await ask(app, "POST", "/payouts", {
    token: player,
    headers: { "idempotency-key": "dumped-payout" },
    body: { asset: "COIN", amount: "9", payAs: "FLR", delivery: "claim" },
  });
  const admin = await signIn(app, new Wallet(hardhatWallets()[1]?.privateKey ?? ""));
  await ask(app, "POST", "/admin/pause", { token: admin, body: { reason: "a drill" } });
  dump = await dumpOf();
});

describe("a dump of the database", () => {
  it("opens no session: it holds no token, neither the last one nor those before", () => {
    for (const { token, refreshToken } of [first, second]) {
      const [, payload = "", mac = ""] = token.split(".");
      const refreshMac = refreshToken.split(".")[2] ?? "";
      for (const secret of [payload, mac, refreshMac, Buffer.from(refreshMac, "base64url").toString("hex")]) {
        expect(secret.length).toBeGreaterThan(20);
        expect(dump).not.toContain(secret);
      }
    }
  });

  it("holds no key of ours, and nobody's IP address", () => {
    const { auth, flare, metricsToken } = app.config;
    for (const secret of [auth.secret, auth.ipHashKey, flare.operatorKey?.slice(2), metricsToken, IP])
      expect(dump).not.toContain(secret);
  });

  it("is all there is: what it should hold is in it", () => {
    for (const stored of [first.player.id, AGENT, "dumped-payout", "a drill"]) expect(dump).toContain(stored);
  });
});

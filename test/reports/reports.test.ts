import { randomUUID } from "node:crypto";
import { getAddress, Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { createAuth } from "../../src/modules/auth/index.ts";
import { createClicks } from "../../src/modules/clicks/index.ts";
import { accountIds, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import { createReports } from "../../src/modules/reports/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createHttpServer, type HttpServer } from "../../src/platform/http/index.ts";
import { testConfig } from "../kit/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";

const db = await createTestDatabase();
const config = testConfig();
const auth = createAuth({ config, db, clock: systemClock, log: silentLog, provider: null });
const clicks = createClicks({ config, db, clock: systemClock, log: silentLog, auth });
const reports = createReports({ db, auth });
let server: HttpServer;

type Player = { token: string; account: string; playerId: string };

beforeAll(async () => {
  server = await createHttpServer({ log: silentLog, trustProxy: false, version: "test" });
  for (const { routes } of [auth, clicks, reports]) await server.register(routes, { prefix: "/api/v1" });
  await auth.start();
});
afterAll(async () => {
  await server.close();
  await clicks.close();
  await auth.close();
});

const get = (path: string, token?: string) =>
  server.inject({
    url: `/api/v1${path}`,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

const post = async <T>(path: string, payload: Record<string, unknown>, token?: string): Promise<T> => {
  const reply = await server.inject({
    method: "POST",
    url: `/api/v1${path}`,
    payload,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  expect(reply.statusCode).toBe(200);
  return reply.json<T>();
};

/** Hardhat's account 1 is an admin of the test configuration; from 5 on they are players. */
async function signIn(index: number): Promise<Player> {
  const key = hardhatWallets()[index]?.privateKey;
  if (key === undefined) throw new Error("no such account");
  const wallet = new Wallet(key);
  const { message } = await post<{ message: string }>("/auth/wallet-challenge", {
    address: wallet.address,
    chain: "flare",
  });
  const signature = await wallet.signMessage(message);
  const { token, player } = await post<{ token: string; player: { id: string } }>("/auth/verify", {
    message,
    signature,
  });
  return { token, account: wallet.address, playerId: player.id };
}

async function signInDemo(): Promise<Player> {
  const { token, player } = await post<{ token: string; player: { id: string } }>("/auth/demo", {});
  return { token, account: `demo:${player.id}`, playerId: player.id };
}

let nonce = 0;
async function tap(player: Player, taps: number): Promise<void> {
  for (let left = taps; left > 0; left -= 50) {
    nonce += 1;
    await post("/click", { clientNonce: `n${nonce}`, count: Math.min(50, left) }, player.token);
  }
}

/** A payout as the payouts module leaves it; confirmed ones at `minute`. */
async function payout(
  account: string,
  options: { source?: "demo" | "server" | "onchain"; status?: string; minute?: number; amount?: bigint },
): Promise<string> {
  const { source = "server", status = "confirmed", minute = 0, amount = 5n } = options;
  const id = randomUUID();
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute));
  await db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO payouts (id, account, to_address, rail, source, delivery, funding, status, asset, asset_ref, amount,
         spent_asset, spent_amount, approvals_required, reason, proposed_by, metadata, version, created_at, updated_at)
       VALUES ($1, $2, $2, 'flare', $3, 'push', 'exchange', 'requested', 'FLR', '0x0', $4,
         'COIN', 7, 0, 'secret', 'somebody', '{"k":1}', 1, $5, $5)`,
      [id, account, source, amount, at],
    );
    const record = "INSERT INTO payout_transitions VALUES ($1, $2, $3, $4, 'somebody', 'secret', $5)";
    await tx.query(record, [id, 1, null, "requested", at]);
    if (status === "requested") return;
    await tx.query("UPDATE payouts SET status = $2, version = 2 WHERE id = $1", [id, status]);
    await tx.query(record, [id, 2, "requested", status, at]);
  });
  return id;
}

describe("GET /leaderboard", () => {
  it("ranks wallet players by accepted clicks, equals by account, without demo players", async () => {
    const players = await Promise.all([5, 6, 7, 8].map(signIn));
    const [a, b, c, idle] = players as [Player, Player, Player, Player];
    const demo = await signInDemo();
    await tap(a, 30);
    await tap(b, 120);
    await tap(c, 30);
    await tap(demo, 500);
    const equals = [a.account, c.account].sort();
    const reply = await get("/leaderboard");
    expect(reply.statusCode).toBe(200);
    const { players: shown } = reply.json<{
      players: { rank: number; account: string; displayName: string; score: number }[];
    }>();
    expect(shown.map(({ rank, account, score }) => [rank, account, score])).toEqual([
      [1, b.account, 120],
      [2, equals[0], 30],
      [3, equals[1], 30],
    ]);
    expect(shown[0]?.displayName).not.toBe("");
    expect(shown.map(({ account }) => account)).not.toContain(idle.account);
    const top = await get("/leaderboard?limit=2");
    expect(top.json<{ players: unknown[] }>().players).toEqual(shown.slice(0, 2));
  });

  it("shows the payouts that were confirmed last, newest first, no demo ones and none under way", async () => {
    const account = "0x00000000000000000000000000000000000000AA";
    const first = await payout(account, { minute: 1, amount: 11n });
    const second = await payout(account, { minute: 3, amount: 10n ** 30n });
    await payout(account, { minute: 4, source: "demo" });
    await payout(account, { minute: 5, source: "onchain", status: "requested" });
    const { winners } = (await get("/leaderboard")).json<{ winners: { payoutId: string }[] }>();
    expect(winners).toEqual([
      {
        account,
        amount: String(10n ** 30n),
        asset: "FLR",
        payoutId: second,
        txHash: null,
        at: "2026-01-01T00:03:00.000Z",
      },
      { account, amount: "11", asset: "FLR", payoutId: first, txHash: null, at: "2026-01-01T00:01:00.000Z" },
    ]);
    expect((await get("/leaderboard?limit=1")).json<{ winners: unknown[] }>().winners).toHaveLength(1);
  });

  it.each(["0", "201", "-1", "x", "1.5"])("refuses limit=%s", async (limit) => {
    const reply = await get(`/leaderboard?limit=${limit}`);
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ code: "invalid_request" });
  });
});

describe("GET /balance/:account", () => {
  it("shows anybody what a wallet has and holds, however the address is written", async () => {
    const player = await signIn(9);
    await tap(player, 80);
    const [debit, credit] = await accountIds(db.pool, [
      { owner: `player:${player.playerId}`, asset: "COIN" },
      { owner: "house:exchange", asset: "COIN" },
    ]);
    await db.transaction(async (tx) =>
      requirePosted(
        await postTransfers(tx, [
          {
            kind: "pending",
            id: randomUUID(),
            debit: debit ?? 0n,
            credit: credit ?? 0n,
            amount: 30n,
            cause: "payout",
            ref: "p",
          },
        ]),
      ),
    );
    for (const written of [player.account, player.account.toLowerCase()]) {
      const reply = await get(`/balance/${written}`);
      expect(reply.statusCode).toBe(200);
      expect(reply.json()).toEqual({
        account: player.account,
        balances: [
          { asset: "COIN", available: "50", held: "30" },
          { asset: "FLR", available: "0", held: "0" },
          { asset: "XRP", available: "0", held: "0" },
        ],
        payouts: { items: [], nextCursor: null },
      });
    }
  });

  it("shows zeros for an address that nobody has seen", async () => {
    const account = "0x00000000000000000000000000000000000000bb";
    const reply = await get(`/balance/${account}`);
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({
      balances: [
        { asset: "COIN", available: "0", held: "0" },
        { asset: "FLR", available: "0", held: "0" },
        { asset: "XRP", available: "0", held: "0" },
      ],
      payouts: { items: [], nextCursor: null },
    });
  });

  it("knows accounts by their XRP Ledger addresses too", async () => {
    const account = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
    const reply = await get(`/balance/${account}`);
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({ account, payouts: { items: [] } });
  });

  it.each([
    ["rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTj", "invalid_address"],
    ["rrrrrrrrrrrrrrrrrrrrrhoLvTp", "black_hole_address"],
    ["0x123", "invalid_address"],
    ["nonsense", "invalid_address"],
    ["demo:nonsense", "invalid_address"],
    ["0x70997970c51812dc3A010C7d01b50e0d17dc79C8", "invalid_address"],
    [`0x${"0".repeat(40)}`, "zero_address"],
    ["XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS", "invalid_address"],
  ])("refuses %s as %s", async (account, code) => {
    const reply = await get(`/balance/${account}`);
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ code });
  });

  it("pages through payouts without a gap, a repetition or anything private", async () => {
    const account = getAddress(`0x${"cc".repeat(20)}`);
    const ids: string[] = [];
    // Several in the same minute: the order must be total.
    for (let i = 0; i < 11; i += 1)
      ids.push(await payout(account, { minute: Math.floor(i / 3), amount: BigInt(i + 1) }));
    await payout(getAddress(`0x${"cd".repeat(20)}`), { minute: 1 });
    const seen: Record<string, unknown>[] = [];
    let cursor: string | null = null;
    do {
      const reply = await get(`/balance/${account}?limit=4${cursor === null ? "" : `&cursor=${cursor}`}`);
      const page = reply.json<{ payouts: { items: Record<string, unknown>[]; nextCursor: string | null } }>()
        .payouts;
      expect(page.items.length).toBeLessThanOrEqual(4);
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const times = seen.map(({ createdAt }) => String(createdAt));
    expect(times).toEqual(times.toSorted().reverse());
    expect(Object.keys(seen[0] ?? {}).sort()).toEqual([
      "amount",
      "asset",
      "blockNumber",
      "createdAt",
      "id",
      "number",
      "rail",
      "source",
      "spent",
      "status",
      "to",
      "txHash",
    ]);
    expect((await get(`/balance/${account}?cursor=bm9uc2Vuc2U`)).json()).toMatchObject({
      code: "invalid_cursor",
    });
  });

  it("shows a demo account to its own session only", async () => {
    const demo = await signInDemo();
    const other = await signInDemo();
    const admin = await signIn(1);
    await tap(demo, 5);
    expect((await get(`/balance/${demo.account}`)).statusCode).toBe(401);
    expect((await get(`/balance/${demo.account}`, other.token)).json()).toMatchObject({
      status: 403,
      code: "not_your_account",
    });
    expect((await get(`/balance/${demo.account}`, admin.token)).statusCode).toBe(403);
    expect((await get(`/balance/${demo.account}`, demo.token)).json()).toMatchObject({
      account: demo.account,
      balances: [{ asset: "COIN", available: "5", held: "0" }, { asset: "FLR" }, { asset: "XRP" }],
    });
  });
});

describe("GET /balance/:account/statement", () => {
  type Line = {
    id: string;
    asset: string;
    amount: string;
    previous: { available: string };
    current: { available: string };
    cause: string;
    ref: string;
    kind: string;
    at: string;
  };

  it("is complete over its pages: each line begins where the one below ended, down to nothing", async () => {
    const player = await signIn(10);
    for (let i = 1; i <= 9; i += 1) await tap(player, i);
    const [debit, credit] = await accountIds(db.pool, [
      { owner: `player:${player.playerId}`, asset: "COIN" },
      { owner: "house:exchange", asset: "COIN" },
    ]);
    const hold = randomUUID();
    const [from, to] = [debit ?? 0n, credit ?? 0n];
    await db.transaction(async (tx) =>
      requirePosted(
        await postTransfers(tx, [
          { kind: "pending", id: hold, debit: from, credit: to, amount: 30n, cause: "payout", ref: "p" },
          { kind: "post_pending", id: randomUUID(), pendingId: hold, amount: 20n, cause: "payout", ref: "p" },
          { kind: "posted", id: randomUUID(), debit: from, credit: to, amount: 1n, cause: "fee", ref: "f" },
        ]),
      ),
    );
    const lines: Line[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/balance/${player.account}/statement?limit=5&asset=COIN${cursor === null ? "" : `&cursor=${cursor}`}`;
      const page = (await get(path, player.token)).json<{ items: Line[]; nextCursor: string | null }>();
      lines.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(lines.map(({ amount }) => amount)).toEqual([
      "-1",
      "10",
      "-30",
      "9",
      "8",
      "7",
      "6",
      "5",
      "4",
      "3",
      "2",
      "1",
    ]);
    expect(lines.map(({ kind }) => kind).slice(0, 4)).toEqual([
      "posted",
      "post_pending",
      "pending",
      "posted",
    ]);
    for (const [i, line] of lines.entries()) {
      expect(BigInt(line.current.available)).toBe(BigInt(line.previous.available) + BigInt(line.amount));
      expect(line.previous.available).toBe(lines[i + 1]?.current.available ?? "0");
    }
    expect(lines[0]).toMatchObject({ cause: "fee", ref: "f", current: { available: "24", held: "0" } });
    expect(lines.at(-1)).toMatchObject({
      cause: "click_reward",
      ref: expect.stringMatching(/^click:/),
      counterparty: "house:issuance",
    });
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
    expect((await get(`/balance/${player.account}`)).json()).toMatchObject({
      balances: [{ available: "24" }, {}, {}],
    });
  });

  it("is for the owner and admins", async () => {
    const [owner, other, admin] = (await Promise.all([11, 12, 1].map(signIn))) as [Player, Player, Player];
    await tap(owner, 1);
    const path = `/balance/${owner.account}/statement`;
    expect((await get(path)).statusCode).toBe(401);
    expect((await get(path, other.token)).json()).toMatchObject({ status: 403, code: "not_your_account" });
    expect((await get(path, (await signInDemo()).token)).statusCode).toBe(403);
    for (const { token } of [owner, admin])
      expect((await get(path, token)).json<{ items: unknown[] }>().items).toHaveLength(1);
    expect((await get(`/balance/${`0x${"ab".repeat(20)}`}/statement`, admin.token)).json()).toEqual({
      items: [],
      nextCursor: null,
    });
    expect((await get(`${path}?cursor=eA`, owner.token)).json()).toMatchObject({
      status: 400,
      code: "invalid_cursor",
    });
  });
});

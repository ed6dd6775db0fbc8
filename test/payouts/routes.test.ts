import { randomUUID } from "node:crypto";
import { Wallet } from "ethers";
import { afterAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { createAuth } from "../../src/modules/auth/index.ts";
import { createPayouts } from "../../src/modules/payouts/index.ts";
import { createHttpServer } from "../../src/platform/http/index.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";
import { COIN, createWorld, FLR } from "./world.ts";

const world = await createWorld();
const { db, clock, given } = world;
const config = testConfig();
const auth = createAuth({ config, db, clock, log: silentLog, provider: null });
const payouts = createPayouts({
  config,
  db,
  clock,
  log: silentLog,
  auth,
  approvalsGiven: async () => given,
  suspicionsOf: async () => [],
  xrpl: null,
});
const server = await createHttpServer({ log: silentLog, trustProxy: false, version: "test" });
await server.register(
  async (api) => {
    await api.register(auth.routes);
    await api.register(payouts.routes);
  },
  { prefix: "/api/v1" },
);
await server.ready();
afterAll(async () => {
  await server.close();
  await auth.close();
});

type Reply = { status: number; body: Record<string, unknown>; headers: Record<string, unknown> };
type Caller = { playerId: string; account: string; wallet: Wallet | null; token: string };

async function call(
  caller: Caller | null,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const reply = await server.inject({
    method,
    url: `/api/v1${path}`,
    headers: { ...(caller === null ? {} : { authorization: `Bearer ${caller.token}` }), ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return { status: reply.statusCode, body: reply.body === "" ? {} : reply.json(), headers: reply.headers };
}

async function signIn(coins: bigint, wallet = new Wallet(Wallet.createRandom().privateKey)): Promise<Caller> {
  const challenge = await call(null, "POST", "/auth/wallet-challenge", {
    address: wallet.address,
    chain: "flare",
  });
  const message = String(challenge.body.message);
  const verified = await call(null, "POST", "/auth/verify", {
    message,
    signature: await wallet.signMessage(message),
  });
  return begin(verified, coins, wallet);
}

async function begin(reply: Reply, coins: bigint, wallet: Wallet | null): Promise<Caller> {
  const { id } = reply.body.player as { id: string };
  if (coins > 0n) await world.post("house:issuance", `player:${id}`, "COIN", coins);
  return { playerId: id, account: wallet?.address ?? `demo:${id}`, wallet, token: String(reply.body.token) };
}

const signInDemo = async (coins: bigint) => begin(await call(null, "POST", "/auth/demo", {}), coins, null);

const ask = (caller: Caller | null, body: Record<string, unknown>, key: string = randomUUID()) =>
  call(caller, "POST", "/payouts", { asset: "COIN", payAs: "FLR", ...body }, { "idempotency-key": key });

const hardhat = (index: number) => new Wallet(hardhatWallets()[index]?.privateKey ?? "");

describe("POST /payouts", () => {
  it("answers 202 with Location and the payout in full", async () => {
    const player = await signIn(500n);
    const reply = await ask(player, { amount: "500" });
    expect(reply.status).toBe(202);
    expect(reply.headers.location).toBe(`/api/v1/payouts/${reply.body.id}`);
    const createdAt = clock.now().toISOString();
    expect(reply.body).toEqual({
      id: expect.any(String),
      number: expect.stringMatching(/^[0-9]+$/),
      status: "approved",
      source: "onchain",
      rail: "flare",
      delivery: "push",
      account: player.account,
      to: player.account,
      asset: "FLR",
      amount: String(500n * COIN),
      spent: { asset: "COIN", amount: "500" },
      approvals: { required: 0, given: 0, expiresAt: null },
      waitsUntil: null,
      reason: "needs no approval: below 100 FLR",
      txHash: null,
      blockNumber: null,
      history: [
        {
          from: null,
          to: "requested",
          actor: player.account,
          reason: "needs no approval: below 100 FLR",
          at: createdAt,
        },
        {
          from: "requested",
          to: "approved",
          actor: "system:policy",
          reason: "needs no approval: below 100 FLR",
          at: createdAt,
        },
      ],
      createdAt,
    });
    expect((await call(player, "GET", `/payouts/${reply.body.id}`)).body).toEqual(reply.body);
  });

  it("gives the same reply for the same key and body, and refuses the key for another body", async () => {
    const player = await signIn(100n);
    const key = randomUUID();
    const first = await ask(player, { amount: "10" }, key);
    const again = await ask(player, { amount: "10" }, key);
    expect([again.status, again.body, again.headers.location]).toEqual([
      202,
      first.body,
      first.headers.location,
    ]);
    expect(await ask(player, { amount: "11" }, key)).toMatchObject({
      status: 422,
      body: { code: "idempotency_key_reused" },
    });
    expect(await world.balance(`player:${player.playerId}`, "COIN")).toEqual({ available: 90n, held: 10n });
    // Keys are each player's own.
    const other = await signIn(100n);
    const theirs = await ask(other, { amount: "10" }, key);
    expect(theirs.status).toBe(202);
    expect(theirs.body.id).not.toBe(first.body.id);
  });

  it("sent by many at once with one key makes one payout; the rest hear of it or that it is under way", async () => {
    const player = await signIn(100n);
    const key = randomUUID();
    const replies = await Promise.all(Array.from({ length: 8 }, () => ask(player, { amount: "100" }, key)));
    for (const reply of replies) {
      expect(
        reply.status === 202 || reply.body.code === "request_in_flight",
        JSON.stringify(reply.body),
      ).toBe(true);
    }
    expect(new Set(replies.filter(({ status }) => status === 202).map(({ body }) => body.id)).size).toBe(1);
  });

  it("for the whole balance, twice at once with two keys, is granted once", async () => {
    const player = await signIn(100n);
    const replies = await Promise.all([ask(player, { amount: "100" }), ask(player, { amount: "100" })]);
    expect(replies.map(({ status }) => status).sort()).toEqual([202, 422]);
    expect(replies.find(({ status }) => status === 422)?.body).toMatchObject({
      code: "insufficient_funds",
      details: { asset: "COIN", amount: "100", available: "0" },
    });
  });

  it.each([
    ["zero", { amount: "0" }, 400, "invalid_amount"],
    ["negative", { amount: "-5" }, 400, "invalid_request"],
    ["fractional", { amount: "1.5" }, 400, "invalid_request"],
    ["10^60", { amount: `1${"0".repeat(60)}` }, 400, "invalid_request"],
    ["10^37", { amount: `1${"0".repeat(37)}` }, 422, "amount_too_large"],
    ["a number instead of a string", { amount: 5 }, 400, "invalid_request"],
    ["exponent notation", { amount: "1e3" }, 400, "invalid_request"],
    ["a leading zero", { amount: "05" }, 400, "invalid_request"],
    ["blanks", { amount: " 5" }, 400, "invalid_request"],
    ["no amount", {}, 400, "invalid_request"],
    ["an unknown asset", { amount: "5", asset: "DOGE" }, 400, "unknown_asset"],
    ["an unsupported pair", { amount: "5", payAs: "COIN" }, 400, "unsupported_pair"],
    ["the zero address", { amount: "5", to: `0x${"0".repeat(40)}` }, 400, "zero_address"],
    ["a malformed address", { amount: "5", to: "not an address" }, 400, "invalid_address"],
    [
      "a wrong checksum",
      { amount: "5", to: "0x70997970C51812dc3A010C7d01b50e0d17dc79c8" },
      400,
      "invalid_address",
    ],
    ["a precompile", { amount: "5", to: `0x${"0".repeat(39)}1` }, 422, "reserved_address"],
    ["the vault", { amount: "5", to: config.flare.vaultAddress }, 422, "payee_is_vault"],
    ["more than the balance", { amount: "101" }, 422, "insufficient_funds"],
    ["an unknown member", { amount: "5", bonus: true }, 400, "invalid_request"],
    ["an unknown delivery", { amount: "5", delivery: "mail" }, 400, "invalid_request"],
  ] as const)("refuses %s", async (_what, body, status, code) => {
    const player = await signIn(100n);
    const reply = await ask(player, body);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(await world.balance(`player:${player.playerId}`, "COIN")).toEqual({ available: 100n, held: 0n });
  });

  it("needs a session, a key, and a body", async () => {
    expect(await ask(null, { amount: "5" })).toMatchObject({ status: 401 });
    const player = await signIn(10n);
    const keyless = await call(player, "POST", "/payouts", { asset: "COIN", amount: "5", payAs: "FLR" });
    expect(keyless).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(await ask(player, { amount: "5" }, "short")).toMatchObject({ status: 400 });
    const empty = await call(player, "POST", "/payouts", undefined, { "idempotency-key": randomUUID() });
    expect(empty.status).toBe(400);
  });

  it("with a token after logout is refused", async () => {
    const player = await signIn(10n);
    await call(player, "POST", "/auth/logout", {});
    expect(await ask(player, { amount: "5" })).toMatchObject({ status: 401 });
  });

  it("in a demo session is confirmed at once and never numbered", async () => {
    const player = await signInDemo(10n);
    const reply = await ask(player, { amount: "5" });
    expect(reply).toMatchObject({
      status: 202,
      body: { source: "demo", status: "confirmed", number: null, txHash: null },
    });
    const receipt = await call(player, "GET", `/payouts/${reply.body.id}/receipt`);
    expect(receipt).toMatchObject({ status: 200, body: { chain: null, source: "demo" } });
    expect(await ask(player, { amount: "5", to: hardhat(5).address })).toMatchObject({
      status: 422,
      body: { code: "demo_has_no_address" },
    });
  });
});

describe("a payout of another player", () => {
  it("cannot be seen, cancelled or claimed, and looks like none", async () => {
    const [owner, stranger, demo] = [await signIn(100n), await signIn(0n), await signInDemo(0n)];
    const { body } = await ask(owner, { amount: "10", delivery: "claim" });
    const missing = await call(stranger, "GET", `/payouts/${randomUUID()}`);
    expect(missing).toMatchObject({ status: 404, body: { code: "payout_not_found" } });
    for (const other of [stranger, demo]) {
      for (const [method, path] of [
        ["GET", ""],
        ["GET", "/receipt"],
        ["GET", "/voucher"],
        ["POST", "/cancel"],
      ] as const) {
        const reply = await call(other, method, `/payouts/${body.id}${path}`);
        expect([path, reply.status, reply.body.code, reply.body.detail]).toEqual([
          path,
          404,
          "payout_not_found",
          missing.body.detail,
        ]);
      }
    }
    expect(await world.stored(String(body.id))).toMatchObject({ status: "approved", validUntil: null });
    expect(await call(null, "GET", `/payouts/${body.id}`)).toMatchObject({ status: 401 });
  });

  it("is seen by approvers and admins, who can neither cancel nor claim it", async () => {
    const owner = await signIn(100n);
    const approver = await signIn(0n, hardhat(1));
    const { body } = await ask(owner, { amount: "10", delivery: "claim" });
    expect(await call(approver, "GET", `/payouts/${body.id}`)).toMatchObject({
      status: 200,
      body: { id: body.id },
    });
    expect(await call(approver, "POST", `/payouts/${body.id}/cancel`)).toMatchObject({ status: 404 });
    expect(await call(approver, "GET", `/payouts/${body.id}/voucher`)).toMatchObject({ status: 404 });
  });

  it("is not in one's list; one's own come newest first, a page at a time", async () => {
    const [owner, stranger] = [await signIn(100n), await signIn(100n)];
    await ask(stranger, { amount: "1" });
    const ids: unknown[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.unshift((await ask(owner, { amount: "1" })).body.id);
      if (i % 2 === 1) clock.advanceSeconds(1);
    }
    const seen: unknown[] = [];
    let cursor = "";
    do {
      const page = await call(owner, "GET", `/payouts?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      const { items, nextCursor } = page.body as {
        items: Record<string, unknown>[];
        nextCursor: string | null;
      };
      expect(items.length).toBeLessThanOrEqual(2);
      seen.push(...items.map((item) => item.id));
      cursor = nextCursor ?? "";
    } while (cursor !== "");
    expect([...seen].sort()).toEqual([...ids].sort());
    expect(await call(owner, "GET", "/payouts?cursor=bm9uc2Vuc2U")).toMatchObject({
      status: 400,
      body: { code: "invalid_cursor" },
    });
  });
});

describe("GET /payouts/quote", () => {
  const quote = (caller: Caller | null, query: string) => call(caller, "GET", `/payouts/quote?${query}`);

  it("says what a request would pay, need and take, and holds nothing", async () => {
    const player = await signIn(0n);
    const reply = await quote(player, "asset=COIN&amount=500&payAs=FLR");
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      rate: String(COIN),
      spent: { asset: "COIN", amount: "500" },
      asset: "FLR",
      amount: String(500n * COIN),
      source: "onchain",
      approvals: { required: 0, of: 4 },
      reason: "needs no approval: below 100 FLR",
      delivery: ["push", "claim"],
      fees: [],
      expected: { seconds: 15, text: "usually within 15 s" },
      limits: {
        min: "1",
        playerLeftToday: String(1_000_000n * FLR),
        assetLeftToday: expect.stringMatching(/^[0-9]+$/),
      },
    });
  });

  it("says who has to agree to a large one", async () => {
    const reply = await quote(await signIn(0n), "asset=COIN&amount=10000000&payAs=FLR");
    expect(reply.body).toMatchObject({
      approvals: { required: 3, of: 4 },
      reason: "needs 3 of 4: 10000 FLR or more",
      delivery: ["push"],
      expected: { seconds: null, text: "once 3 approvers have signed" },
    });
  });

  it.each([
    ["asset=COIN&amount=0&payAs=FLR", 400, "invalid_amount"],
    ["asset=COIN&amount=1.5&payAs=FLR", 400, "invalid_request"],
    ["asset=COIN&amount=-1&payAs=FLR", 400, "invalid_request"],
    ["asset=DOGE&amount=1&payAs=FLR", 400, "unknown_asset"],
    ["asset=FLR&amount=1&payAs=COIN", 400, "unsupported_pair"],
    ["asset=COIN&payAs=FLR", 400, "invalid_request"],
    [`asset=COIN&amount=1${"0".repeat(60)}&payAs=FLR`, 400, "invalid_request"],
    ["asset=COIN&amount=99999999999999999&payAs=FLR", 422, "amount_too_large"],
  ])("refuses %s", async (query, status, code) => {
    const reply = await quote(await signIn(0n), query);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it("needs a session", async () => {
    expect(await quote(null, "asset=COIN&amount=1&payAs=FLR")).toMatchObject({ status: 401 });
  });
});

describe("cancelling by HTTP", () => {
  it("returns what was held, once, and is refused when a batch has it", async () => {
    const player = await signIn(100n);
    const { body } = await ask(player, { amount: "10" });
    const cancelled = await call(player, "POST", `/payouts/${body.id}/cancel`);
    expect(cancelled).toMatchObject({
      status: 200,
      body: { status: "cancelled", number: body.number, reason: "cancelled by its owner" },
    });
    expect(await call(player, "POST", `/payouts/${body.id}/cancel`)).toEqual(
      expect.objectContaining({ status: 200, body: cancelled.body }),
    );
    expect(await world.balance(`player:${player.playerId}`, "COIN")).toEqual({ available: 100n, held: 0n });

    const taken = await world.stored(String((await ask(player, { amount: "10" })).body.id));
    await world.submit([taken]);
    expect(await call(player, "POST", `/payouts/${taken.id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: "payout_under_way" },
    });
    await world.step([taken], "confirmed", world.final());
    expect(await call(player, "POST", `/payouts/${taken.id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: "payout_final" },
    });
  });
});

describe("approvals in the view", () => {
  it("are counted as they stand, with when they end", async () => {
    const player = await signIn(100_000n);
    const { body } = await ask(player, { amount: "100000" });
    expect(body).toMatchObject({
      status: "pending_approval",
      approvals: {
        required: 2,
        given: 0,
        expiresAt: new Date(clock.now().getTime() + 7 * 86_400_000).toISOString(),
      },
    });
    given.set(String(body.id), 1);
    expect((await call(player, "GET", `/payouts/${body.id}`)).body.approvals).toMatchObject({ given: 1 });
    expect((await call(player, "GET", "/payouts")).body.items).toMatchObject([{ approvals: { given: 1 } }]);
  });
});

describe("a receipt", () => {
  it("exists once the payout is final, and names everything that one needs to check it", async () => {
    const player = await signIn(100n);
    const payout = await world.stored(String((await ask(player, { amount: "10" })).body.id));
    expect(await call(player, "GET", `/payouts/${payout.id}/receipt`)).toMatchObject({
      status: 409,
      body: { code: "payout_not_confirmed" },
    });
    await world.submit([payout]);
    const final = world.final();
    await world.step([payout], "confirmed", final);
    const receipt = await call(player, "GET", `/payouts/${payout.id}/receipt`);
    expect(receipt).toMatchObject({
      status: 200,
      body: {
        id: payout.id,
        status: "confirmed",
        to: player.account,
        amount: String(10n * COIN),
        assetAddress: `0x${"0".repeat(40)}`,
        chain: {
          chainId: 31_337,
          vault: config.flare.vaultAddress,
          number: String(payout.number),
          txHash: final.txHash,
          blockNumber: "7",
        },
      },
    });
    const word = (BigInt(player.account) << 96n) | (10n * COIN);
    const text = (receipt.body.verify as string[]).join("\n");
    expect(text).toContain(`isConsumed(${payout.number})`);
    expect(text).toContain(`0x${word.toString(16).padStart(64, "0")}`);
    expect(text).toContain("BatchPaid");
  });

  it("of a payout that the payee refused says how to pull it", async () => {
    const player = await signIn(100n);
    const payout = await world.stored(String((await ask(player, { amount: "10" })).body.id));
    await world.submit([payout]);
    await world.step([payout], "credited", world.final());
    const { status, body } = await call(player, "GET", `/payouts/${payout.id}/receipt`);
    expect(status).toBe(200);
    expect(body.verify).toContainEqual(expect.stringContaining("withdrawCredit"));
    expect(body.verify).toContainEqual(expect.stringContaining("PayoutCredited"));

    await world.step([{ ...payout, status: "credited" }], "confirmed");
    const pulled = await call(player, "GET", `/payouts/${payout.id}/receipt`);
    expect(pulled.body.status).toBe("confirmed");
    expect(pulled.body.verify).toContainEqual(expect.stringContaining("PayoutCredited"));
    expect(pulled.body.verify).toContainEqual(expect.stringContaining("refused the payment first"));
  });
});

describe("a voucher by HTTP", () => {
  it("is the owner's alone and kept by no cache", async () => {
    const player = await signIn(100n);
    const { body } = await ask(player, { amount: "10", delivery: "claim" });
    const reply = await call(player, "GET", `/payouts/${body.id}/voucher`);
    expect(reply.status).toBe(200);
    expect(Object.keys(reply.body).sort()).toEqual(["deadline", "signature", "typedData", "vault"]);
    expect(reply.headers["cache-control"]).toBe("no-store");
    const again = await call(player, "GET", `/payouts/${body.id}/voucher`);
    expect(again.body).toEqual(reply.body);
  });
});

it("no id is too strange to be answered with a problem", async () => {
  const player = await signIn(0n);
  for (const id of ["1", "null", "%00", "../admin", "x".repeat(150), "' OR 1=1 --"]) {
    const reply = await call(player, "GET", `/payouts/${encodeURIComponent(id)}`);
    expect([400, 404]).toContain(reply.status);
    expect(reply.body.code).toBeTypeOf("string");
  }
});

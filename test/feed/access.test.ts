import { describe, expect, it } from "vitest";
import { AppError } from "../../src/platform/errors.ts";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { ALICE, ask, BOB, collect, connect, payout, SessionBook, say, startProcess } from "./kit.ts";

const db = await createTestDatabase();
const DEMO = "demo:0198f7aa-0000-7000-8000-000000000001";

async function refusedWith(code: string, answer: ReturnType<typeof ask>): Promise<void> {
  expect(await answer).toMatchObject({ ok: false, problem: { code } });
}

describe("an account's channel", () => {
  it("reaches its own session only, in any spelling of the address", async () => {
    const { url, auth } = await startProcess(db);
    auth.open("alice", ALICE);
    auth.open("bob", BOB);
    const [alice, bob] = [
      await connect(url, { auth: { token: "alice" } }),
      await connect(url, { auth: { token: "bob" } }),
    ];
    const [hers, his] = [collect(alice, "account"), collect(bob, "account")];
    expect(await ask(alice, "subscribe", { channel: `account:${ALICE.toLowerCase()}` })).toMatchObject({
      ok: true,
    });
    expect(await ask(bob, "subscribe", { channel: `account:${BOB}` })).toMatchObject({ ok: true });
    await refusedWith("not_your_account", ask(bob, "subscribe", { channel: `account:${ALICE}` }));
    await refusedWith("not_your_account", ask(bob, "subscribe", { channel: `account:${DEMO}` }));
    await say(db, payout(1, `account:${ALICE}`), payout(2, `account:${BOB}`));
    await until(() => hers.length > 0 && his.length > 0);
    expect(hers.map((event) => event.payload.n)).toEqual([1]);
    expect(his.map((event) => event.payload.n)).toEqual([2]);
  });

  it("is open to a demo session under its own name", async () => {
    const { url, auth } = await startProcess(db);
    auth.open("demo", DEMO);
    const socket = await connect(url, { auth: { token: "demo" } });
    expect(await ask(socket, "subscribe", { channel: `account:${DEMO}` })).toMatchObject({ ok: true });
  });

  it("is open to a player who is known by a wallet of the XRP Ledger, in its one spelling", async () => {
    const { url, auth } = await startProcess(db);
    const account = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
    auth.open("xrpl", account);
    const socket = await connect(url, { auth: { token: "xrpl" } });
    const events = collect(socket, "account");
    expect(await ask(socket, "subscribe", { channel: `account:${account}` })).toMatchObject({ ok: true });
    await refusedWith("invalid_channel", ask(socket, "subscribe", { channel: `account:${account}:1` }));
    await refusedWith(
      "invalid_channel",
      ask(socket, "subscribe", { channel: `account:${account.toLowerCase()}` }),
    );
    await say(db, payout(1, `account:${account}`));
    await until(() => events.length > 0);
  });

  it("is closed without a session, while the feed is open", async () => {
    const { url } = await startProcess(db);
    const socket = await connect(url);
    await refusedWith("session_required", ask(socket, "subscribe", { channel: `account:${ALICE}` }));
    await refusedWith("session_required", ask(socket, "click", { clientNonce: "n1" }));
    expect(await ask(socket, "subscribe", { channel: "feed" })).toMatchObject({ ok: true });
  });

  it("opens after authenticate, and closes when another player authenticates on the same connection", async () => {
    const { url, auth } = await startProcess(db);
    auth.open("alice", ALICE);
    auth.open("bob", BOB);
    const socket = await connect(url);
    const events = collect(socket, "account");
    await refusedWith("token_invalid", ask(socket, "authenticate", { token: "nobody" }));
    expect(await ask(socket, "authenticate", { token: "alice" })).toEqual({ ok: true, account: ALICE });
    await ask(socket, "subscribe", { channel: `account:${ALICE}` });
    expect(await ask(socket, "authenticate", { token: "bob" })).toEqual({ ok: true, account: BOB });
    await ask(socket, "subscribe", { channel: `account:${BOB}` });
    await say(db, payout(1, `account:${ALICE}`), payout(2, `account:${BOB}`));
    await until(() => events.length > 0);
    expect(events.map((event) => event.payload.n)).toEqual([2]);
  });

  it("stays open when the same session brings a fresh token before the old one expires", async () => {
    const { url, auth } = await startProcess(db, { limits: { sessionCheckMs: 20 } });
    auth.open("alice-1", ALICE);
    auth.open("alice-2", ALICE);
    const socket = await connect(url, { auth: { token: "alice-1" } });
    const events = collect(socket, "account");
    await ask(socket, "subscribe", { channel: `account:${ALICE}` });
    await ask(socket, "authenticate", { token: "alice-2" });
    auth.expire("alice-1");
    await new Promise((done) => setTimeout(done, 60));
    await say(db, payout(1, `account:${ALICE}`));
    await until(() => events.length === 1);
  });
});

describe("a session that ends", () => {
  it("takes its connections with it, in every process, and refuses them afterwards", async () => {
    const auth = new SessionBook();
    const processes = [await startProcess(db, { auth }), await startProcess(db, { auth })];
    auth.open("alice", ALICE);
    const sockets = await Promise.all(processes.map(({ url }) => connect(url, { auth: { token: "alice" } })));
    const problems = sockets.map((socket) => collect<{ code: string }>(socket, "problem"));
    const bystander = await connect(processes[0]?.url ?? "");
    auth.end("alice");
    await until(() => sockets.every((socket) => !socket.connected));
    expect(problems.map((list) => list.map((problem) => problem.code))).toEqual([
      ["session_ended"],
      ["session_ended"],
    ]);
    expect(bystander.connected).toBe(true);
    await expect(connect(processes[0]?.url ?? "", { auth: { token: "alice" } })).rejects.toMatchObject({
      message: "token_invalid",
      data: { code: "token_invalid" },
    });
  });

  it("closes what it had opened when its token merely expires, and leaves the feed", async () => {
    const { url, auth } = await startProcess(db, { limits: { sessionCheckMs: 20 } });
    auth.open("alice", ALICE);
    const socket = await connect(url, { auth: { token: "alice" } });
    const [mine, feed] = [collect(socket, "account"), collect(socket, "feed")];
    const problems = collect<{ code: string }>(socket, "problem");
    await ask(socket, "subscribe", { channel: `account:${ALICE}` });
    await ask(socket, "subscribe", { channel: "feed" });
    auth.expire("alice");
    await until(() => problems.length > 0);
    await say(db, payout(1, `account:${ALICE}`), payout(2));
    await until(() => feed.length > 0);
    expect(mine).toEqual([]);
    expect(problems.map((problem) => problem.code)).toEqual(["token_invalid"]);
    await refusedWith("session_required", ask(socket, "subscribe", { channel: `account:${ALICE}` }));
  });

  it("does not click once more", async () => {
    const clicked: unknown[] = [];
    const { url, auth } = await startProcess(db, {
      click: async (session, input, from) => {
        clicked.push([session.account, input, from.userAgent]);
        return { ok: true, accepted: 3 };
      },
    });
    auth.open("alice", ALICE);
    const socket = await connect(url, {
      auth: { token: "alice" },
      extraHeaders: { "user-agent": "a phone" },
    });
    expect(await ask(socket, "click", { clientNonce: "n1", count: 3 })).toEqual({ ok: true, accepted: 3 });
    auth.expire("alice");
    await refusedWith("token_invalid", ask(socket, "click", { clientNonce: "n2" }));
    expect(clicked).toEqual([[ALICE, { clientNonce: "n1", count: 3 }, "a phone"]]);
  });

  it("is not taken for ended while auth cannot tell", async () => {
    const auth = new SessionBook();
    auth.open("alice", ALICE);
    const { url } = await startProcess(db, { auth, limits: { sessionCheckMs: 20 } });
    const socket = await connect(url, { auth: { token: "alice" } });
    const events = collect(socket, "account");
    await ask(socket, "subscribe", { channel: `account:${ALICE}` });
    const verify = auth.verifyToken;
    auth.verifyToken = async () => {
      throw new AppError("unavailable", "database_unavailable", "not now");
    };
    await new Promise((done) => setTimeout(done, 60));
    auth.verifyToken = verify;
    await say(db, payout(1, `account:${ALICE}`));
    await until(() => events.length === 1);
  });
});

describe("where a connection comes from", () => {
  it("decides whether its cookie counts: our own pages and their cookie are let in, other sites are not", async () => {
    const { url, auth } = await startProcess(db);
    auth.open("alice", ALICE);
    const cookie = "theme=dark; cc_access=alice";
    const ours = await connect(url, { extraHeaders: { cookie, origin: "http://play.example" } });
    expect(await ask(ours, "subscribe", { channel: `account:${ALICE}` })).toMatchObject({ ok: true });
    const sameHost = await connect(url, { extraHeaders: { cookie, origin: url } });
    expect(await ask(sameHost, "subscribe", { channel: `account:${ALICE}` })).toMatchObject({ ok: true });
    const foreign: Record<string, string>[] = [
      { cookie, origin: "http://evil.example" },
      { cookie, origin: "null" },
      { cookie, "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      await expect(connect(url, { extraHeaders: headers })).rejects.toThrow();
      await expect(connect(url, { extraHeaders: headers, transports: ["polling"] })).rejects.toThrow();
    }
  });

  it("does not matter for a stale cookie: the connection is anonymous then", async () => {
    const { url } = await startProcess(db);
    const socket = await connect(url, { extraHeaders: { cookie: "cc_access=long-gone" } });
    expect(await ask(socket, "subscribe", { channel: "feed" })).toMatchObject({ ok: true });
    await refusedWith("session_required", ask(socket, "subscribe", { channel: `account:${ALICE}` }));
  });
});

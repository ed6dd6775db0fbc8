import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WireEvent } from "../../src/modules/feed/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { hasRedisServer } from "../kit/redis-server.ts";
import { until } from "../kit/until.ts";
import { ALICE, ask, collect, connect, payout, SessionBook, say, startProcess } from "./kit.ts";
import { startRedis } from "./redis.ts";

const db = await createTestDatabase();

const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};
beforeAll(() => {
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const ticks = (events: WireEvent[], metric: string): unknown[] =>
  events.filter((event) => event.payload.metric === metric).map((event) => event.payload.value);

describe("ticks and balances of one process", () => {
  it("are sent when they change, and carry the last id, so that coming back with it is right", async () => {
    const process = await startProcess(db, { limits: { tickMs: 40 } });
    const socket = await connect(process.url);
    const events = collect(socket, "feed", true);
    await ask(socket, "subscribe", { channel: "feed" });
    await until(() => ticks(events, "clients").length === 1);
    await connect(process.url);
    await until(() => ticks(events, "clients").length === 2);
    expect(ticks(events, "clients")).toEqual([1, 2]);
    await sleep(200);
    expect(ticks(events, "clients")).toHaveLength(2);

    await say(db, payout(1));
    await until(() => events.some((event) => event.type === "payout"));
    process.feed.countClicks(4);
    await until(() => ticks(events, "clicksPerSecond").some((value) => value === 100));
    const tick = events.find((event) => event.type === "tick" && event.payload.value === 100);
    expect(tick?.id).toBe(process.feed.status().lastId);
    await until(() => ticks(events, "clicksPerSecond").at(-1) === 0);
  });

  it("show an account only its own balance, the last one of several", async () => {
    const process = await startProcess(db, { limits: { balanceFlushMs: 50 } });
    process.auth.open("alice", ALICE);
    const [alice, other] = [
      await connect(process.url, { auth: { token: "alice" } }),
      await connect(process.url),
    ];
    const [mine, theirs] = [collect(alice, "account"), collect(other, "account")];
    await ask(alice, "subscribe", { channel: `account:${ALICE}` });
    await ask(other, "subscribe", { channel: "feed" });
    for (let n = 1; n <= 20; n += 1) process.feed.publishBalance(ALICE, { available: String(n) });
    await until(() => mine.length > 0);
    await sleep(120);
    expect(mine).toEqual([
      { id: process.feed.status().lastId, type: "balance", payload: { available: "20" } },
    ]);
    expect(theirs).toEqual([]);
  });

  it("never show an older balance after a newer durable one", async () => {
    const process = await startProcess(db, { limits: { balanceFlushMs: 300 } });
    process.auth.open("alice", ALICE);
    const alice = await connect(process.url, { auth: { token: "alice" } });
    const mine = collect(alice, "account");
    await ask(alice, "subscribe", { channel: `account:${ALICE}` });
    process.feed.publishBalance(ALICE, { available: "100" });
    await say(db, { channel: `account:${ALICE}`, type: "balance", payload: { available: "50" } });
    await until(() => mine.length > 0);
    await sleep(400);
    expect(mine.map((event) => event.payload.available)).toEqual(["50"]);
  });
});

describe("status and metrics", () => {
  it("tell what was published, with what lag, and who is connected", async () => {
    const process = await startProcess(db);
    const socket = await connect(process.url);
    const events = collect(socket, "feed");
    await ask(socket, "subscribe", { channel: "feed" });
    await say(db, payout(1), payout(2));
    await until(() => events.length === 2);
    const text = await process.metrics.text();
    expect(text).toContain("feed_sockets_connected 1");
    expect(text).toContain("feed_events_published_total 2");
    expect(text).toContain('feed_events_emitted_total{channel="feed"} 2');
    expect(text).toMatch(/feed_relay_lag_seconds_count [12]\n/);
    expect(process.feed.status()).toEqual({ connected: true, lastId: events.at(-1)?.id, sockets: 1 });
  });
});

describe.skipIf(!hasRedisServer)("processes that share a Redis", () => {
  it("end a session's connections everywhere, though only one of them hears of it", async () => {
    const redis = await startRedis();
    const [here, there] = [
      await startProcess(db, { redisUrl: redis.url }),
      await startProcess(db, { redisUrl: redis.url, limits: { sessionCheckMs: 600_000 } }),
    ];
    here.auth.open("alice", ALICE);
    there.auth.open("alice", ALICE);
    const sockets = [
      await connect(here.url, { auth: { token: "alice" } }),
      await connect(there.url, { auth: { token: "alice" } }),
    ];
    await sleep(150);
    here.auth.end("alice");
    await until(() => sockets.every((socket) => !socket.connected));
  });

  it("count their clients together and pass balances on, each with its own last id", async () => {
    const redis = await startRedis();
    const limits = { tickMs: 50, balanceFlushMs: 20 };
    const [here, there] = [
      await startProcess(db, { redisUrl: redis.url, limits }),
      await startProcess(db, { redisUrl: redis.url, limits }),
    ];
    there.auth.open("alice", ALICE);
    const watcher = await connect(here.url);
    const alice = await connect(there.url, { auth: { token: "alice" } });
    const [events, mine] = [collect(watcher, "feed", true), collect(alice, "account")];
    await ask(watcher, "subscribe", { channel: "feed" });
    await ask(alice, "subscribe", { channel: `account:${ALICE}` });
    await until(() => ticks(events, "clients").at(-1) === 2);
    await until(() => {
      here.feed.publishBalance(ALICE, { available: "7" });
      return mine.length > 0;
    });
    expect(mine[0]).toEqual({ id: there.feed.status().lastId, type: "balance", payload: { available: "7" } });
    await there.stop();
    await until(() => ticks(events, "clients").at(-1) === 1);
  });

  it("lose nothing of the feed when Redis is killed, and use it again when it is back", async () => {
    const redis = await startRedis();
    const auth = new SessionBook();
    const limits = { tickMs: 50, balanceFlushMs: 20 };
    const processes = [
      await startProcess(db, { auth, redisUrl: redis.url, limits }),
      await startProcess(db, { auth, redisUrl: redis.url, limits }),
    ];
    auth.open("alice", ALICE);
    const sockets = await Promise.all(processes.map(({ url }) => connect(url)));
    const received = sockets.map((socket) => collect(socket, "feed"));
    const all = sockets.map((socket) => collect(socket, "feed", true));
    await Promise.all(sockets.map((socket) => ask(socket, "subscribe", { channel: "feed" })));
    await until(() => all.every((events) => ticks(events, "clients").at(-1) === 2));

    for (let n = 0; n < 150; n += 1) {
      if (n === 50) await redis.kill();
      if (n === 75) {
        // Ended while Redis is away: it still ends, here at once and elsewhere by auth's own word.
        const doomed = await connect(processes[0]?.url ?? "", { auth: { token: "alice" } });
        auth.end("alice");
        await until(() => !doomed.connected);
      }
      if (n === 100) await redis.start();
      await say(db, payout(n));
      processes[0]?.feed.publishBalance(ALICE, { n });
      await sleep(3);
    }
    await until(() => received.every((events) => events.length === 150));
    for (const events of received)
      expect(events.map((event) => event.payload.n)).toEqual([...Array(150).keys()]);
    await connect(processes[1]?.url ?? "");
    await until(() => all.every((events) => ticks(events, "clients").at(-1) === 3));
    expect(unhandled).toEqual([]);
  });

  it("start and serve although there is no Redis at the address", async () => {
    const process = await startProcess(db, { redisUrl: "redis://127.0.0.1:1", limits: { tickMs: 20 } });
    const socket = await connect(process.url);
    const events = collect(socket, "feed");
    await ask(socket, "subscribe", { channel: "feed" });
    await say(db, payout(1));
    await until(() => events.length === 1);
    await sleep(300);
    expect(unhandled).toEqual([]);
  });
});

describe("closing", () => {
  it("disconnects the clients, frees the HTTP server and leaves no connection to the database", async () => {
    const process = await startProcess(db);
    const sockets = [await connect(process.url), await connect(process.url, { transports: ["polling"] })];
    await process.stop();
    await until(() => sockets.every((socket) => !socket.connected));
    await until(async () => {
      const { rows } = await db.pool.query<{ n: bigint }>(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'coinclicker-feed' AND datname = current_database()",
      );
      return rows[0]?.n === 0n;
    });
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FeedLimits, WireEvent } from "../../src/modules/feed/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import {
  type Ack,
  ALICE,
  ask,
  collect,
  connect,
  outboxIsEmpty,
  type Process,
  payout,
  published,
  say,
  startProcess,
} from "./kit.ts";

const db = await createTestDatabase({ maxConnections: 20 });

/** A client that is cut off again and again, anywhere, and comes back to any process with the last id that it saw. */
class Wanderer {
  readonly seen: WireEvent[] = [];
  readonly resets: number[] = [];
  comebacks = 0;
  #last: string | undefined;
  #home: () => Process;
  #roaming = true;
  #done: Promise<void>;

  constructor(home: () => Process, stayMs: () => number, options: { token?: string; channel?: string } = {}) {
    this.#home = home;
    this.#done = this.#roam(stayMs, options);
  }

  async #roam(stayMs: () => number, options: { token?: string; channel?: string }): Promise<void> {
    const channel = options.channel ?? "feed";
    while (this.#roaming) {
      try {
        const socket = await connect(this.#home().url, { auth: { token: options.token } });
        socket.on(channel === "feed" ? "feed" : "account", (event: WireEvent) => {
          if (event.type === "tick") return;
          this.seen.push(event);
          this.#last = event.id;
        });
        const lost = new Promise<void>((done) => socket.once("disconnect", () => done()));
        const answer = await new Promise<Ack>((done, fail) => {
          const message = { channel, since: this.#last };
          socket.timeout(5_000).emit("subscribe", message, (error: Error | null, ack: Ack) => {
            if (error !== null) return fail(error);
            // Here, not after an await: what follows the ack may arrive in the same tick.
            if (ack.ok && ack.recovered !== true && this.#last !== undefined)
              this.resets.push(this.seen.length);
            if (ack.ok) this.#last = ack.lastId;
            done(ack);
          });
        });
        if (answer.ok) {
          await Promise.race([sleep(stayMs()), lost]);
        }
        socket.disconnect();
        this.comebacks += 1;
      } catch {
        await sleep(10);
      }
    }
  }

  async settle(count: number): Promise<void> {
    await until(() => this.seen.length >= count);
  }

  async stop(): Promise<void> {
    this.#roaming = false;
    await this.#done;
  }
}

async function sayMany(count: number, pauseMs: number, channels = ["feed"]): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await say(db, ...channels.map((channel) => payout(n, channel)));
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

async function terminateFeedConnections(target: Database): Promise<number> {
  const result = await target.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'coinclicker-feed' AND datname = current_database()`,
  );
  return result.rowCount ?? 0;
}

function stayBetween(min: number, max: number, seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return min + (state % (max - min));
  };
}

describe("clients that come and go", () => {
  it("see every event exactly once and in order, over two processes, rolling restarts and terminated backends", async () => {
    const limits: Partial<FeedLimits> = { windowSize: 32, pageSize: 8 };
    const processes = [await startProcess(db, { limits }), await startProcess(db, { limits })];
    for (const { auth } of processes) auth.open("alice", ALICE);
    let turn = 0;
    const anyProcess = (): Process => {
      turn += 1;
      const process = processes[turn % processes.length];
      if (process === undefined) throw new Error("no process");
      return process;
    };
    const before = (await published(db, "feed")).length;
    const wanderers = Array.from(
      { length: 12 },
      (_unused, index) =>
        new Wanderer(
          anyProcess,
          stayBetween(2, 10 + index * 20, index + 1),
          index < 3 ? { token: "alice", channel: `account:${ALICE}` } : {},
        ),
    );
    await until(() => wanderers.every((wanderer) => wanderer.comebacks > 0));

    const talking = sayMany(500, 3, ["feed", `account:${ALICE}`]);
    let terminated = 0;
    for (let round = 0; round < 4; round += 1) {
      await sleep(250);
      terminated += await terminateFeedConnections(db);
      // A rolling restart: the new one is there before the old one goes.
      const fresh = await startProcess(db, { limits });
      fresh.auth.open("alice", ALICE);
      await processes.splice(0, 1, fresh)[0]?.stop();
    }
    await talking;
    expect(terminated).toBeGreaterThan(3);
    await until(() => wanderers.every((wanderer) => wanderer.comebacks > 3));
    await until(() => outboxIsEmpty(db));

    const feedIds = (await published(db, "feed")).slice(before);
    const accountIds = (await published(db, `account:${ALICE}`)).slice(before);
    expect(feedIds).toHaveLength(500);
    await Promise.all(wanderers.map((wanderer) => wanderer.settle(500)));
    for (const [index, wanderer] of wanderers.entries()) {
      await wanderer.stop();
      expect(wanderer.resets).toEqual([]);
      expect(wanderer.seen.map((event) => event.id)).toEqual(index < 3 ? accountIds : feedIds);
    }
  });

  it("find no gap and nothing twice at the seam between backlog and live, wherever they begin and however small the pages are", async () => {
    await sayMany(120, 0);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          windowSize: fc.integer({ min: 1, max: 60 }),
          pageSize: fc.integer({ min: 1, max: 20 }),
          starts: fc.array(
            fc.record({ back: fc.integer({ min: 0, max: 150 }), afterMs: fc.integer({ min: 0, max: 40 }) }),
            {
              minLength: 1,
              maxLength: 8,
            },
          ),
        }),
        async ({ windowSize, pageSize, starts }) => {
          const process = await startProcess(db, { limits: { windowSize, pageSize } });
          const talking = sayMany(25, 1, ["feed", "account:demo:somebody"]);
          const readers = await Promise.all(
            starts.map(async ({ back, afterMs }) => {
              const socket = await connect(process.url);
              const events = collect(socket, "feed");
              await sleep(afterMs);
              const head = BigInt(process.feed.status().lastId ?? "0");
              const since = head > BigInt(back) ? head - BigInt(back) : 0n;
              const answer = await ask(socket, "subscribe", { channel: "feed", since: String(since) });
              return { events, since, answer };
            }),
          );
          await talking;
          await until(() => outboxIsEmpty(db));
          const all = (await published(db, "feed")).map(BigInt);
          for (const { events, since, answer } of readers) {
            expect(answer).toMatchObject({ ok: true, recovered: true });
            const expected = all.filter((id) => id > since).map(String);
            await until(() => events.length >= expected.length);
            expect(events.map((event) => event.id)).toEqual(expected);
            // What the ack promised: everything after lastId followed.
            expect(BigInt(answer.lastId ?? "")).toBeLessThan(BigInt(expected[0] ?? `${all.at(-1)}0`));
          }
          await process.stop();
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 15_000 },
    );
  });

  it("that were served by a faster process are neither reset nor told anything twice", async () => {
    const process = await startProcess(db, { limits: { pollMs: 60_000 } });
    const socket = await connect(process.url);
    const events = collect(socket, "feed");
    const head = BigInt(process.feed.status().lastId ?? "0");
    // Published past this process: no notification, so it has not heard of it yet.
    await db.pool.query(
      `INSERT INTO feed_events (position, outbox_id, channel, type, payload, created_at)
       SELECT $1::bigint + n, 1000000 + n, 'feed', 'payout', '{}', now() FROM generate_series(1, 3) AS n`,
      [head],
    );
    const answer = await ask(socket, "subscribe", { channel: "feed", since: String(head + 2n) });
    expect(answer).toEqual({ ok: true, recovered: true, lastId: String(head + 2n) });
    await until(() => events.length > 0);
    expect(events.map((event) => event.id)).toEqual([String(head + 3n)]);
  });
});

describe("a client that cannot be brought up to date", () => {
  it("gets recovered: false and a snapshot when its id was pruned, and goes on from there", async () => {
    await sayMany(60, 0);
    const process = await startProcess(db, {
      limits: { windowSize: 10, retentionSeconds: 0, keepAtLeast: 20, snapshotSize: 5 },
    });
    await until(async () => {
      const { rows } = await db.pool.query<{ n: bigint }>("SELECT count(*) AS n FROM feed_events");
      return rows[0]?.n === 20n;
    });
    const ids = await published(db, "feed");
    const socket = await connect(process.url);
    const events = collect(socket, "feed");
    const answer = await ask(socket, "subscribe", { channel: "feed", since: "3" });
    expect(answer).toMatchObject({ ok: true, recovered: false, lastId: ids.at(-1) });
    expect(answer.snapshot?.map((event) => event.id)).toEqual(ids.slice(-5));
    // The last id that pruning left is still good, and so is the one before it.
    const oldest = BigInt(ids[0] ?? "0");
    expect(await ask(socket, "subscribe", { channel: "feed", since: String(oldest - 1n) })).toMatchObject({
      recovered: true,
    });
    await until(() => events.length === 20);
    expect(events.map((event) => event.id)).toEqual(ids);
    expect(await ask(socket, "subscribe", { channel: "feed", since: String(oldest - 2n) })).toMatchObject({
      recovered: false,
    });
    await say(db, payout(1_000));
    await until(() => events.length === 21);
    expect(events.at(-1)?.payload).toEqual({ n: 1_000 });
  });

  it("gets recovered: false for an id that this database never gave", async () => {
    const process = await startProcess(db);
    const socket = await connect(process.url);
    const answer = await ask(socket, "subscribe", { channel: "feed", since: "999999999" });
    expect(answer).toMatchObject({ ok: true, recovered: false, lastId: process.feed.status().lastId });
  });

  it("gets recovered: false when it missed more than is replayed", async () => {
    const first = await startProcess(db, { limits: { windowSize: 5, maxReplay: 30 } });
    const since = first.feed.status().lastId;
    await sayMany(30, 0);
    await first.stop();
    const second = await startProcess(db, { limits: { windowSize: 5, maxReplay: 30 } });
    const socket = await connect(second.url);
    expect(await ask(socket, "subscribe", { channel: "feed", since })).toMatchObject({ recovered: true });
    await sayMany(1, 0);
    await second.stop();
    const third = await startProcess(db, { limits: { windowSize: 5, maxReplay: 30 } });
    const late = await connect(third.url);
    expect(await ask(late, "subscribe", { channel: "feed", since })).toMatchObject({ recovered: false });
  });
});

describe("subscribing", () => {
  it("again replaces the first subscription, and unsubscribe ends it", async () => {
    const process = await startProcess(db);
    const socket = await connect(process.url);
    const events = collect(socket, "feed");
    const { lastId } = await ask(socket, "subscribe", { channel: "feed" });
    await ask(socket, "subscribe", { channel: "feed", since: lastId });
    await say(db, payout(1));
    await until(() => events.length > 0);
    await ask(socket, "unsubscribe", { channel: "feed" });
    await say(db, payout(2));
    const other = await connect(process.url);
    const witness = collect(other, "feed");
    await ask(other, "subscribe", { channel: "feed", since: lastId });
    await until(() => witness.length === 2);
    expect(events.map((event) => event.payload.n)).toEqual([1]);
  });

  it("twice at once answers both, and every event arrives once", async () => {
    const process = await startProcess(db, { limits: { windowSize: 1, pageSize: 3 } });
    const socket = await connect(process.url);
    const ids = await published(db, "feed");
    const since = String(BigInt(ids.at(-15) ?? "0") - 1n);
    const events = collect(socket, "feed");
    const [first, second] = await Promise.all([
      ask(socket, "subscribe", { channel: "feed", since }),
      ask(socket, "subscribe", { channel: "feed", since }),
    ]);
    expect(second).toMatchObject({ ok: true, recovered: true });
    expect(first).toMatchObject({ ok: false, problem: { code: "superseded" } });
    await until(() => events.length >= 15);
    expect(events.map((event) => event.id)).toEqual(ids.slice(-15));
  });
});

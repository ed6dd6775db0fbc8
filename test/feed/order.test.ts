import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { announce } from "../../src/platform/outbox.ts";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { ask, collect, connect, onCleanup, outboxIsEmpty, payout, say, startProcess } from "./kit.ts";

const db = await createTestDatabase({ maxConnections: 24 });
await db.pool.query("CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL)");
await db.pool.query("INSERT INTO counters SELECT id, 0 FROM generate_series(1, 3) AS id");
await db.pool.query("CREATE TABLE touched (id bigint GENERATED ALWAYS AS IDENTITY, note text)");

describe("the order of the feed", () => {
  it("holds each committed announcement once, none that was rolled back, and never an effect before its cause", async () => {
    await startProcess(db, { limits: { pageSize: 7 } });
    await startProcess(db, { limits: { pageSize: 5 } });
    const committed: string[] = [];

    async function transact(index: number): Promise<void> {
      const counter = (index % 3) + 1;
      const failure = new Error("rolled back on purpose");
      await db
        .transaction(async (tx) => {
          // Half take their transaction id long before they get to wait for the counter, half after.
          if (index % 2 === 0) await tx.query("INSERT INTO touched (note) VALUES ('early')");
          await sleep(random(index, 25));
          const result = await tx.query<{ n: number }>(
            "UPDATE counters SET n = n + 1 WHERE id = $1 RETURNING n",
            [counter],
          );
          const n = result.rows[0]?.n ?? 0;
          const label = `${counter}:${n}:${index}`;
          const event = { channel: "feed", type: "count", payload: { counter, n, label } };
          await announce(tx, [event, { ...event, channel: "account:other" }]);
          await sleep(random(index + 1, 6));
          if (index % 5 === 0) throw failure;
          committed.push(label);
        })
        .catch((error: unknown) => {
          if (error !== failure) throw error;
        });
    }
    let next = 0;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (next < 400) await transact(next++);
      }),
    );
    await until(() => outboxIsEmpty(db));

    const { rows } = await db.pool.query<{
      position: bigint;
      outbox_id: bigint;
      channel: string;
      payload: { counter: number; n: number; label: string };
    }>("SELECT position, outbox_id, channel, payload FROM feed_events ORDER BY position");
    expect(rows.map((row) => row.position)).toEqual(rows.map((_row, index) => BigInt(index + 1)));
    const labels = rows.filter((row) => row.channel === "feed").map((row) => row.payload.label);
    expect(labels.toSorted()).toEqual(committed.toSorted());
    for (const counter of [1, 2, 3]) {
      // Each of these transactions waited for the one before it, so their numbers may only rise.
      const seen = rows.filter((row) => row.channel === "feed" && row.payload.counter === counter);
      expect(seen.map((row) => row.payload.n)).toEqual(seen.map((_row, index) => index + 1));
    }
    // Otherwise the test would not have met what it is about: ids that become visible out of order.
    const ids = rows.map((row) => row.outbox_id);
    expect(ids.some((id, index) => id < (ids[index - 1] ?? id))).toBe(true);
  });

  it("publishes a cause first although its transaction is the younger one and a third is still open", async () => {
    const [older, third] = [await db.pool.connect(), await db.pool.connect()];
    onCleanup(() => {
      older.release();
      third.release();
    });
    await older.query("BEGIN");
    await older.query("SELECT pg_current_xact_id()");
    await third.query("BEGIN");
    await third.query("INSERT INTO touched (note) VALUES ('still open')");
    await say(db, payout(1));
    const { rows } = await older.query<{ seen: bigint }>("SELECT count(*) AS seen FROM outbox_events");
    expect(rows[0]?.seen).toBe(1n);
    await announce(older as never, [payout(2)]);
    await older.query("COMMIT");

    const { url } = await startProcess(db);
    const socket = await connect(url);
    const answer = await ask(socket, "subscribe", { channel: "feed" });
    expect(answer.snapshot?.slice(-2).map((event) => event.payload.n)).toEqual([1, 2]);
    await third.query("ROLLBACK");
  });

  it("goes on while an old transaction stays open", async () => {
    const old = await db.pool.connect();
    onCleanup(() => old.release());
    await old.query("BEGIN");
    await old.query("INSERT INTO touched (note) VALUES ('holds back every xmin')");
    const { url } = await startProcess(db, { limits: { pollMs: 600_000 } });
    const socket = await connect(url);
    const events = collect(socket, "feed");
    await ask(socket, "subscribe", { channel: "feed" });
    await say(db, payout(77));
    await until(() => events.length > 0);
    expect(events.map((event) => event.payload)).toEqual([{ n: 77 }]);
    await old.query("ROLLBACK");
  });
});

/** Spread, but the same in every run. */
function random(seed: number, below: number): number {
  return ((seed * 2_654_435_761) >>> 7) % below;
}

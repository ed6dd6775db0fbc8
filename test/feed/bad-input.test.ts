import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { ALICE, ask, collect, connect, onCleanup, payout, say, startProcess } from "./kit.ts";

const db = await createTestDatabase();

describe("what no client should send", () => {
  it.each([
    ["fly", {}, "unknown_event"],
    ["error", {}, "unknown_event"],
    ["toString", {}, "unknown_event"],
    ["__proto__", {}, "unknown_event"],
    ["subscribe", undefined, "invalid_payload"],
    ["subscribe", null, "invalid_payload"],
    ["subscribe", "feed", "invalid_payload"],
    ["subscribe", [], "invalid_payload"],
    ["subscribe", {}, "invalid_payload"],
    ["subscribe", { channel: 7 }, "invalid_payload"],
    ["subscribe", { channel: "feed", since: 7 }, "invalid_payload"],
    ["subscribe", { channel: "feed", since: "-1" }, "invalid_payload"],
    ["subscribe", { channel: "feed", since: "1e9" }, "invalid_payload"],
    ["subscribe", { channel: "feed", since: "9".repeat(40) }, "invalid_payload"],
    ["subscribe", { channel: "feed", extra: true }, "invalid_payload"],
    ["subscribe", { channel: "admin" }, "invalid_channel"],
    ["subscribe", { channel: "account:" }, "invalid_channel"],
    ["subscribe", { channel: "account:0x0000000000000000000000000000000000000000" }, "invalid_channel"],
    ["subscribe", { channel: `account:${ALICE.replace("C8", "c8")}` }, "invalid_channel"],
    ["subscribe", { channel: "account:demo:1" }, "invalid_channel"],
    ["subscribe", { channel: "session:session-of-alice" }, "invalid_channel"],
    ["unsubscribe", {}, "invalid_payload"],
    ["authenticate", { token: 5 }, "invalid_payload"],
    ["authenticate", { token: "" }, "invalid_payload"],
  ])("%s %j is answered with %s", async (event, payload, code) => {
    const { url, metrics } = await startProcess(db);
    const socket = await connect(url);
    const answer = await ask(socket, event, payload);
    expect(answer).toMatchObject({ ok: false, problem: { code } });
    expect(answer.problem?.detail).toMatch(/[a-z]{3}/);
    expect(await metrics.text()).toContain(`feed_socket_problems_total{code="${code}"} 1`);
    expect(await ask(socket, "subscribe", { channel: "feed" })).toMatchObject({ ok: true });
  });

  it("is answered with a problem event when there is no ack to answer with", async () => {
    const { url } = await startProcess(db);
    const socket = await connect(url);
    const problems = collect<{ event: string; code: string }>(socket, "problem");
    socket.emit("fly", "away");
    socket.emit("error", new Error("client's"));
    socket.emit("subscribe");
    await until(() => problems.length === 3);
    expect(problems.map(({ event, code }) => [event, code])).toEqual([
      ["fly", "unknown_event"],
      ["error", "unknown_event"],
      ["subscribe", "invalid_payload"],
    ]);
  });

  it("never brings the server down, whatever it is", async () => {
    const { url } = await startProcess(db, { limits: { eventBurst: 100_000 } });
    const witness = await connect(url);
    const socket = await connect(url);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom("subscribe", "unsubscribe", "authenticate", "click", "error")),
        fc.array(fc.jsonValue(), { maxLength: 3 }),
        async (event, payloads) => {
          // The client library itself refuses to send its reserved names.
          fc.pre(
            ![
              "connect",
              "connect_error",
              "disconnect",
              "disconnecting",
              "newListener",
              "removeListener",
            ].includes(event),
          );
          const answer = (await socket.timeout(5_000).emitWithAck(event, ...payloads)) as { ok: boolean };
          expect(typeof answer.ok).toBe("boolean");
        },
      ),
      { numRuns: 300 },
    );
    expect(await ask(witness, "subscribe", { channel: "feed" })).toMatchObject({ ok: true });
  });

  it.each([
    ["a reserved name", '42["disconnect",{}]'],
    ["no JSON", "42[1,"],
    ["an unknown packet type", "4z"],
    ["a binary event without its attachment count", '45["subscribe"]'],
    ["another namespace", "40/admin,"],
    ["more than 16 KB", `42["subscribe","${"x".repeat(17_000)}"]`],
    ["a megabyte", `42["subscribe","${"x".repeat(1_000_000)}"]`],
  ])("as a raw frame (%s) costs at most its own connection", async (_name, frame) => {
    const { url } = await startProcess(db);
    const witness = await connect(url);
    const events = collect(witness, "feed");
    await ask(witness, "subscribe", { channel: "feed" });
    const raw = new WebSocket(`${url.replace("http", "ws")}/ws/?EIO=4&transport=websocket`);
    onCleanup(() => raw.terminate());
    const frames: string[] = [];
    raw.on("message", (data) => frames.push(String(data)));
    raw.on("error", () => undefined);
    await until(() => frames.some((text) => text.startsWith("0")));
    raw.send("40");
    await until(() => frames.some((text) => text.startsWith("40")));
    raw.send(frame);
    await sleep(20);
    await say(db, payout(1));
    await until(() => events.length === 1);
  });

  it("too fast is refused, and a connection that goes on regardless is closed", async () => {
    const { url, metrics } = await startProcess(db, {
      limits: { eventBurst: 20, eventsPerSecond: 10, maxRefusals: 50 },
    });
    const [flooder, witness] = [await connect(url), await connect(url)];
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => ask(flooder, "unsubscribe", { channel: "feed" })),
    );
    expect(answers.filter((answer) => answer.ok).length).toBeGreaterThanOrEqual(20);
    expect(answers.at(-1)).toMatchObject({
      ok: false,
      problem: { code: "rate_limited", retryAfterSeconds: 1 },
    });
    for (let n = 0; n < 100; n += 1) flooder.emit("unsubscribe", { channel: "feed" });
    await until(() => !flooder.connected);
    expect(witness.connected).toBe(true);
    expect(await metrics.text()).toContain('feed_sockets_disconnected_total{reason="abusive"} 1');
  });
});

describe("a client that reads too slowly", () => {
  it("is disconnected when too much waits for it; the others get everything, and it resumes by id", async () => {
    const { url, metrics, feed } = await startProcess(db, {
      limits: { maxBufferedPackets: 200, maxBufferedBytes: 1_000_000 },
    });
    const since = feed.status().lastId ?? "0";
    const quick = await connect(url);
    const events = collect(quick, "feed");
    await ask(quick, "subscribe", { channel: "feed", since });
    const slow = new WebSocket(`${url.replace("http", "ws")}/ws/?EIO=4&transport=websocket`);
    onCleanup(() => slow.terminate());
    slow.on("error", () => undefined);
    await new Promise((done) => slow.once("message", done));
    slow.send("40");
    await new Promise((done) => slow.once("message", done));
    slow.send('42["subscribe",{"channel":"feed"}]');
    await until(async () => /feed_subscriptions_total\{outcome="new"\} 1/.test(await metrics.text()));
    slow.pause();

    const filler = "x".repeat(20_000);
    for (let n = 0; n < 30; n += 1) {
      await say(
        db,
        ...Array.from({ length: 20 }, () => ({ channel: "feed", type: "payout", payload: { filler } })),
      );
    }
    await until(() => events.length === 600);
    await until(() => feed.status().sockets === 1);
    expect(await metrics.text()).toContain('feed_sockets_disconnected_total{reason="slow"} 1');
    const back = await connect(url);
    const missed = collect(back, "feed");
    expect(await ask(back, "subscribe", { channel: "feed", since })).toMatchObject({ recovered: true });
    await until(() => missed.length === 600);
    expect(missed.map((event) => event.id)).toEqual(events.map((event) => event.id));
  });
});

describe("long polling", () => {
  it("carries the same as a WebSocket, and survives the upgrade in the middle", async () => {
    const { url } = await startProcess(db);
    const sockets = [
      await connect(url, { transports: ["polling"] }),
      await connect(url, { transports: ["polling", "websocket"] }),
    ];
    const received = sockets.map((socket) => collect(socket, "feed"));
    await Promise.all(sockets.map((socket) => ask(socket, "subscribe", { channel: "feed" })));
    for (let n = 0; n < 50; n += 1) {
      await say(db, payout(n));
      await sleep(2);
    }
    await until(() => received.every((events) => events.length === 50));
    for (const events of received)
      expect(events.map((event) => event.payload.n)).toEqual([...Array(50).keys()]);
  });
});

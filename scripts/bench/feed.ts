import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { WebSocket, WebSocketServer } from "ws";
import { createFeed } from "../../src/modules/feed/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { AppError } from "../../src/platform/errors.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createMetrics } from "../../src/platform/metrics.ts";
import { announce } from "../../src/platform/outbox.ts";
import { median, printTable, withDurableDatabase } from "./harness.ts";

export const name = "feed";
export const describe =
  "one event to 100 and 1,000 clients: committed, ordered and resumable, against a bare ws broadcast";

const ROUNDS = 5;
const SINGLES = 20;
/** Messages of one throughput round, over all clients. */
const MESSAGES = 50_000;
/** The payload of a payout in the feed; with its envelope about 300 bytes. */
const PAYLOAD = {
  id: "0198f7aa-0000-7000-8000-000000000001",
  amount: "500000000000000000",
  asset: "FLR",
  account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  txHash: "0x9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
  demo: false,
  timestamp: "2026-11-20T09:00:00.000Z",
};

type Command =
  | { do: "connect"; url: string; path: string; socketIo: boolean; clients: number }
  | { do: "expect"; messages: number }
  | { do: "disconnect" };

/** Sends `events` to everybody; resolves when it has been handed over, not when it has arrived. */
type Broadcast = (events: number) => Promise<void> | void;

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    for (const clients of [100, 1_000]) await compareWith(db, clients);
  });
}

async function compareWith(db: Database, clients: number): Promise<void> {
  const ours = await startFeed(db);
  const bare = await startBare();
  const crowds = {
    ours: await Crowd.gather(ours.url, "/ws/?EIO=4&transport=websocket", true, clients),
    bare: await Crowd.gather(bare.url, "/", false, clients),
  };
  try {
    const perRound = MESSAGES / clients;
    const samples = {
      ours: [] as number[],
      bare: [] as number[],
      oursMs: [] as number[],
      bareMs: [] as number[],
    };
    const contenders = [
      { crowd: crowds.ours, broadcast: ours.broadcast, rates: samples.ours, latencies: samples.oursMs },
      { crowd: crowds.bare, broadcast: bare.broadcast, rates: samples.bare, latencies: samples.bareMs },
    ];
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const { crowd, broadcast, rates, latencies } of contenders) {
        const elapsedMs = await crowd.time(broadcast, perRound);
        if (round < 0) continue; // The first is for the JIT compiler.
        rates.push((MESSAGES / elapsedMs) * 1_000);
        for (let single = 0; single < SINGLES; single += 1) latencies.push(await crowd.time(broadcast, 1));
      }
    }
    const row = (label: string, rates: number[], latencies: number[]): string[] => [
      label,
      Math.round(median(rates)).toLocaleString("en"),
      `${(median(rates) / median(samples.bare)).toFixed(2)}×`,
      median(latencies).toFixed(2),
      (latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0).toFixed(2),
    ];
    printTable(
      `${clients} clients, ${perRound} events a round`,
      ["", "messages/s", "ratio", "one event to all, ms", "p99 ms"],
      [
        row("ws, from memory", samples.bare, samples.bareMs),
        row("feed, from the commit on", samples.ours, samples.oursMs),
      ],
    );
  } finally {
    for (const crowd of [crowds.ours, crowds.bare]) await crowd.leave();
    await ours.stop();
    await bare.stop();
  }
}

async function startFeed(
  db: Database,
): Promise<{ url: string; broadcast: Broadcast; stop(): Promise<void> }> {
  const feed = createFeed({
    config: { publicUrl: new URL("http://127.0.0.1"), trustProxy: false, redisUrl: null },
    db,
    log: createLogger({ level: "warn" }),
    auth: {
      verifyToken: async () => {
        throw new AppError("unauthenticated", "token_invalid", "the benchmark has no sessions");
      },
      onSessionEnded: () => () => undefined,
    },
    click: async () => ({}),
    metrics: createMetrics({ processMetrics: false }),
    // Clients that cannot keep up would be cut off, and the contender does not do that.
    limits: { maxBufferedPackets: 1_000_000, maxBufferedBytes: 2 ** 30, tickMs: 3_600_000 },
  });
  await feed.start();
  const server = createServer();
  feed.attach(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    broadcast: (events) =>
      db.transaction((tx) =>
        announce(
          tx,
          Array.from({ length: events }, () => ({ channel: "feed", type: "payout", payload: PAYLOAD })),
        ),
      ),
    async stop() {
      await feed.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function startBare(): Promise<{ url: string; broadcast: Broadcast; stop(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await new Promise((done) => server.once("listening", done));
  let id = 1_000_000;
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    broadcast(events) {
      for (let event = 0; event < events; event += 1) {
        id += 1;
        // The same bytes as Socket.IO's, encoded once as well.
        const text = `42${JSON.stringify(["feed", { id: String(id), type: "payout", payload: PAYLOAD }])}`;
        const bytes = Buffer.from(text);
        for (const client of server.clients) client.send(bytes, { binary: false });
      }
    },
    async stop() {
      for (const client of server.clients) client.terminate();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Clients in a thread of their own, so that they do not share the server's event loop. */
class Crowd {
  readonly #worker: Worker;
  readonly #clients: number;

  private constructor(worker: Worker, clients: number) {
    this.#worker = worker;
    this.#clients = clients;
  }

  static async gather(url: string, path: string, socketIo: boolean, clients: number): Promise<Crowd> {
    const crowd = new Crowd(
      new Worker(new URL(import.meta.url), { workerData: { role: "feed-crowd" } }),
      clients,
    );
    await crowd.#tell({ do: "connect", url, path, socketIo, clients });
    return crowd;
  }

  /** Milliseconds from the call until the last client has got the last event. */
  async time(broadcast: Broadcast, events: number): Promise<number> {
    const arrived = this.#tell({ do: "expect", messages: events * this.#clients });
    const startedMs = performance.now();
    await broadcast(events);
    await arrived;
    return performance.now() - startedMs;
  }

  async leave(): Promise<void> {
    await this.#tell({ do: "disconnect" });
    await this.#worker.terminate();
  }

  #tell(command: Command): Promise<void> {
    return new Promise((done, fail) => {
      this.#worker.once("error", fail);
      this.#worker.once("message", () => {
        this.#worker.off("error", fail);
        done();
      });
      this.#worker.postMessage(command);
    });
  }
}

function beCrowd(port: NonNullable<typeof parentPort>): void {
  let sockets: WebSocket[] = [];
  let missing = 0;

  function onEvent(): void {
    missing -= 1;
    if (missing === 0) port.postMessage("done");
  }

  /** The first events may be faster than the word that they are coming. */
  function expectMore(messages: number): void {
    missing += messages;
    if (missing === 0) port.postMessage("done");
  }

  /** As much of Engine.IO's and Socket.IO's protocol as a subscriber needs. */
  function onSocketIo(socket: WebSocket, text: string, subscribed: () => void): void {
    if (text.startsWith('42["feed"')) onEvent();
    else if (text === "2") socket.send("3");
    else if (text.startsWith("0{")) socket.send("40");
    else if (text.startsWith("40{")) socket.send('420["subscribe",{"channel":"feed"}]');
    else if (text.startsWith("430[")) subscribed();
  }

  function connect(url: string, socketIo: boolean): Promise<WebSocket> {
    return new Promise((done, fail) => {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      socket.once("error", fail);
      if (!socketIo) socket.once("open", () => done(socket));
      socket.on("message", (data) => {
        if (socketIo) onSocketIo(socket, String(data), () => done(socket));
        else if (String(data).startsWith('42["feed"')) onEvent();
      });
    });
  }

  port.on("message", async (command: Command) => {
    switch (command.do) {
      case "connect":
        while (sockets.length < command.clients) {
          const some = Array.from({ length: 50 }, () =>
            connect(command.url + command.path, command.socketIo),
          );
          sockets.push(...(await Promise.all(some)));
        }
        port.postMessage("done");
        return;
      case "expect":
        expectMore(command.messages);
        return;
      case "disconnect":
        for (const socket of sockets) socket.terminate();
        sockets = [];
        port.postMessage("done");
    }
  });
}

if (!isMainThread && parentPort !== null && workerData?.role === "feed-crowd") beCrowd(parentPort);

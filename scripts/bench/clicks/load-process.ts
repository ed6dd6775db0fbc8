import { randomBytes } from "node:crypto";
import { serveOrders } from "../helper-process.ts";
import { percentile } from "../percentile.ts";
import { connectHttp } from "./http-client.ts";
import type { Client, LoadOrder, LoadResult, LoadStart, OnAnswer } from "./load.ts";
import { connectSocket } from "./socket-client.ts";

const DRAIN_MS = 10_000;
const PREFIX = randomBytes(10).toString("hex");

let tokens: readonly string[] = [];
let sockets: Client[] = [];
let onAnswer: OnAnswer = () => undefined;
let nonces = 0;

/** Always of one length: the request's head says how long it is. */
function nextNonce(): string {
  nonces += 1;
  return `${PREFIX}-${String(nonces).padStart(12, "0")}`;
}

async function openSockets(start: LoadStart): Promise<void> {
  tokens = start.tokens;
  sockets = await Promise.all(
    tokens.map((token, index) =>
      connectSocket(start.socketUrl, index, token, nextNonce, (client, ok) => onAnswer(client, ok)),
    ),
  );
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const clients =
    order.over === "socket"
      ? sockets
      : await Promise.all(
          Array.from({ length: order.inFlight }, () => tokens)
            .flat()
            .map((token, index) =>
              connectHttp(new URL(order.url), index, token, nextNonce, (client, ok) => onAnswer(client, ok)),
            ),
        );
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const each = order.over === "socket" ? order.inFlight : 1;
  const { latenciesMs, failed, elapsedMs } = await (order.perSecond === null
    ? closedLoop(clients, each, order.seconds)
    : openLoop(clients, each, order.seconds, order.perSecond));
  const used = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  if (order.over === "http") for (const client of clients) client.close();
  return {
    perSecond: (latenciesMs.length * 1_000) / elapsedMs,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    maxMs: latenciesMs.reduce((most, ms) => Math.max(most, ms), 0),
    failed,
    cores: (used.user + used.system) / 1_000 / wallMs,
  };
}

type Outcome = { latenciesMs: number[]; failed: number; elapsedMs: number };

/** Each answer brings the client's next click. */
function closedLoop(clients: readonly Client[], inFlight: number, seconds: number): Promise<Outcome> {
  const latenciesMs: number[] = [];
  // When each of a client's clicks under way was sent; answers to one client come in order.
  const sentMs = clients.map((): number[] => []);
  let failed = 0;
  let underWay = 0;
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  return new Promise((done) => {
    const send = (client: number): void => {
      sentMs[client]?.push(performance.now());
      underWay += 1;
      clients[client]?.send();
    };
    onAnswer = (client, ok) => {
      const now = performance.now();
      latenciesMs.push(now - (sentMs[client]?.shift() ?? now));
      underWay -= 1;
      if (!ok) failed += 1;
      if (now < endMs) send(client);
      else if (underWay === 0) done({ latenciesMs, failed, elapsedMs: now - startedMs });
    };
    for (let slot = 0; slot < inFlight; slot += 1) for (const index of clients.keys()) send(index);
  });
}

/**
 * Clicks arrive at a steady rate, however slow the answers are, and wait for a free client; an answer's latency counts
 * from when its click arrived, so a server that stalls is charged for everybody who waited meanwhile.
 */
function openLoop(
  clients: readonly Client[],
  inFlight: number,
  seconds: number,
  perSecond: number,
): Promise<Outcome> {
  const latenciesMs: number[] = [];
  const arrivedMs = clients.map((): number[] => []);
  const free = clients.flatMap((_client, index) => Array.from({ length: inFlight }, () => index));
  const total = Math.round(perSecond * seconds);
  const startedMs = performance.now();
  let arrived = 0;
  let sent = 0;
  let failed = 0;
  const arrivalMs = (click: number): number => startedMs + (click * 1_000) / perSecond;
  const sendDue = (): void => {
    while (sent < arrived) {
      const client = free.shift();
      if (client === undefined) return;
      arrivedMs[client]?.push(arrivalMs(sent));
      sent += 1;
      clients[client]?.send();
    }
  };
  return new Promise((done, fail) => {
    const overdue = setTimeout(
      () => fail(new Error("answers are missing")),
      seconds * 1_000 + DRAIN_MS,
    ).unref();
    onAnswer = (client, ok) => {
      const now = performance.now();
      latenciesMs.push(now - (arrivedMs[client]?.shift() ?? now));
      free.push(client);
      if (!ok) failed += 1;
      sendDue();
      if (latenciesMs.length < total) return;
      clearTimeout(overdue);
      done({ latenciesMs, failed, elapsedMs: now - startedMs });
    };
    const tick = (): void => {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond) + 1;
      arrived = Math.min(total, due);
      sendDue();
      if (arrived < total) setTimeout(tick, 1);
    };
    tick();
  });
}

serveOrders<LoadStart | LoadOrder>(async (message) => {
  if (!("tokens" in message)) return run(message);
  await openSockets(message);
  return {};
});

import type { Database } from "../../src/platform/db/index.ts";
import { type Begun, type Broadcaster, type Memory, startBroadcaster } from "./feed/broadcaster.ts";
import { Crowd } from "./feed/crowd.ts";
import { median, printTable, target, targetAtMost, withDurableDatabase } from "./harness.ts";
import { percentile } from "./percentile.ts";

export const name = "feed";
export const describe =
  "one event to 100, 1,000 and 10,000 clients: committed, ordered and resumable, against a bare ws broadcast";

const ROUNDS = 5;
/** Messages of one throughput round, over all clients. */
const MESSAGES = 100_000;
const SIZES = [
  { clients: 100, singles: 20 },
  { clients: 1_000, singles: 10 },
  { clients: 10_000, singles: 4 },
];
const SETTLE_MS = 500;

type Contender = {
  label: string;
  broadcaster: Broadcaster;
  crowd: Crowd;
  perClient: Memory;
  rates: number[];
  latenciesMs: number[];
  /** Of one core, what the clients' processes used while messages flowed. */
  crowdCores: number[];
};

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    for (const size of SIZES) await compareWith(db, size);
  });
}

async function compareWith(db: Database, { clients, singles }: (typeof SIZES)[number]): Promise<void> {
  const bare = await gather("bare", "ws, from memory", db.url, clients);
  const ours = await gather("feed", "feed, from the commit on", db.url, clients);
  try {
    const events = MESSAGES / clients;
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const contender of [bare, ours]) {
        const { elapsedMs, crowdMs } = await timeToLast(contender, events);
        if (round < 0) continue; // The first is for the JIT compiler.
        contender.rates.push((MESSAGES / elapsedMs) * 1_000);
        contender.crowdCores.push(crowdMs / elapsedMs);
        for (let single = 0; single < singles; single += 1)
          contender.latenciesMs.push((await timeToLast(contender, 1)).elapsedMs);
      }
    }
    report([bare, ours], clients, events);
  } finally {
    for (const { crowd, broadcaster } of [ours, bare]) {
      await crowd.leave();
      await broadcaster.process.stop();
    }
  }
}

async function gather(
  kind: "feed" | "bare",
  label: string,
  databaseUrl: string,
  clients: number,
): Promise<Contender> {
  const broadcaster = await startBroadcaster(kind, databaseUrl);
  const memory = () => broadcaster.process.ask<Memory>({ do: "memory" });
  // What is loaded and compiled with the first connections is not theirs.
  const first = await Crowd.gather(broadcaster, 50);
  await timeToLast({ broadcaster, crowd: first }, 1);
  await first.leave();
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  const before = await memory();
  const crowd = await Crowd.gather(broadcaster, clients);
  await timeToLast({ broadcaster, crowd }, 1);
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  const after = await memory();
  const perClient = {
    residentBytes: (after.residentBytes - before.residentBytes) / clients,
    heapBytes: (after.heapBytes - before.heapBytes) / clients,
  };
  return { label, broadcaster, crowd, perClient, rates: [], latenciesMs: [], crowdCores: [] };
}

/** Milliseconds from the call until the last client has got the last event. */
async function timeToLast(
  { broadcaster, crowd }: Pick<Contender, "broadcaster" | "crowd">,
  events: number,
): Promise<{ elapsedMs: number; crowdMs: number }> {
  const arrived = crowd.expect(events);
  const { startedNs } = await broadcaster.process.ask<Begun>({ do: "broadcast", events });
  const { lastNs, cpuMs } = await arrived;
  return { elapsedMs: Number(lastNs - BigInt(startedNs)) / 1e6, crowdMs: cpuMs };
}

function report([bare, ours]: [Contender, Contender], clients: number, events: number): void {
  const ratio = (contender: Contender): number => median(contender.rates) / median(bare.rates);
  const kilobytes = (bytes: number): string => (bytes / 1_024).toFixed(1);
  printTable(
    `${clients.toLocaleString("en")} clients, ${events} events a round`,
    [
      "",
      "messages/s",
      "ratio",
      "one event to all, ms",
      "p99 ms",
      "KB a client: resident",
      "heap",
      "clients' cores",
    ],
    [bare, ours].map((contender) => [
      contender.label,
      Math.round(median(contender.rates)).toLocaleString("en"),
      `${ratio(contender).toFixed(2)}×`,
      median(contender.latenciesMs).toFixed(2),
      percentile(contender.latenciesMs, 0.99).toFixed(2),
      kilobytes(contender.perClient.residentBytes),
      kilobytes(contender.perClient.heapBytes),
      median(contender.crowdCores).toFixed(2),
    ]),
  );
  target(`messages/s to ${clients} clients, of a bare ws broadcast`, ratio(ours), 0.85);
  // With fewer, what the process grows by once, whoever connects, is divided among fewer: see the bare server's.
  if (clients === SIZES.at(-1)?.clients)
    targetAtMost(
      `memory of a client, of ${clients}`,
      Math.max(ours.perClient.residentBytes, ours.perClient.heapBytes) / 1_024,
      30,
      "KB",
    );
}

import { type HelperProcess, startHelper } from "../helper-process.ts";

/** What a process that broadcasts is asked. */
export type BroadcastOrder = { do: "broadcast"; events: number } | { do: "memory" };
/** Bytes, after the garbage was collected. */
export type Memory = { residentBytes: number; heapBytes: number };
/** When the broadcast began, by the clock that all processes share (`process.hrtime`, CLOCK_MONOTONIC). */
export type Begun = { startedNs: string };

export type Broadcaster = {
  url: string;
  path: string;
  socketIo: boolean;
  process: HelperProcess<BroadcastOrder | { do: "start"; databaseUrl: string }>;
};

/** `feed`: ours, from the commit on. `bare`: `ws` alone, which sends the same bytes from memory. */
export async function startBroadcaster(kind: "feed" | "bare", databaseUrl: string): Promise<Broadcaster> {
  const helper: Broadcaster["process"] = startHelper(new URL(`./${kind}-process.ts`, import.meta.url), {
    nodeFlags: ["--expose-gc"],
  });
  const { port } = await helper.ask<{ port: number }>({ do: "start", databaseUrl });
  return {
    url: `127.0.0.1:${port}`,
    path: kind === "feed" ? "/ws/?EIO=4&transport=websocket" : "/",
    socketIo: kind === "feed",
    process: helper,
  };
}

/** The payload of a payout in the feed; with its envelope about 300 bytes. */
export const PAYLOAD = {
  id: "0198f7aa-0000-7000-8000-000000000001",
  amount: "500000000000000000",
  asset: "FLR",
  account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  txHash: "0x9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
  demo: false,
  timestamp: "2026-11-20T09:00:00.000Z",
};

/** Twice, because what a first collection frees may hold more; then what is left is in use. */
export function measureMemory(): Memory {
  for (let pass = 0; pass < 3; pass += 1) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed + external };
}

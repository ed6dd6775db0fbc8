import { setTimeout as sleep } from "node:timers/promises";
import { FeedClient } from "./feed-client.ts";
import type { Run } from "./run.ts";

const AT_ONCE = 50;
const SUBSCRIBED_WITHIN_MS = 30_000;

/** A thousand clients of the feed, and then each api process is told to end and is started again. */
export async function rollingRestart({ world, clients, fail }: Run, count: number): Promise<string> {
  const crowd = Array.from(
    { length: count },
    (_unused, index) =>
      new FeedClient({
        name: `client ${index + 1} of ${count}`,
        urls: world.urls,
        channel: "feed",
        only: (type) => type === "payout",
        turn: index,
      }),
  );
  for (let first = 0; first < count; first += AT_ONCE) {
    const some = crowd.slice(first, first + AT_ONCE);
    for (const client of some) client.start();
    await untilSubscribed(some);
  }
  clients.push(...crowd);
  const took: number[] = [];
  for (const api of world.apis) {
    const began = performance.now();
    const code = await api.stop();
    took.push(performance.now() - began);
    if (code !== 0) fail(`${api.name} ended with ${code} on SIGTERM instead of 0`);
    await api.start();
  }
  await untilSubscribed(crowd);
  return `drained in ${took.map((ms) => `${Math.round(ms)} ms`).join(" and ")}; ${count} clients are back`;
}

async function untilSubscribed(some: readonly FeedClient[]): Promise<void> {
  for (const deadline = performance.now() + SUBSCRIBED_WITHIN_MS; ; await sleep(20)) {
    const waiting = some.filter((client) => !client.isSubscribed);
    if (waiting.length === 0) return;
    if (performance.now() > deadline) throw new Error(`${waiting.length} clients could not subscribe`);
  }
}

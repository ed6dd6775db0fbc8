import { afterAll, describe, expect, it } from "vitest";
import type { Payout } from "../../src/modules/payouts/index.ts";
import { createAlarm } from "../../src/modules/settlement/alarm.ts";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { createWorld, FLR, startTestChain } from "./world.ts";

const HOUR_MS = 3_600_000;

describe("an alarm", () => {
  const rest = { head: 7n, dueFrom: 0, pollMs: HOUR_MS, atMostMs: HOUR_MS };

  it.each([
    { name: "the head moves on", heads: [7n, 7n, 8n] },
    { name: "a reorganisation takes the head back", heads: [7n, 6n] },
  ])("wakes when $name", async ({ heads }) => {
    const left = [...heads];
    const alarm = createAlarm({
      head: async () => left.shift() ?? 99n,
      signal: new AbortController().signal,
    });
    await alarm.rest({ ...rest, pollMs: 1 });
    expect(left).toEqual([]);
  });

  it("wakes when the head cannot be read, so that a pass says why", async () => {
    const head = () => Promise.reject(new Error("no node"));
    await createAlarm({ head, signal: new AbortController().signal }).rest({ ...rest, pollMs: 1 });
  });

  it("wakes when it rings, also when it rang before anybody slept, and not for what was hushed", async () => {
    const alarm = createAlarm({ head: async () => 7n, signal: new AbortController().signal });
    alarm.ring();
    await alarm.rest(rest);
    alarm.hush();
    let isAwake = false;
    const sleeping = alarm.rest({ ...rest, pollMs: 1 }).then(() => {
      isAwake = true;
    });
    for (let i = 0; i < 5; i += 1) await new Promise((done) => setTimeout(done, 2));
    expect(isAwake).toBe(false);
    alarm.ring();
    await sleeping;
  });

  it("wakes when everything stops", async () => {
    const stopping = new AbortController();
    const sleeping = createAlarm({ head: async () => 7n, signal: stopping.signal }).rest(rest);
    stopping.abort();
    await sleeping;
  });
});

describe("a worker", async () => {
  const chain = await startTestChain();
  const db = await createTestDatabase({ maxConnections: 8 });
  afterAll(() => chain.stop());

  it("sends what is approved at once or with what comes soon after, however seldom it looks by itself", async () => {
    const world = await createWorld({ chain, db, env: { FLARE_POLL_MS: "60000" } });
    // As in the product, payouts that come soon after others wait a moment to share a transaction.
    const worker = world.newSettlement({ settings: { longestPaceMs: 1_000, maxOpenNonces: 1 } });
    worker.start();
    await until(async () => (await worker.status()).reconciledAt !== null);
    // The first may still meet the passes of a start, the second a worker at rest.
    const made: Payout[] = [];
    for (let i = 0; i < 2; i += 1) {
      const payout = await world.propose(FLR);
      await until(async () => (await world.payout(payout.id)).status === "confirmed");
      made.push(payout);
    }
    // The last one comes while one is being sent, when nobody sleeps whom it could wake.
    let last: Payout | undefined;
    world.interleave.at = async (step) => {
      if (step === "attempt_stored") last ??= await world.propose(FLR);
    };
    made.push(await world.propose(FLR));
    await until(() => last !== undefined);
    made.push(...(last === undefined ? [] : [last]));
    await until(async () => (await world.statuses(made)).every((status) => status === "confirmed"));
    await world.expectExactlyOnce(made);
    await worker.stop();
    await world.close();
  });
});

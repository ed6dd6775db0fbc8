import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClickReply } from "../../web/src/api/types.ts";
import { createTapSender, type TapSenderParts } from "../../web/src/play/tap-sender.ts";
import {
  addTap,
  energyAt,
  hear,
  MAX_TAPS,
  markSending,
  readQueue,
  settle,
  shownBalance,
  type TapBatch,
  type Taps,
  waitingTaps,
} from "../../web/src/play/taps.ts";

const RESTED: Taps = {
  rules: { maxEnergy: 100, energyPerSecond: 4, rewardPerTap: 3n },
  confirmed: { clicks: 0, balance: 1_000n, energy: 100, atMs: 0 },
  queue: [],
  sending: false,
};

function nonces(): () => string {
  let next = 0;
  return () => `n${next++}`;
}

function tapTimes(taps: Taps, times: number, newNonce: () => string, nowMs = 0): Taps {
  let now = taps;
  for (let i = 0; i < times; i++) now = addTap(now, nowMs, newNonce) ?? now;
  return now;
}

describe("taps", () => {
  it("count at once, before anything is sent", () => {
    expect(shownBalance(tapTimes(RESTED, 5, nonces()))).toBe(1_015n);
  });

  it("go into one batch until it is full or on its way", () => {
    const newNonce = nonces();
    const full = tapTimes(RESTED, MAX_TAPS + 1, newNonce);
    expect(full.queue).toEqual([
      { nonce: "n0", count: MAX_TAPS },
      { nonce: "n1", count: 1 },
    ]);
    const sending = markSending(tapTimes(RESTED, 2, newNonce));
    expect(tapTimes(sending, 2, newNonce).queue).toEqual([
      { nonce: "n2", count: 2 },
      { nonce: "n3", count: 2 },
    ]);
  });

  it("are refused without energy, and energy comes back with time up to the most", () => {
    const spent = tapTimes(RESTED, 200, nonces());
    expect(waitingTaps(spent.queue)).toBe(100);
    expect(addTap(spent, 0, nonces())).toBeNull();
    const answered = { ...spent, queue: [], confirmed: { ...spent.confirmed, energy: 0 } };
    expect(energyAt(answered, 2_500)).toBe(10);
    expect(energyAt(answered, 3_600_000)).toBe(100);
  });

  it("are corrected by the server's answer", () => {
    const sent = markSending(tapTimes(RESTED, 10, nonces()));
    const later = addTap(sent, 0, () => "later") ?? sent;
    const settled = settle(later, { clicks: 7, balance: "1021", energy: 0 }, 50);
    expect(settled.queue).toEqual([{ nonce: "later", count: 1 }]);
    expect(shownBalance(settled)).toBe(1_024n);
  });

  it("do not jump when news comes that may or may not include what is on its way", () => {
    const sent = markSending(tapTimes(RESTED, 10, nonces()));
    expect(shownBalance(hear(sent, { clicks: 10, balance: "1030", energy: 90 }, 10))).toBe(1_030n);
    const idle = { ...RESTED, confirmed: { ...RESTED.confirmed, clicks: 5 } };
    expect(hear(idle, { clicks: 4, balance: "1", energy: 0 }, 10)).toBe(idle);
    expect(hear(idle, { clicks: 5, balance: "500", energy: 9 }, 10).confirmed.balance).toBe(500n);
  });

  it("are read back after a reload only if they are taps", () => {
    expect(readQueue('[{"nonce":"a","count":3}]')).toEqual([{ nonce: "a", count: 3 }]);
    for (const text of [
      null,
      "",
      "{}",
      "nonsense",
      '[{"nonce":1,"count":3}]',
      '[{"nonce":"a","count":51}]',
    ]) {
      expect(readQueue(text)).toBeNull();
    }
  });
});

/** A server that counts each nonce once, behind a network that loses requests and answers. */
function lossyServer(losses: readonly ("none" | "request" | "answer")[]) {
  const answers = new Map<string, ClickReply>();
  let clicks = 0;
  let at = 0;
  return {
    clicks: () => clicks,
    async send({ nonce, count }: TapBatch): Promise<ClickReply> {
      const loss = losses[at++] ?? "none";
      if (loss === "request") throw new Error("lost");
      let answer = answers.get(nonce);
      if (answer === undefined) {
        clicks += count;
        answer = {
          ok: true,
          clicks,
          accepted: count,
          balance: String(clicks),
          energy: 1_000,
          maxEnergy: 1_000,
        };
        answers.set(nonce, answer);
      }
      if (loss === "answer") throw new Error("lost");
      return answer;
    },
  };
}

const START: Taps = {
  rules: { maxEnergy: 1_000, energyPerSecond: 1, rewardPerTap: 1n },
  confirmed: { clicks: 0, balance: 0n, energy: 1_000, atMs: 0 },
  queue: [],
  sending: false,
};

type Harness = { parts: TapSenderParts; last: () => Taps; idle: () => Promise<void> };

function harness(send: TapSenderParts["send"], judge: TapSenderParts["judge"]): Harness {
  let last = START;
  const newNonce = nonces();
  return {
    last: () => last,
    idle: async () => {
      for (let i = 0; i < 10_000 && last.queue.length > 0; i++) await new Promise(setImmediate);
    },
    parts: {
      send,
      judge,
      onChange: (taps) => {
        last = taps;
      },
      onDiscarded: () => undefined,
      nowMs: () => 0,
      newNonce,
      sleep: () => new Promise(setImmediate),
    },
  };
}

describe("the tap sender", () => {
  const again = () => ({ again: true, pauseMs: null }) as const;

  it("loses no tap and doubles none, whatever the network loses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("none", "request", "answer"), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 }),
        async (losses, bursts) => {
          const server = lossyServer(losses);
          const { parts, last, idle } = harness(server.send, again);
          const sender = createTapSender(START, parts);
          let tapped = 0;
          for (const burst of bursts) {
            for (let i = 0; i < burst; i++) if (sender.tap()) tapped++;
            await new Promise(setImmediate);
          }
          await idle();
          expect(server.clicks()).toBe(tapped);
          expect(shownBalance(last())).toBe(BigInt(tapped));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("goes on after a reload with the nonce that was on its way", async () => {
    const server = lossyServer(["answer", "none"]);
    const before = harness(server.send, again);
    const sender = createTapSender(START, before.parts);
    for (let i = 0; i < 5; i++) sender.tap();
    while (server.clicks() === 0) await new Promise(setImmediate);
    sender.stop();
    const after = harness(server.send, again);
    createTapSender({ ...START, queue: before.last().queue }, after.parts);
    after.parts.onChange({ ...START, queue: before.last().queue });
    await after.idle();
    expect(server.clicks()).toBe(5);
  });

  it("gives up a batch that will never count, and takes it off what is shown", async () => {
    const { parts, last, idle } = harness(
      () => Promise.reject(new Error("the session has ended")),
      () => ({ again: false }),
    );
    const sender = createTapSender(START, parts);
    sender.tap();
    await idle();
    expect(shownBalance(last())).toBe(0n);
  });
});

import type { ClickReply } from "../api/types.ts";
import { type Answer, addTap, discard, hear, markSending, settle, type TapBatch, type Taps } from "./taps.ts";

/** Taps are gathered for this long before they go out together. */
const GATHER_MS = 200;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 4_000;

export type Verdict =
  /** The same batch again, after a pause: whether it counted is not known, or it is too early. */
  | { again: true; pauseMs: number | null }
  /** It will never count. */
  | { again: false };

export type TapSenderParts = {
  send(batch: TapBatch): Promise<ClickReply>;
  judge(error: unknown): Verdict;
  /** Called whenever the taps are others than before; also the place to keep them for a reload. */
  onChange(taps: Taps): void;
  onDiscarded(error: unknown): void;
  nowMs(): number;
  newNonce(): string;
  sleep(ms: number): Promise<void>;
};

export type TapSender = {
  /** Whether there was energy for it. */
  tap(): boolean;
  hear(answer: Answer): void;
  /** Sends nothing any more. What is queued is left as it is. */
  stop(): void;
};

/** Sends taps one batch after another, so that the server's answers come in the order of the taps. */
export function createTapSender(first: Taps, parts: TapSenderParts): TapSender {
  let taps = first;
  let stopped = false;
  let running = false;

  function become(next: Taps): void {
    taps = next;
    parts.onChange(taps);
  }

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    while (taps.queue.length > 0 && !stopped) {
      await parts.sleep(GATHER_MS);
      await sendFirst();
    }
    running = false;
  }

  async function sendFirst(): Promise<void> {
    become(markSending(taps));
    const batch = taps.queue[0];
    for (let pauseMs = FIRST_PAUSE_MS; batch !== undefined && !stopped; ) {
      try {
        const reply = await parts.send(batch);
        if (!stopped) become(settle(taps, reply, parts.nowMs()));
        return;
      } catch (error) {
        const verdict = parts.judge(error);
        if (stopped) return;
        if (!verdict.again) {
          become(discard(taps));
          parts.onDiscarded(error);
          return;
        }
        await parts.sleep(verdict.pauseMs ?? pauseMs);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  if (taps.queue.length > 0) void run();
  return {
    tap() {
      const next = stopped ? null : addTap(taps, parts.nowMs(), parts.newNonce);
      if (next === null) return false;
      become(next);
      void run();
      return true;
    },
    hear(answer) {
      const next = hear(taps, answer, parts.nowMs());
      if (next !== taps) become(next);
    },
    stop() {
      stopped = true;
    },
  };
}

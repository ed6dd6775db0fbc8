/**
 * Taps between the finger and the server. They are counted at once, travel several in one request, and are corrected by
 * the server's answer. Each batch has its nonce from its first tap on and keeps nonce and count once it was sent, so a
 * batch whose answer was lost is sent again, and the server counts it once.
 */
export type TapBatch = { readonly nonce: string; readonly count: number };

/** What the server said last. Energy is whole taps, as of `atMs`. */
export type Confirmed = {
  readonly clicks: number;
  readonly balance: bigint;
  readonly energy: number;
  readonly atMs: number;
};

export type Rules = {
  readonly maxEnergy: number;
  readonly energyPerSecond: number;
  readonly rewardPerTap: bigint;
};

export type Taps = {
  readonly rules: Rules;
  readonly confirmed: Confirmed;
  /** Oldest first; the first one is on its way when `sending`. */
  readonly queue: readonly TapBatch[];
  readonly sending: boolean;
};

/** As many as one request may carry. */
export const MAX_TAPS = 50;

export function waitingTaps(queue: readonly TapBatch[]): number {
  return queue.reduce((sum, batch) => sum + batch.count, 0);
}

/** Energy now, a fraction included, less the taps that the server has not answered. */
export function energyAt({ rules, confirmed, queue }: Taps, nowMs: number): number {
  const refilled = confirmed.energy + (Math.max(0, nowMs - confirmed.atMs) / 1_000) * rules.energyPerSecond;
  return Math.max(0, Math.min(rules.maxEnergy, refilled) - waitingTaps(queue));
}

export function shownBalance({ rules, confirmed, queue }: Taps): bigint {
  return confirmed.balance + rules.rewardPerTap * BigInt(waitingTaps(queue));
}

/** One tap more; null when there is no energy for it. */
export function addTap(taps: Taps, nowMs: number, newNonce: () => string): Taps | null {
  if (energyAt(taps, nowMs) < 1) return null;
  const last = taps.queue.at(-1);
  const isClosed = last === undefined || last.count >= MAX_TAPS || (taps.sending && taps.queue.length === 1);
  const queue = isClosed
    ? [...taps.queue, { nonce: newNonce(), count: 1 }]
    : [...taps.queue.slice(0, -1), { nonce: last.nonce, count: last.count + 1 }];
  return { ...taps, queue };
}

/** The first batch goes out; from now on it does not change. */
export function markSending(taps: Taps): Taps {
  return { ...taps, sending: taps.queue.length > 0 };
}

export type Answer = { clicks: number; balance: string; energy: number };

/** The server has counted the first batch, or as much of it as there was energy for. */
export function settle(taps: Taps, answer: Answer, nowMs: number): Taps {
  return { ...taps, queue: taps.queue.slice(1), sending: false, confirmed: confirm(answer, nowMs) };
}

/** The server will never count the first batch. */
export function discard(taps: Taps): Taps {
  return { ...taps, queue: taps.queue.slice(1), sending: false };
}

/**
 * News about the account from elsewhere. While a batch is on its way it is not taken: the news may or may not include that
 * batch, and its answer will be newer. Clicks only grow, so what has fewer is old.
 */
export function hear(taps: Taps, answer: Answer, nowMs: number): Taps {
  if (taps.sending || answer.clicks < taps.confirmed.clicks) return taps;
  return { ...taps, confirmed: confirm(answer, nowMs) };
}

function confirm(answer: Answer, atMs: number): Confirmed {
  return { clicks: answer.clicks, balance: BigInt(answer.balance), energy: answer.energy, atMs };
}

/** What a page that is loaded again finds; null when it is nothing of ours. */
export function readQueue(text: string | null): TapBatch[] | null {
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every(isBatch) ? parsed : null;
  } catch {
    return null;
  }
}

function isBatch(value: unknown): value is TapBatch {
  const { nonce, count } = (value ?? {}) as Partial<TapBatch>;
  return (
    typeof nonce === "string" && Number.isInteger(count) && Number(count) >= 1 && Number(count) <= MAX_TAPS
  );
}

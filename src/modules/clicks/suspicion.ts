/** What makes a player's clicking look like a program's. */
export type SuspicionReason = "regular_intervals" | "sustained_rate" | "shared_address";

export type Suspicion = {
  /** 0 (nothing seen) to 100. From `SLOW_WITHDRAWALS_FROM` on a withdrawal deserves a second look. */
  score: number;
  reasons: SuspicionReason[];
};

/** Two signs together reach it, or one that no hand could give; sharing an address alone never does. */
export const SLOW_WITHDRAWALS_FROM = 50;

const WEIGHT: Record<SuspicionReason, number> = {
  regular_intervals: 60,
  sustained_rate: 50,
  shared_address: 25,
};

/** Less than a minute of clicking proves nothing, however fast or even. */
const EVIDENCE_MS = 60_000;
const EVIDENCE_CLICKS = 60;
/** A pause ends the stretch: what came before it is not held against what comes after. */
const PAUSE_MS = 5_000;
/** A hand's intervals differ by a fifth of their mean and more; a timer's, with a network's delays, by a few hundredths. */
const REGULAR_DEVIATION_PERCENT = 5;
/** The fastest people reach 14 taps a second, for seconds. */
const SUSTAINED_TAPS_PER_SECOND = 15;
/** A household or a classroom is not a farm. */
const SHARED_BY_PLAYERS = 20;

/** A stretch of clicking without a pause, in constant space: sums instead of a list. */
export type Stretch = {
  startedAtMs: number;
  lastAtMs: number;
  requests: number;
  taps: number;
  fewestTaps: number;
  mostTaps: number;
  intervalsMs: number;
  intervalsMsSquared: number;
};

/** The stretch with one more request of `taps` taps; a new one after a pause. */
export function extendStretch(stretch: Stretch | undefined, atMs: number, taps: number): Stretch {
  if (stretch === undefined || atMs - stretch.lastAtMs > PAUSE_MS) {
    return {
      startedAtMs: atMs,
      lastAtMs: atMs,
      requests: 1,
      taps,
      fewestTaps: taps,
      mostTaps: taps,
      intervalsMs: 0,
      intervalsMsSquared: 0,
    };
  }
  const interval = Math.max(0, atMs - stretch.lastAtMs);
  return {
    startedAtMs: stretch.startedAtMs,
    lastAtMs: Math.max(atMs, stretch.lastAtMs),
    requests: stretch.requests + 1,
    taps: stretch.taps + taps,
    fewestTaps: Math.min(stretch.fewestTaps, taps),
    mostTaps: Math.max(stretch.mostTaps, taps),
    intervalsMs: stretch.intervalsMs + interval,
    intervalsMsSquared: stretch.intervalsMsSquared + interval * interval,
  };
}

/** Whether a stretch is long enough to be judged, after which a new one begins. */
export function isEvidence(stretch: Stretch): boolean {
  return stretch.lastAtMs - stretch.startedAtMs >= EVIDENCE_MS && stretch.requests > EVIDENCE_CLICKS;
}

/** Scores a stretch that is evidence. `playersOnAddress` counts the players seen behind the same address lately. */
export function assess(stretch: Stretch, playersOnAddress: number): Suspicion {
  const reasons: SuspicionReason[] = [];
  // A page that sends its taps on a timer is even as well, but how many taps each request carries then varies.
  if (stretch.fewestTaps === stretch.mostTaps && isRegular(stretch)) reasons.push("regular_intervals");
  const spanMs = stretch.lastAtMs - stretch.startedAtMs;
  if (stretch.taps * 1_000 >= SUSTAINED_TAPS_PER_SECOND * spanMs) reasons.push("sustained_rate");
  if (playersOnAddress >= SHARED_BY_PLAYERS) reasons.push("shared_address");
  return suspicionFor(reasons);
}

export function suspicionFor(reasons: SuspicionReason[]): Suspicion {
  return {
    score: Math.min(
      100,
      reasons.reduce((sum, reason) => sum + WEIGHT[reason], 0),
    ),
    reasons,
  };
}

/** Standard deviation ≤ 5 % of the mean, squared on both sides so that no root is taken. */
function isRegular(stretch: Stretch): boolean {
  const intervals = stretch.requests - 1;
  const mean2 = stretch.intervalsMs * stretch.intervalsMs;
  const variance = intervals * stretch.intervalsMsSquared - mean2;
  return variance * 10_000 <= mean2 * REGULAR_DEVIATION_PERCENT * REGULAR_DEVIATION_PERCENT;
}

const HALF_LIFE_MS = 24 * 3_600_000;

/** A score that was given `ageMs` ago: it halves every day, so nobody stays under suspicion for ever. */
export function decayed(score: number, ageMs: number): number {
  const halvings = Math.max(0, Math.floor(ageMs / HALF_LIFE_MS));
  return halvings >= 7 ? 0 : score >> halvings;
}

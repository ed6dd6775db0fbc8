/** A token bucket: `burst` at once, `perSecond` over time. */
export type RateGate = {
  take(): boolean;
};

/** `nowMs` is monotonic. */
export function createRateGate(burst: number, perSecond: number, nowMs: () => number): RateGate {
  let tokens = burst;
  let at = nowMs();
  return {
    take() {
      const now = nowMs();
      tokens = Math.min(burst, tokens + ((now - at) * perSecond) / 1_000);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

/**
 * Energy is counted in millionths, because one microsecond then brings back exactly `energyPerSecond` of them: refilling
 * is integer arithmetic at the database's own resolution of time, and refilling in many steps equals refilling in one.
 */
export const MICRO = 1_000_000n;

export type EnergyRules = {
  /** Taps that a rested player has. */
  maxEnergy: number;
  /** Taps that come back in a second. */
  energyPerSecond: number;
};

export type Energy = {
  energyMicro: bigint;
  /** Microseconds since 1970 up to which `energyMicro` counts. */
  atMicros: bigint;
};

/**
 * What `energy` has grown to: `min(max, previous + seconds × regen)`. A clock that went back gives nothing and takes
 * nothing. The function `clicks_refill` in the migration is the same rule; a test holds the two together.
 */
export function refill(energy: Energy, nowMicros: bigint, rules: EnergyRules): Energy {
  const maxMicro = BigInt(rules.maxEnergy) * MICRO;
  const elapsed = nowMicros > energy.atMicros ? nowMicros - energy.atMicros : 0n;
  const grown = energy.energyMicro + elapsed * BigInt(rules.energyPerSecond);
  return { energyMicro: grown < maxMicro ? grown : maxMicro, atMicros: energy.atMicros + elapsed };
}

/** Spends one energy for each of `count` taps, for as many as there are. */
export function spend(energy: Energy, count: number): { accepted: number; left: Energy } {
  const whole = energy.energyMicro / MICRO;
  const accepted = whole < BigInt(count) ? whole : BigInt(count);
  return {
    accepted: Number(accepted),
    left: { ...energy, energyMicro: energy.energyMicro - accepted * MICRO },
  };
}

/** Whole energy: what a player sees. */
export function wholeEnergy(energy: Energy): number {
  return Number(energy.energyMicro / MICRO);
}

/** Milliseconds, rounded up, until one more tap is there; 0 when one is. */
export function msUntilNextTap(energy: Energy, rules: EnergyRules): number {
  if (energy.energyMicro >= MICRO) return 0;
  const microsPerTick = BigInt(rules.energyPerSecond) * 1_000n;
  return Number((MICRO - energy.energyMicro + microsPerTick - 1n) / microsPerTick);
}

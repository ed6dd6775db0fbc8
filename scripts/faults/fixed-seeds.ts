/** Runs that are repeated for ever: together they meet every kind of fault, and each bug that was found once. */
export const FIXED_SEEDS: readonly { seed: number; found: string }[] = [
  { seed: 2895, found: "a transaction that met its lost connection was answered 500 instead of 503" },
  { seed: 3832, found: "nothing" },
  {
    seed: 84,
    found: "an api process that was told to end waited 72 s for connections that were merely kept alive",
  },
];

/** Runs that are repeated for ever: together they meet every kind of fault, and each bug that was found once. */
export const FIXED_SEEDS: readonly { seed: number; found: string }[] = [
  { seed: 2895, found: "a lost connection answered with 500; a lagging RPC taken for a replaced history" },
  { seed: 3832, found: "a worker that was frozen in a transaction held up every payout until it went on" },
  {
    seed: 84,
    found: "an api process that was told to end waited 72 s for connections that were merely kept alive",
  },
];

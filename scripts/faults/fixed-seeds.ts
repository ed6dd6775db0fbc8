/** Runs that are repeated for ever: together they meet every kind of fault, and each bug that was found once. */
export const FIXED_SEEDS: readonly { seed: number; found: string }[] = [{ seed: 1, found: "nothing yet" }];

import fc from "fast-check";

/**
 * The same cases in every run, so that a change is judged by what it changed. `FC_SEED=random` looks for new ones, and
 * `FC_SEED=<seed>` repeats what such a run printed.
 */
const asked = process.env.FC_SEED ?? "49180";
if (asked !== "random") fc.configureGlobal({ seed: Number.parseInt(asked, 10) });

import { afterAll, beforeAll, expect, it } from "vitest";
import { FIXED_SEEDS } from "../../scripts/faults/fixed-seeds.ts";
import { Run } from "../../scripts/faults/run.ts";
import { scheduleOf } from "../../scripts/faults/schedule.ts";
import { World } from "../../scripts/faults/world.ts";

// One for all of them: starting takes about as long as a third of a run.
let world: World;
let failed = false;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world.stop();
  if (!failed) world.remove();
});

/** `npm run faults` runs on, with seeds that nobody has seen before. */
it.each(FIXED_SEEDS)("seed $seed holds; once it found: $found", async ({ seed }) => {
  const progress: string[] = [];
  const outcome = await Run.execute(seed, scheduleOf(seed), (line) => progress.push(line), world);
  failed ||= outcome.failures.length > 0;
  const told = `${progress.join("\n")}\nlogs and data: ${outcome.dir}\nagain: npm run faults -- --seed ${seed}`;
  expect(outcome.failures, told).toEqual([]);
  // Had nothing been compared, agreeing would mean nothing.
  expect(outcome.verdicts.filter(({ compared }) => compared === 0)).toEqual([]);
});

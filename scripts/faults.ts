import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { FIXED_SEEDS } from "./faults/fixed-seeds.ts";
import { Run } from "./faults/run.ts";
import { FAULTS, type FaultName, KINDS, scheduleOf } from "./faults/schedule.ts";
import { hasRedisServer } from "./local/redis.ts";

const USAGE = `usage: npm run faults -- [--seed N] [--minutes M] [--faults a,b] [--fixed] [--list]

  --seed N      the run of this seed; without it, one is drawn and printed
  --minutes M   runs of one seed after the other until the time is over
  --faults a,b  draws from these kinds only
  --fixed       the fixed seeds that are part of npm test
  --list        what can go wrong, and the fixed seeds`;

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    faults: { type: "string" },
    fixed: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function kindsFrom(text: string | undefined): readonly FaultName[] {
  if (text === undefined) return FAULTS;
  const wanted = text.split(",");
  const unknown = wanted.filter((name) => !FAULTS.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`there is no fault ${unknown.join(", ")}; --list shows them`);
  return FAULTS.filter((fault) => wanted.includes(fault));
}

/** One run; true when everything held. */
async function runSeed(seed: number, kinds: readonly FaultName[]): Promise<boolean> {
  const schedule = scheduleOf(seed, kinds);
  const only = kinds.length === FAULTS.length ? "" : ` --faults ${kinds.join(",")}`;
  const again = `npm run faults -- --seed ${seed}${only}`;
  say(`\nseed ${seed}: ${schedule.map(({ fault }) => fault).join(", ")}`);
  const outcome = await Run.execute(seed, schedule, say);
  const { clicks, payouts, clients } = outcome.load;
  if (outcome.failures.length === 0) {
    const compared = outcome.verdicts.reduce((sum, verdict) => sum + verdict.compared, 0);
    say(
      `seed ${seed} held: ${clicks} clicks, ${payouts} payouts, ${clients} clients; ${outcome.verdicts.length} checks over ${compared} things`,
    );
    return true;
  }
  say(`seed ${seed} FAILED`);
  for (const failure of outcome.failures.slice(0, 40)) say(`  ${failure}`);
  if (outcome.failures.length > 40) say(`  and ${outcome.failures.length - 40} more`);
  say(`  logs and data: ${outcome.dir}\n  again: ${again}`);
  return false;
}

async function main(): Promise<void> {
  if (options.help) return say(USAGE);
  if (options.list) {
    for (const fault of FAULTS) say(`${fault.padEnd(20)} ${KINDS[fault].describe}`);
    say("\nfixed seeds:");
    for (const { seed, found } of FIXED_SEEDS) say(`${String(seed).padStart(10)}  ${found}`);
    return;
  }
  if (!hasRedisServer) say("redis-server is not installed: everything runs without Redis");
  const kinds = kindsFrom(options.faults);
  const until = performance.now() + Number(options.minutes ?? 0) * 60_000;
  const seeds = options.fixed
    ? FIXED_SEEDS.map(({ seed }) => seed)
    : [Number(options.seed ?? randomInt(2 ** 31))];
  const failed: number[] = [];
  for (let next = seeds.shift(); next !== undefined; next = seeds.shift()) {
    if (!(await runSeed(next, kinds))) failed.push(next);
    if (performance.now() < until && seeds.length === 0) seeds.push(randomInt(2 ** 31));
  }
  if (failed.length > 0) {
    say(`\nfailed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}

// Ending by process.exit lets databases and chains be ended too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
await main();
process.exit();

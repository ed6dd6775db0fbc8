import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

// `npm run fuzz:contracts` runs the fuzz tests and invariants of contracts/test for many minutes, with a seed that it
// prints: `-- --runs 1000 --seed 0x…` repeats a run. `runs` is for each fuzz test; each invariant gets a tenth as many
// sequences, of 200 calls. `--grep Numbers` runs those only whose names have it.
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    grep: { type: "string", default: "testFuzz|invariant" },
    seed: { type: "string", default: `0x${randomBytes(32).toString("hex")}` },
  },
});
process.stdout.write(`fuzzing with --runs ${values.runs} --seed ${values.seed}\n`);
const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  ["node_modules/hardhat/dist/src/cli.js", "test", "solidity", "--grep", values.grep],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      CONTRACT_FUZZ_RUNS: values.runs,
      CONTRACT_FUZZ_SEED: values.seed,
      HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
      NODE_OPTIONS: "",
    },
  },
);
const minutes = (performance.now() - startedAt) / 60_000;
process.stdout.write(
  `${status === 0 ? "nothing found" : "FAILED"} after ${minutes.toFixed(1)} minutes; the seed was ${values.seed}\n`,
);
process.exit(status ?? 1);

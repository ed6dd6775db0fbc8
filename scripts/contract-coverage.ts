import { globSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import project from "hardhat";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import { type Branch, instrumentBranches } from "./contract-coverage/instrument-branches.ts";
import { PROJECT_ROOT } from "./local/chain-genesis.ts";

// `npm run coverage` runs the Solidity tests and prints how many lines and branches of the contracts they reach, and which
// they do not; anything less than all of them fails. Lines are Hardhat's own measurement. It has none of branches, so
// every condition is made to report which way it went, in Solidity and in assembly: a branch is one way of a condition.

const BUILD_DIRECTORY = "cache/coverage";
const branches: Branch[] = [];
const sources = new Map<string, string>();
const hre = await createHardhatRuntimeEnvironment(
  {
    ...project.userConfig,
    // The instrumented code runs once; making it small or fast would take most of the time.
    solidity: {
      version: "0.8.37",
      path: createRequire(import.meta.url).resolve("solc/soljson.js"),
      settings: {
        evmVersion: "cancun",
        viaIR: true,
        optimizer: { enabled: true, runs: 1, details: { yul: true, yulDetails: { optimizerSteps: "u:" } } },
      },
    },
    coverage: { skipFiles: ["contracts/mocks/**"] },
    // Instrumented code must never be taken for the real one.
    paths: {
      ...project.userConfig.paths,
      artifacts: `${BUILD_DIRECTORY}/artifacts`,
      cache: `${BUILD_DIRECTORY}/cache`,
    },
    // What is covered must not hang on luck.
    test: { solidity: { fuzz: { runs: 32, seed: "0xc01c" }, invariant: { runs: 4, depth: 50 } } },
    plugins: [
      ...(project.userConfig.plugins ?? []),
      {
        id: "branch-coverage",
        hookHandlers: {
          solidity: async () => ({
            default: async () => ({
              preprocessProjectFileBeforeBuilding: async (
                context,
                sourceName,
                fsPath,
                content,
                version,
                next,
              ) => {
                const instrumented = await next(context, sourceName, fsPath, content, version);
                // Tests and mocks come back as they were.
                if (instrumented === content) return content;
                // Each file is asked for several times, once for every file that is compiled with it.
                const known = sources.get(sourceName);
                if (known !== undefined) return known;
                const result = instrumentBranches(
                  sourceName.replace(/^project\//, ""),
                  content,
                  instrumented,
                );
                branches.push(...result.branches);
                sources.set(sourceName, result.source);
                return result.source;
              },
            }),
          }),
        },
      },
    ],
  },
  { coverage: true },
  PROJECT_ROOT,
);
for (const directory of [BUILD_DIRECTORY, "coverage"]) {
  rmSync(join(PROJECT_ROOT, directory), { recursive: true, force: true });
}
// Reporting takes gas, so a test that leaves a call its last few hundred can fail here; `npm test` holds those.
await hre.tasks.getTask(["test", "solidity"]).run({});

const hits = new Set(
  globSync("coverage/data/**/*.json", { cwd: PROJECT_ROOT }).flatMap((path) =>
    Object.keys(JSON.parse(readFileSync(join(PROJECT_ROOT, path), "utf8"))),
  ),
);
const lines = readLines(readFileSync(join(PROJECT_ROOT, "coverage/lcov.info"), "utf8"));
const missed: string[] = [];
process.stdout.write(`${"".padEnd(36)}${"lines".padStart(16)}${"branches".padStart(18)}\n`);
for (const [file, counts] of [...lines].sort()) {
  const ways = branches.filter((branch) => branch.file === file);
  const unseen = ways.filter(({ tag }) => !hits.has(tag));
  const unreached = [...counts].filter(([, count]) => count === 0).map(([line]) => line);
  process.stdout.write(
    `${file.padEnd(36)}${share(counts.size - unreached.length, counts.size).padStart(16)}${share(ways.length - unseen.length, ways.length).padStart(18)}\n`,
  );
  missed.push(
    ...unreached.map((line) => `${file}:${line} is never reached`),
    ...unseen.map(({ line, condition, outcome }) => `${file}:${line} \`${condition}\` is never ${outcome}`),
  );
}
for (const text of missed) process.stdout.write(`MISSED ${text}\n`);
if (lines.size === 0 || branches.length === 0) throw new Error("nothing was measured");
process.exit(missed.length === 0 ? 0 : 1);

/** An lcov report's `DA:line,count` by file. */
function readLines(report: string): Map<string, Map<number, number>> {
  const files = new Map<string, Map<number, number>>();
  for (const section of report.split("end_of_record")) {
    const file = /SF:(.+)/.exec(section)?.[1];
    if (file === undefined) continue;
    const counts = [...section.matchAll(/DA:(\d+),(\d+)/g)].map(
      ([, line, hit]) => [Number(line), Number(hit)] as const,
    );
    files.set(file, new Map(counts));
  }
  return files;
}

function share(reached: number, all: number): string {
  return `${((100 * reached) / all).toFixed(1)} % of ${all}`;
}

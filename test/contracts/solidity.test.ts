import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GENERATED_PATH, generateContracts } from "../../scripts/generate-contracts.ts";
import { loadGenesis, PROJECT_ROOT } from "../../scripts/local/chain-genesis.ts";

test("every Solidity test passes, and none is left out", { timeout: 300_000 }, async () => {
  // Other test files may be compiling for their chains right now; after this only the tests are left to compile.
  await loadGenesis(() => undefined);
  const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", "solidity"], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true", FORCE_COLOR: "0", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  expect(code, output.slice(-4_000)).toBe(0);

  const declared = globSync("contracts/test/*.t.sol", { cwd: PROJECT_ROOT })
    .map((file) => readFileSync(`${PROJECT_ROOT}/${file}`, "utf8"))
    .flatMap((source) =>
      [...source.matchAll(/function (test\w+|invariant_\w+)\(/g)].map((match) => match[1]),
    );
  expect(declared.length).toBeGreaterThan(80);
  const passed = [...output.matchAll(/✔ (\w+)\(/g)].map((match) => match[1]);
  expect(passed.sort()).toEqual(declared.sort());
});

test("the generated ABIs and addresses are those of the contracts", async () => {
  expect(readFileSync(GENERATED_PATH, "utf8")).toBe(await generateContracts());
});

// Runs a command of this project on a machine that may have nothing but an older Node: finds Node 24, installs the
// dependencies that the lockfile names, generates the Prisma client, and hands over. Plain JavaScript, because it must
// run before anything is installed. With everything in place it costs a few file reads.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const NODE_MAJOR = 24;
// The schema engine's WebAssembly module is imported directly, which Node 24 still announces as experimental.
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning"];
const BIN = "node_modules/.bin";
/** Where Node keeps what it compiled: half of what starting costs a processor, saved from the second time on. */
const COMPILED = "node_modules/.cache/node";
/** Where a run under Node 24 leaves word of its binary for a later run under an older Node. */
const NODE_NOTE = "node_modules/.node";

/** @type {Record<string, string[][]>} What each npm script runs, in order; the first that fails ends it. */
const COMMANDS = {
  start: [["scripts/start.ts"]],
  serve: [["src/server.ts"]],
  chain: [["scripts/chain.ts"]],
  demo: [["scripts/demo.ts"]],
  bench: [["scripts/bench.ts"]],
  faults: [["scripts/faults.ts"]],
  fuzz: [["scripts/fuzz.ts"]],
  sign: [["scripts/sign.ts"]],
  deploy: [["scripts/deploy.ts"]],
  "xrpl:setup": [["scripts/xrpl-setup.ts"]],
  contracts: [["scripts/generate-contracts.ts"]],
  coverage: [["scripts/contract-coverage.ts"]],
  "fuzz:contracts": [["scripts/fuzz-contracts.ts"]],
  web: [["scripts/build-web.ts"]],
  screenshots: [["scripts/screenshots.ts"]],
  lint: [[`${BIN}/biome`, "check", "."]],
  format: [[`${BIN}/biome`, "check", "--write", "."]],
  types: [[`${BIN}/tsc`], [`${BIN}/tsc`, "-p", "web"]],
  test: [[`${BIN}/vitest`, "run"]],
  check: [
    [`${BIN}/biome`, "check", "."],
    [`${BIN}/tsc`],
    [`${BIN}/tsc`, "-p", "web"],
    [`${BIN}/vitest`, "run"],
  ],
};

process.chdir(ROOT);
const [command = "", ...args] = process.argv.slice(2);
const steps = COMMANDS[command];
if (steps === undefined) {
  fail(`there is no command "${command}"; there are: ${Object.keys(COMMANDS).join(", ")}`);
} else if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR) {
  await exitLike(run(node24(), [fileURLToPath(import.meta.url), command, ...args]));
} else {
  install();
  generateClient();
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    const outcome = await run(process.execPath, [...NODE_FLAGS, ...step, ...(last ? args : [])]);
    if (last || outcome.code !== 0) await exitLike(outcome);
  }
}

/**
 * The platform's own package rather than `node`, which fetches this one in an install script, and none may run here.
 * @returns {string} the binary of a Node 24 that npm keeps in its cache
 */
function node24() {
  // Asking npx again would cost seconds and the network at every start.
  const known = existsSync(NODE_NOTE) ? readFileSync(NODE_NOTE, "utf8") : "";
  if (known !== "" && existsSync(known)) return known;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${platform}-${process.arch}@${NODE_MAJOR}`;
  say(`Node ${process.versions.node} is too old; taking Node ${NODE_MAJOR} from npm`);
  const npx = spawnSync("npx", ["-y", "-p", name, "node", "-p", "process.execPath"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  const path = (npx.stdout ?? "").trim().split("\n").at(-1) ?? "";
  if (npx.status !== 0 || !existsSync(path))
    fail(`Node ${NODE_MAJOR} or newer is needed and could not be fetched by npx`);
  return path;
}

/** Installs with npm ci when what is installed is not what the lockfile names. */
function install() {
  const wanted = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const stamp = "node_modules/.installed";
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("installing dependencies (once, about half a minute)");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "ignore", "inherit"],
    // npm must run under this Node: under an older one it leaves out native packages without a word.
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}` },
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) fail("npm ci failed; its messages are above");
  writeFileSync(NODE_NOTE, process.execPath);
  writeFileSync(stamp, wanted);
}

/** Generates the Prisma client when a schema file has changed since. */
function generateClient() {
  const hash = createHash("sha256");
  for (const name of readdirSync("prisma/schema").sort())
    hash.update(readFileSync(join("prisma/schema", name)));
  const wanted = hash.digest("hex");
  const directory = "src/generated/prisma";
  const stamp = `${directory}/.generated`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const prisma = spawnSync(process.execPath, [`${BIN}/prisma`, "generate"], {
    encoding: "utf8",
    // Generating needs no engine, but the CLI would download one unless it is told that one exists.
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
  if (prisma.status !== 0) fail(`prisma generate failed:\n${prisma.stdout}${prisma.stderr}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Runs a child on our terminal; it gets Ctrl-C from the terminal itself and other signals from us. */
function run(binary, argv) {
  return new Promise((done) => {
    const env = {
      ...process.env,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(ROOT, COMPILED),
    };
    const child = spawn(binary, argv, { stdio: "inherit", env });
    const forward = (signal) => child.kill(signal);
    const ignore = () => undefined;
    process.on("SIGINT", ignore).on("SIGTERM", forward).on("SIGHUP", forward);
    child.once("error", (error) => fail(`${binary} could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      process.off("SIGINT", ignore).off("SIGTERM", forward).off("SIGHUP", forward);
      done({ code, signal });
    });
  });
}

/** Ends as the child ended. */
async function exitLike(outcome) {
  const { code, signal } = await outcome;
  if (signal !== null) process.kill(process.pid, signal);
  process.exit(code ?? 1);
}

function say(text) {
  process.stderr.write(`coinclicker: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

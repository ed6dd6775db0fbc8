import { globSync } from "node:fs";
import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatIgnitionEthers from "@nomicfoundation/hardhat-ignition-ethers";
import { configVariable, defineConfig } from "hardhat/config";

// The tests deploy the vault from its artifact, so compiling them themselves may be quick.
const testFiles = globSync("contracts/test/*.t.sol", { cwd: import.meta.dirname });

// The compiler is the npm package `solc`, so that building needs no download and everybody gets the same bytecode.
const compilerPath = createRequire(import.meta.url).resolve("solc/soljson.js");

// As every test run fuzzes, and as `npm run fuzz:contracts` does, which asks for more runs and another seed.
const { CONTRACT_FUZZ_RUNS: runs, CONTRACT_FUZZ_SEED: seed } = process.env;
const fuzzing =
  runs === undefined || seed === undefined
    ? { fuzz: { runs: 256, seed: "0xc01c" }, invariant: { runs: 64, depth: 100 } }
    : { fuzz: { runs: Number(runs), seed }, invariant: { runs: Math.ceil(Number(runs) / 10), depth: 200 } };

export default defineConfig({
  plugins: [hardhatEthers, hardhatIgnitionEthers],
  solidity: {
    compilers: [
      {
        version: "0.8.37",
        path: compilerPath,
        settings: { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 1_000_000 } },
      },
    ],
    overrides: Object.fromEntries(
      testFiles.map((file) => [
        file,
        {
          version: "0.8.37",
          path: compilerPath,
          settings: { evmVersion: "cancun", optimizer: { enabled: true } },
        },
      ]),
    ),
  },
  paths: { tests: { solidity: "contracts/test" } },
  test: { solidity: fuzzing },
  networks: {
    default: { type: "edr-simulated", chainId: 31_337, hardfork: "cancun" },
    local: {
      type: "edr-simulated",
      chainId: 31_337,
      hardfork: "cancun",
      // Everything that the deployment does is the same on every start, its timestamps included.
      initialDate: "2025-01-01T00:00:00Z",
      blockGasLimit: 30_000_000,
      allowBlocksWithSameTimestamp: false,
      // As on Flare: broadcasting says only that the transaction is well-formed.
      throwOnTransactionFailures: false,
      mining: { auto: true, interval: 0, mempool: { order: "fifo" } },
      accounts: { count: 20, accountsBalance: 10_000_000n * 10n ** 18n },
    },
    coston2: {
      type: "http",
      chainId: 114,
      url: configVariable("COSTON2_RPC_URL"),
      accounts: [configVariable("DEPLOYER_KEY")],
    },
    flare: {
      type: "http",
      chainId: 14,
      url: configVariable("FLARE_RPC_URL"),
      accounts: [configVariable("DEPLOYER_KEY")],
    },
  },
});

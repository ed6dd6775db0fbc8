import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Wallet } from "ethers";
import hre from "hardhat";
import PayoutVault from "../ignition/modules/PayoutVault.ts";
import { hardhatWallets } from "../src/config.ts";

const USAGE = `usage: npm run deploy -- --network coston2|flare [--parameters ignition/parameters/<network>.json]

Deploys PayoutVault with Hardhat Ignition. It can be interrupted and run again: what was deployed stays deployed
(ignition/deployments/chain-<id>/). Needs in the environment:
  DEPLOYER_KEY        private key that pays for the deployment; it gets no role by it
  COSTON2_RPC_URL     e.g. https://coston2-api.flare.network/ext/C/rpc   (for --network coston2)
  FLARE_RPC_URL       e.g. https://flare-api.flare.network/ext/C/rpc     (for --network flare)
and a file of parameters with owner, operator, guardian, delay, approvers and limits: copy
ignition/parameters/example.json. The owner is meant to be a Safe; docs/contracts.md says what each role may do.`;

const CHAIN_IDS: Record<string, number> = { coston2: 114, flare: 14 };
const RPC_VARIABLES: Record<string, string> = { coston2: "COSTON2_RPC_URL", flare: "FLARE_RPC_URL" };

class DeployError extends Error {}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { network: { type: "string" }, parameters: { type: "string" }, help: { type: "boolean" } },
  });
  const network = values.network ?? "";
  const chainId = CHAIN_IDS[network];
  if (values.help === true || chainId === undefined) throw new DeployError(USAGE);

  const path = values.parameters ?? join("ignition/parameters", `${network}.json`);
  if (!existsSync(path))
    throw new DeployError(`${path} does not exist: copy ignition/parameters/example.json`);
  const text = readFileSync(path, "utf8");
  requireVariables(["DEPLOYER_KEY", RPC_VARIABLES[network] ?? ""]);
  refusePublicKeys(text, process.env.DEPLOYER_KEY ?? "");
  const parameters = JSON.parse(text, revive) as Record<string, Record<string, never>>;

  await hre.tasks.getTask("build").run({ quiet: true, noTests: true, defaultBuildProfile: "default" });
  const { ethers, ignition } = await hre.network.create({ network });
  const actual = (await ethers.provider.getNetwork()).chainId;
  if (actual !== BigInt(chainId))
    throw new DeployError(`the RPC serves chain ${actual}, not ${network} (${chainId})`);
  const { vault } = await ignition.deploy(PayoutVault, { parameters, displayUi: true });
  const address = await vault.getAddress();
  process.stdout.write(
    [
      "",
      `PayoutVault is at ${address} on ${network}.`,
      `  FLARE_CHAIN_ID=${chainId}`,
      `  FLARE_VAULT_ADDRESS=${address}`,
      "Check owner(), operator(), guardian(), approvers() and limits() before you fund it.",
      "",
    ].join("\n"),
  );
}

function requireVariables(names: readonly string[]): void {
  const missing = names.filter((name) => (process.env[name] ?? "") === "");
  if (missing.length > 0) throw new DeployError(`missing in the environment: ${missing.join(", ")}`);
}

/** Hardhat's accounts belong to everybody: whatever role they had, money would be gone at once. */
function refusePublicKeys(parameters: string, deployerKey: string): void {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(deployerKey))
    throw new DeployError("DEPLOYER_KEY must be 64 hex digits");
  const deployer = new Wallet(deployerKey).address;
  const text = parameters.toLowerCase();
  for (const { address } of hardhatWallets()) {
    if (address === deployer) throw new DeployError("DEPLOYER_KEY is a public Hardhat key");
    if (text.includes(address.toLowerCase())) throw new DeployError(`${address} is a public Hardhat account`);
  }
}

/** Amounts are written as strings of digits and `n`, as Ignition wants them: JSON's numbers would lose digits. */
function revive(_key: string, value: unknown): unknown {
  return typeof value === "string" && /^[0-9]+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

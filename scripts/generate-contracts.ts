import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import hre from "hardhat";
import { loadGenesis, PROJECT_ROOT } from "./local/chain-genesis.ts";

export const GENERATED_PATH = join(PROJECT_ROOT, "src/generated/contracts.ts");

type AbiItem = { type: string; name?: string };

const ERC20_ITEMS = new Set([
  "name",
  "symbol",
  "decimals",
  "totalSupply",
  "balanceOf",
  "allowance",
  "transfer",
  "transferFrom",
  "approve",
  "Transfer",
  "Approval",
]);

/** Which part of which contract the product talks to, under which name. */
const ABIS: readonly { name: string; contract: string; keep?: (item: AbiItem) => boolean; about: string }[] =
  [
    { name: "payoutVaultAbi", contract: "PayoutVault", about: "The vault, its events and its errors." },
    {
      name: "erc20Abi",
      contract: "ExampleToken",
      keep: (item) => ERC20_ITEMS.has(item.name ?? ""),
      about: "What every ERC-20 token has.",
    },
    {
      name: "flareContractRegistryAbi",
      contract: "FlareContractRegistryMock",
      keep: (item) => item.name?.startsWith("get") ?? false,
      about: "Flare's registry: contracts' addresses by name, the zero address for an unknown name.",
    },
    {
      name: "ftsoV2Abi",
      contract: "FtsoV2Mock",
      keep: (item) => item.type === "function",
      about: "Flare's price feeds.",
    },
    {
      name: "refusingPayeeAbi",
      contract: "RefusingPayee",
      about: "The local chain's payee that refuses coins.",
    },
  ];

/** The text of src/generated/contracts.ts, from the contracts as they are now. */
export async function generateContracts(): Promise<string> {
  const genesis = await loadGenesis(() => undefined);
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true, defaultBuildProfile: "default" });
  const parts = [
    "// Written by `npm run contracts` from the contracts; a test keeps it fresh.",
    "/** Where the contracts lie on every local chain. */",
    `export const localContracts = ${JSON.stringify(genesis.contracts)} as const;`,
  ];
  for (const { name, contract, keep = () => true, about } of ABIS) {
    const { abi } = await hre.artifacts.readArtifact(contract);
    const items = (abi as readonly AbiItem[]).filter((item) => item.type !== "constructor" && keep(item));
    parts.push(
      `/** ${about} */`,
      `export const ${name} = ${JSON.stringify(items.map(withoutInternals))} as const;`,
    );
  }
  return format(`${parts.join("\n\n").replaceAll("*/\n\nexport", "*/\nexport")}\n`);
}

/** The compiler's own names for types say nothing to a caller. */
function withoutInternals<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === "internalType" ? undefined : inner)),
  ) as T;
}

function format(source: string): string {
  const biome = join(PROJECT_ROOT, "node_modules/@biomejs/biome/bin/biome");
  const result = spawnSync(process.execPath, [biome, "format", "--stdin-file-path=contracts.ts"], {
    cwd: PROJECT_ROOT,
    input: source,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  if (result.status !== 0) throw new Error(`the generated file cannot be formatted: ${result.stderr}`);
  return result.stdout;
}

if (import.meta.main) {
  const text = await generateContracts();
  const previous = readFileSync(GENERATED_PATH, { encoding: "utf8", flag: "a+" });
  writeFileSync(GENERATED_PATH, text);
  process.stdout.write(
    text === previous ? "src/generated/contracts.ts is fresh\n" : "src/generated/contracts.ts is written\n",
  );
}

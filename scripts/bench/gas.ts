import { getCreateAddress, Interface, parseEther, toBeHex, ZeroAddress } from "ethers";
import hre from "hardhat";
import { hardhatWallets } from "../../src/config.ts";
import { localContracts, payoutVaultAbi } from "../../src/generated/contracts.ts";
import { ChainEngine } from "../local/chain-engine.ts";
import { loadGenesis } from "../local/chain-genesis.ts";

export const name = "gas";
export const describe = "gas per payee of the vault's batch, native and ERC-20, against a plain loop";

const SIZES = [1, 10, 100, 500];
/** 500 COIN in wei of FLR, and as many cents of the token. */
const AMOUNT = 500n * 10n ** 15n;
const TOKEN_AMOUNT = 5_000_000n;

export type GasFigures = {
  payees: number;
  nativeVault: number;
  nativeLoop: number;
  tokenVault: number;
  tokenLoop: number;
};

type Send = (from: string, to: string | null, data: string) => Promise<number>;

/**
 * Gas per payee of the vault's batch and of a plain loop, on the same chain, in the same run: payees exist already, and the
 * vault's and the loop's state is warm from earlier batches, as it is in daily use. Token payees hold the token already.
 */
export async function measureGas(): Promise<GasFigures[]> {
  const genesis = await loadGenesis(() => undefined);
  const engine = await ChainEngine.create();
  await engine.replay(genesis.records);
  await engine.run(0, null);
  const [owner, operator] = [0, 9].map((index) => hardhatWallets()[index]?.address ?? ZeroAddress) as [
    string,
    string,
  ];
  const send: Send = async (from, to, data) => {
    const hash = await engine.request("eth_sendTransaction", [{ from, to, data, gas: toBeHex(29_000_000) }]);
    const receipt = (await engine.request("eth_getTransactionReceipt", [hash])) as {
      status: string;
      gasUsed: string;
    };
    if (receipt.status !== "0x1") throw new Error(`a measured transaction reverted: ${data.slice(0, 10)}`);
    return Number(receipt.gasUsed);
  };

  const vault = new Interface(payoutVaultAbi);
  const artifact = await hre.artifacts.readArtifact("PlainLoop");
  const plainLoop = new Interface(artifact.abi);
  const nonce = Number(await engine.request("eth_getTransactionCount", [owner, "latest"]));
  const loop = getCreateAddress({ from: owner, nonce });
  await send(owner, null, artifact.bytecode);
  await engine.request("hardhat_setBalance", [loop, toBeHex(parseEther("1000000"))]);
  const mint = new Interface(["function mint(address,uint256)"]);
  await send(owner, localContracts.token, mint.encodeFunctionData("mint", [loop, 10n ** 15n]));
  await widenLimits(engine, send, owner, vault);

  let next = 1n;
  const payVault = (asset: string, payees: string[], amount: bigint): Promise<number> => {
    const entries = payees.map((payee) => (BigInt(payee) << 96n) | amount);
    const data = vault.encodeFunctionData("payBatch", [asset, next, entries]);
    next += BigInt(payees.length);
    return send(operator, localContracts.vault, data);
  };
  const payLoop = (asset: string, payees: string[], amount: bigint): Promise<number> => {
    const amounts = payees.map(() => amount);
    const data =
      asset === ZeroAddress
        ? plainLoop.encodeFunctionData("payNative", [payees, amounts])
        : plainLoop.encodeFunctionData("payToken", [asset, payees, amounts]);
    return send(owner, loop, data);
  };

  const payees = Array.from({ length: 500 }, (_unused, index) => payeeAddress(index));
  for (const pay of [payVault, payLoop]) {
    await pay(ZeroAddress, payees, 1n);
    await pay(localContracts.token, payees.slice(0, 1), 1n);
  }
  const figures: GasFigures[] = [];
  for (const size of SIZES) {
    const some = payees.slice(0, size);
    // Token payees are new to the token in each measurement, as in the figures that others publish.
    const strangers = (offset: number) =>
      some.map((_unused, index) => payeeAddress(offset + size * 1_000 + index));
    figures.push({
      payees: size,
      nativeVault: (await payVault(ZeroAddress, some, AMOUNT)) / size,
      nativeLoop: (await payLoop(ZeroAddress, some, AMOUNT)) / size,
      tokenVault: (await payVault(localContracts.token, strangers(1_000_000), TOKEN_AMOUNT)) / size,
      tokenLoop: (await payLoop(localContracts.token, strangers(2_000_000), TOKEN_AMOUNT)) / size,
    });
  }
  return figures;
}

/** The local buckets are too small for 500 payees of this size; loosening them takes the delay, as anywhere. */
async function widenLimits(engine: ChainEngine, send: Send, owner: string, vault: Interface): Promise<void> {
  const limits = [2n ** 95n, 0n, [[2n ** 94n, 1n]]];
  for (const asset of [ZeroAddress, localContracts.token]) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("setLimits", [asset, limits]));
  }
  await engine.request("evm_increaseTime", [90_000]);
  for (const asset of [ZeroAddress, localContracts.token]) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("applyLimits", [asset]));
  }
  // Capacity grows at once, what is in the bucket only with time.
  const refilling = [2n ** 95n, 2n ** 90n, [[2n ** 94n, 1n]]];
  for (const asset of [ZeroAddress, localContracts.token]) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("setLimits", [asset, refilling]));
  }
  await engine.request("evm_increaseTime", [90_000]);
  for (const asset of [ZeroAddress, localContracts.token]) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("applyLimits", [asset]));
  }
  await engine.request("evm_increaseTime", [90_000]);
  await engine.request("evm_mine", []);
}

/** Addresses without zero bytes, as nearly all are; each byte that is not zero costs 16 gas, a zero 4. */
function payeeAddress(index: number): string {
  const digits = (index + 1)
    .toString(15)
    .padStart(8, "0")
    .replace(/./g, (digit) => (Number.parseInt(digit, 15) + 1).toString(16));
  return `0x${"a7".repeat(16)}${digits}`;
}

/** Prints the table. */
export async function run(): Promise<void> {
  const figures = await measureGas();
  const cell = (value: number): string => Math.round(value).toLocaleString("en").padStart(12);
  process.stdout.write("gas per payee        native: vault        loop   token: vault        loop\n");
  for (const row of figures) {
    process.stdout.write(
      `${String(row.payees).padStart(5)} payees        ${cell(row.nativeVault)}${cell(row.nativeLoop)}   ${cell(row.tokenVault)}${cell(row.tokenLoop)}\n`,
    );
  }
}

if (import.meta.main) {
  await run();
  process.exit(0);
}

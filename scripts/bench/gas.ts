import { getCreateAddress, Interface, id, parseEther, toBeHex, ZeroAddress } from "ethers";
import hre from "hardhat";
import { hardhatWallets } from "../../src/config.ts";
import { localContracts, payoutVaultAbi } from "../../src/generated/contracts.ts";
import { ChainEngine } from "../local/chain-engine.ts";
import { loadGenesis } from "../local/chain-genesis.ts";
import { printTable, targetAtMost } from "./harness.ts";

export const name = "gas";
export const describe =
  "gas per payee of the vault's batch, native and ERC-20, against a plain and a bare loop";

const SIZES = [1, 10, 100, 500, 1_000];

/** What is paid: a thousandth to one FLR, a cent to ten dollars of a token with 6 digits; the same to all contenders. */
const NATIVE_UNIT = 10n ** 15n;
const TOKEN_UNIT = 10n ** 4n;

type Payment = { to: string; amount: bigint };
/** Pays a batch and returns the gas that the transaction used. */
type Pay = (asset: string, payments: readonly Payment[]) => Promise<number>;
type Contenders = { vault: Pay; outOfTurn: Pay; plain: Pay; bare: Pay };

type Send = (from: string, to: string | null, data: string) => Promise<number>;
type Setting = { engine: ChainEngine; send: Send; owner: string; operator: string };

/**
 * Gas used, without any refund, by the vault on the local chain and by two loops beside it. Payees exist already; what a
 * contender keeps between batches (bucket, run of numbers, balances) is there from a batch before. Token payees are new
 * to the token in every batch, as in the figures that others publish: 17,100 of their gas is for that.
 */
export async function run(): Promise<void> {
  const setting = await startChain();
  const contenders: Contenders = {
    ...(await vaultBatches(setting)),
    plain: await loopOf(setting, "PlainLoop"),
    bare: await loopOf(setting, "BareLoop"),
  };
  const all = payments("account", 1_000, NATIVE_UNIT);
  for (const [who, pay] of Object.entries(contenders)) {
    // Everybody exists, and nobody's first batch is measured. Opening 1,000 accounts takes more than a block.
    await pay(ZeroAddress, all.slice(0, 500));
    await pay(ZeroAddress, all.slice(500));
    await pay(localContracts.token, payments(`first ${who}`, 1, TOKEN_UNIT));
  }

  const native = (size: number): Payment[] => all.slice(0, size);
  const strangers = (size: number, who: string): Payment[] => payments(`${who} ${size}`, size, TOKEN_UNIT);
  const figures = new Map<string, number>();
  for (const [kind, asset, payees] of [
    ["native", ZeroAddress, native],
    ["ERC-20", localContracts.token, strangers],
  ] as const) {
    const rows: string[][] = [];
    for (const size of SIZES) {
      const perPayee = async (who: keyof Contenders): Promise<number> =>
        (await contenders[who](asset, payees(size, who))) / size;
      const plain = await perPayee("plain");
      const bare = await perPayee("bare");
      const vault = await perPayee("vault");
      const outOfTurn = await perPayee("outOfTurn");
      figures.set(`${kind} ${size}`, vault);
      rows.push([size.toString(), ...[plain, bare, outOfTurn, vault].map(gas), (vault / plain).toFixed(3)]);
    }
    printTable(
      `${kind}: gas per payee`,
      ["payees", "plain loop", "bare loop", "vault, out of turn", "vault", "of the plain loop"],
      rows,
    );
  }
  const wide = payments("wide", 500, NATIVE_UNIT);
  const wideGas = (await contenders.vault(localContracts.token, wide)) / wide.length;
  console.log(`
The plain loop is what is written first (address[], uint256[]); the bare one is assembly without a single check: who wants
less gas than that must send less calldata, as the vault does. Only the vault numbers, isolates, caps and logs.
Out of turn means that all numbers of a batch lie in words of the bitmap that are empty yet, the most that numbers cost.
An ERC-20 amount of 18 digits instead of 6 takes more calldata: ${gas(wideGas)} at 500.`);
  targetAtMost("native, 500 payees", figures.get("native 500") ?? Number.NaN, 10_025, "gas");
  targetAtMost("native, 1,000 payees", figures.get("native 1000") ?? Number.NaN, 10_000, "gas");
  targetAtMost("ERC-20, 500 payees", figures.get("ERC-20 500") ?? Number.NaN, 25_600, "gas");
}

/** A chain of its own in this process, as every local chain begins. */
async function startChain(): Promise<Setting> {
  const genesis = await loadGenesis(() => undefined);
  const engine = await ChainEngine.create();
  await engine.replay(genesis.records);
  await engine.run(0, null);
  const send: Send = async (from, to, data) => {
    const hash = await engine.request("eth_sendTransaction", [{ from, to, data, gas: toBeHex(29_900_000) }]);
    const receipt = (await engine.request("eth_getTransactionReceipt", [hash])) as {
      status: string;
      gasUsed: string;
    };
    if (receipt.status !== "0x1") throw new Error(`a measured transaction reverted: ${data.slice(0, 10)}`);
    return Number(receipt.gasUsed);
  };
  const [owner = "", operator = ""] = [0, 9].map((index) => hardhatWallets()[index]?.address);
  return { engine, send, owner, operator };
}

async function vaultBatches(setting: Setting): Promise<Pick<Contenders, "vault" | "outOfTurn">> {
  const vault = new Interface(payoutVaultAbi);
  await widenLimits(setting, vault);
  await setting.engine.request("hardhat_setBalance", [localContracts.vault, toBeHex(parseEther("1000000"))]);
  const pay = (asset: string, first: bigint, batch: readonly Payment[]): Promise<number> => {
    const entries = batch.map(({ to, amount }) => (BigInt(to) << 96n) | amount);
    const data = vault.encodeFunctionData("payBatch", [asset, first, entries]);
    return setting.send(setting.operator, localContracts.vault, data);
  };
  let next = 1n;
  // Another lane, in which every batch leaves numbers out and begins a word that is empty yet.
  let apart = 1n << 41n;
  return {
    vault: (asset, batch) => {
      const first = next;
      next += BigInt(batch.length);
      return pay(asset, first, batch);
    },
    outOfTurn: (asset, batch) => {
      const first = apart;
      apart += 2_048n;
      return pay(asset, first, batch);
    },
  };
}

async function loopOf({ engine, send, owner }: Setting, contract: string): Promise<Pay> {
  const { abi, bytecode } = await hre.artifacts.readArtifact(contract);
  const loop = new Interface(abi);
  const nonce = Number(await engine.request("eth_getTransactionCount", [owner, "latest"]));
  const address = getCreateAddress({ from: owner, nonce });
  await send(owner, null, bytecode);
  await engine.request("hardhat_setBalance", [address, toBeHex(parseEther("1000000"))]);
  const mint = new Interface(["function mint(address,uint256)"]);
  await send(owner, localContracts.token, mint.encodeFunctionData("mint", [address, 10n ** 15n]));
  return (asset, batch) => {
    const lists = [batch.map(({ to }) => to), batch.map(({ amount }) => amount)];
    const data =
      asset === ZeroAddress
        ? loop.encodeFunctionData("payNative", lists)
        : loop.encodeFunctionData("payToken", [asset, ...lists]);
    return send(owner, address, data);
  };
}

/** The local limits are too small for a thousand payees; loosening them takes the delay, as anywhere. */
async function widenLimits({ engine, send, owner }: Setting, vault: Interface): Promise<void> {
  const assets = [ZeroAddress, localContracts.token];
  const wait = (): Promise<unknown> => engine.request("evm_increaseTime", [90_000]);
  // Capacity grows at once, what is in the bucket only with time.
  const limits = [2n ** 95n, 2n ** 90n, [[2n ** 94n, 1n]]];
  for (const asset of assets) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("setLimits", [asset, limits]));
  }
  await wait();
  for (const asset of assets) {
    await send(owner, localContracts.vault, vault.encodeFunctionData("applyLimits", [asset]));
  }
  await wait();
  const mint = new Interface(["function mint(address,uint256)"]);
  const data = mint.encodeFunctionData("mint", [localContracts.vault, 10n ** 24n]);
  await send(owner, localContracts.token, data);
}

/** Addresses as keys give them, hardly a byte of them zero, and amounts that differ. The same in every run. */
function payments(who: string, count: number, unit: bigint): Payment[] {
  return Array.from({ length: count }, (_unused, index) => {
    const hash = id(`${who} ${index}`);
    return { to: `0x${hash.slice(-40)}`, amount: unit * (1n + ((BigInt(hash) >> 200n) % 1_000n)) };
  });
}

function gas(value: number): string {
  return Math.round(value).toLocaleString("en");
}

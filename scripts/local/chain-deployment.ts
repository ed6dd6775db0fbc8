import { FlareContractRegistryAddress } from "@flarenetwork/flare-periphery-contract-artifacts";
import { parseEther, ZeroAddress } from "ethers";
import hre from "hardhat";
import LocalWorld from "../../ignition/modules/LocalWorld.ts";
import PayoutVault from "../../ignition/modules/PayoutVault.ts";
import { ChainEngine } from "./chain-engine.ts";
import type { Genesis } from "./chain-genesis.ts";
import type { ChainRecord } from "./chain-log.ts";
import { serializeMined } from "./chain-transaction.ts";

type FullBlock = { timestamp: string; transactions: readonly { hash: string }[] };

const USDX = 10n ** 6n;

/** Compiles what has changed, deploys with Ignition, and returns the blocks that came of it. */
export async function deployGenesis(onProgress: (step: string) => void): Promise<Omit<Genesis, "digest">> {
  onProgress("compiling the contracts");
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true, defaultBuildProfile: "default" });

  onProgress("deploying the contracts");
  const connection = await hre.network.create({ network: "local" });
  const { ethers, ignition, provider } = connection;
  const accounts = await ethers.getSigners();
  const addressOf = (index: number) => accounts[index]?.address ?? ZeroAddress;

  const code = (await hre.artifacts.readArtifact("FlareContractRegistryMock")).deployedBytecode;
  const setCode = { method: "hardhat_setCode", params: [FlareContractRegistryAddress, code] };
  await provider.request(setCode);

  const options = { config: { requiredConfirmations: 1 }, displayUi: false };
  const world = await ignition.deploy(LocalWorld, options);
  const token = await world.token.getAddress();
  const { vault } = await ignition.deploy(PayoutVault, {
    ...options,
    parameters: {
      PayoutVault: {
        owner: addressOf(0),
        operator: addressOf(9),
        guardian: addressOf(5),
        delaySeconds: 3_600,
        approvers: [1, 2, 3, 4].map(addressOf),
        assets: [
          {
            asset: ZeroAddress,
            limits: {
              bucketCapacity: parseEther("50000"),
              bucketRefill: parseEther("1"),
              tiers: [
                { above: parseEther("100"), approvals: 2 },
                { above: parseEther("10000"), approvals: 3 },
              ],
            },
          },
          {
            asset: token,
            limits: {
              bucketCapacity: 1_000n * USDX,
              bucketRefill: USDX / 50n,
              tiers: [
                { above: 10n * USDX, approvals: 2 },
                { above: 1_000n * USDX, approvals: 3 },
              ],
            },
          },
        ],
      },
    },
  });

  onProgress("funding the vault");
  const vaultAddress = await vault.getAddress();
  const owner = accounts[0];
  if (owner === undefined) throw new Error("the local network has no accounts");
  await (await owner.sendTransaction({ to: vaultAddress, value: parseEther("1000000") })).wait();
  const example = await ethers.getContractAt("ExampleToken", token, owner);
  await (await example.getFunction("mint")(vaultAddress, 1_000_000n * USDX)).wait();

  const transactions: string[] = [];
  const height = await ethers.provider.getBlockNumber();
  for (let number = 1; number <= height; number++) {
    const block = (await provider.request({
      method: "eth_getBlockByNumber",
      params: [`0x${number.toString(16)}`, true],
    })) as FullBlock;
    transactions.push(...block.transactions.map(serializeMined));
  }
  const { timestamp } = (await provider.request({
    method: "eth_getBlockByNumber",
    params: ["0x0", false],
  })) as FullBlock;
  await connection.close();
  return {
    contracts: {
      vault: vaultAddress,
      token,
      registry: FlareContractRegistryAddress,
      ftso: await world.ftso.getAddress(),
      wnat: await world.wnat.getAddress(),
      refusingPayee: await world.refusingPayee.getAddress(),
    },
    records: [{ call: setCode }, ...(await seal(setCode, transactions, Number(timestamp)))],
  };
}

/** Mines them again, one a second, so that the blocks do not tell how fast this machine was. */
async function seal(
  setCode: { method: string; params: unknown[] },
  transactions: readonly string[],
  genesisTime: number,
): Promise<ChainRecord[]> {
  const engine = await ChainEngine.create();
  await engine.replay([{ call: setCode }]);
  const records: ChainRecord[] = [];
  for (const [index, raw] of transactions.entries()) {
    const record = { block: index + 1, time: genesisTime + index + 1, txs: [raw] };
    const hash = await engine.seal(record);
    records.push(hash === undefined ? record : { ...record, hash });
  }
  return records;
}

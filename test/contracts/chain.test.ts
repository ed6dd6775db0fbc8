import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FlareContractRegistryAddress, flare } from "@flarenetwork/flare-periphery-contract-artifacts";
import { Contract, JsonRpcProvider, parseEther, Wallet, ZeroAddress } from "ethers";
import { afterEach, expect, test } from "vitest";
import { type ChainOptions, type LocalChain, startChain } from "../../scripts/local/chain.ts";
import { isRunning, PROJECT_ROOT } from "../../scripts/local/chain-genesis.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { hardhatWallets } from "../../src/config.ts";
import { localContracts, payoutVaultAbi } from "../../src/generated/contracts.ts";

type RpcBlock = { number: string; hash: string; timestamp: string; transactions: string[] };

const releases: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

async function start(options: ChainOptions = {}): Promise<LocalChain> {
  const chain = await startChain({ blockTimeMs: 0, ...options });
  releases.push(() => chain.stop());
  return chain;
}

function directory(): string {
  const path = makeTempDir("chain");
  releases.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function rpc<T>(chain: LocalChain, method: string, ...params: unknown[]): Promise<T> {
  const response = await fetch(chain.url, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const reply = (await response.json()) as { result?: T; error?: { message: string } };
  if (reply.error !== undefined) throw new Error(reply.error.message);
  return reply.result as T;
}

function providerOf(chain: LocalChain): JsonRpcProvider {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, cacheTimeout: -1 });
  releases.push(() => provider.destroy());
  return provider;
}

/** Signed transfers from one account, with consecutive nonces. */
function transfers(index: number, firstNonce: number, count: number): Promise<string[]> {
  const wallet = new Wallet(hardhatWallets()[index]?.privateKey ?? "");
  return Promise.all(
    Array.from({ length: count }, (_unused, offset) =>
      wallet.signTransaction({
        chainId: 31_337,
        type: 2,
        nonce: firstNonce + offset,
        to: "0x00000000000000000000000000000000000a11ce",
        value: 1n,
        gasLimit: 21_000,
        maxFeePerGas: 2_000_000_000n,
        maxPriorityFeePerGas: 1n,
      }),
    ),
  );
}

/** Everything that is promised to be the same after a restart: numbers, times, hashes, transactions. */
async function history(chain: LocalChain, upTo?: number): Promise<RpcBlock[]> {
  const height = upTo ?? Number(await rpc<string>(chain, "eth_blockNumber"));
  return Promise.all(
    Array.from({ length: height + 1 }, (_unused, number) =>
      rpc<RpcBlock>(chain, "eth_getBlockByNumber", `0x${number.toString(16)}`, false),
    ),
  );
}

async function killHard(chain: LocalChain): Promise<void> {
  process.kill(chain.pid, "SIGKILL");
  await chain.exited;
}

test("the contracts lie where the generated file says, funded and with their roles", async () => {
  const startedAt = performance.now();
  const chain = await start();
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(chain).toMatchObject(localContracts);
  const provider = providerOf(chain);
  expect(await provider.getBalance(chain.vault)).toBe(parseEther("1000000"));
  const vault = new Contract(chain.vault, payoutVaultAbi, provider);
  const address = (index: number) => hardhatWallets()[index]?.address;
  expect(await vault.getFunction("owner")()).toBe(address(0));
  expect(await vault.getFunction("guardian")()).toBe(address(5));
  expect(await vault.getFunction("operator")()).toBe(address(9));
  expect([...(await vault.getFunction("approvers")())]).toEqual([1, 2, 3, 4].map(address));
  expect(await vault.getFunction("bucketAvailable")(ZeroAddress)).toBe(parseEther("50000"));
  const approvals = vault.getFunction("requiredApprovals");
  expect(await approvals(ZeroAddress, parseEther("100") - 1n)).toBe(0n);
  expect(await approvals(ZeroAddress, parseEther("100"))).toBe(2n);
  expect(await approvals(ZeroAddress, parseEther("10000"))).toBe(3n);
  // A wallet or exchange that sends with the 2,300 gas of `transfer` can fund it.
  expect(await provider.estimateGas({ to: chain.vault, value: 1n })).toBeLessThanOrEqual(23_300n);
});

test("Flare's registry answers at its real address, by its real interface", async () => {
  const chain = await start();
  const provider = providerOf(chain);
  const registry = new Contract(
    FlareContractRegistryAddress,
    flare.interfaceToAbi("IFlareContractRegistry"),
    provider,
  );
  const byName = registry.getFunction("getContractAddressByName");
  expect(await byName("WNat")).toBe(chain.wnat);
  expect(await byName("NoSuchContract")).toBe(ZeroAddress);
  expect([...(await registry.getFunction("getAllContracts")())[0]]).toEqual(["FtsoV2", "WNat"]);
  const ftso = new Contract(await byName("FtsoV2"), flare.interfaceToAbi("FtsoV2Interface"), provider);
  const [value, timestamp] = await ftso
    .getFunction("getFeedByIdInWei")
    .staticCall("0x01464c522f55534400000000000000000000000000");
  expect(value).toBe(parseEther("0.02"));
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(60);
});

test("a test can take mining into its own hands", async () => {
  const chain = await start();
  await rpc(chain, "evm_setAutomine", false);
  const height = await rpc<string>(chain, "eth_blockNumber");
  for (const raw of await transfers(7, 0, 2)) await rpc(chain, "eth_sendRawTransaction", raw);
  expect(await rpc(chain, "eth_blockNumber")).toBe(height);
  const snapshot = await rpc(chain, "evm_snapshot");
  await rpc(chain, "evm_mine");
  expect((await rpc<RpcBlock>(chain, "eth_getBlockByNumber", "latest", false)).transactions).toHaveLength(2);
  await rpc(chain, "evm_revert", snapshot);
  expect(await rpc(chain, "eth_blockNumber")).toBe(height);
});

test("with a block time, blocks come by themselves", async () => {
  const chain = await start({ blockTimeMs: 2_000 });
  const [raw] = await transfers(7, 0, 1);
  const hash = await rpc<string>(chain, "eth_sendRawTransaction", raw);
  expect(await rpc(chain, "eth_getTransactionReceipt", hash)).toBeNull();
  const deadline = performance.now() + 60_000;
  while ((await rpc(chain, "eth_getTransactionReceipt", hash)) === null) {
    if (performance.now() > deadline) throw new Error("no block came");
    await sleep(50);
  }
});

test("a chain that was killed at any moment continues as it was", async () => {
  const dataDir = directory();
  let chain = await start({ dataDir, blockTimeMs: 20 });
  expect(chain.fresh).toBe(true);
  let sent = 0;
  for (let round = 0; round < 4; round++) {
    const raws = await transfers(7, sent, 10);
    // What was broadcast but not mined may be lost, as from a mempool; sending it again must work.
    for (const raw of raws) await rpc(chain, "eth_sendRawTransaction", raw);
    if (round === 0) {
      await rpc(chain, "hardhat_mine", "0x5", "0xa");
      await rpc(chain, "hardhat_setBalance", "0x00000000000000000000000000000000000b0b00", "0x7");
      await rpc(chain, "eth_sendTransaction", {
        from: hardhatWallets()[8]?.address,
        to: chain.vault,
        value: "0x5",
      });
    }
    await sleep(15 * round);
    const seen = await history(chain);
    await killHard(chain);

    chain = await start({ dataDir, blockTimeMs: 20 });
    expect(chain.fresh).toBe(false);
    expect(await history(chain, seen.length - 1)).toEqual(seen);
    const next = await rpc<string>(chain, "eth_getTransactionCount", hardhatWallets()[7]?.address, "latest");
    sent = Number(next);
  }
  expect(sent).toBeGreaterThan(0);
  expect(await rpc(chain, "eth_getBalance", "0x00000000000000000000000000000000000b0b00", "latest")).toBe(
    "0x7",
  );
  const latest = await rpc<RpcBlock>(chain, "eth_getBlockByNumber", "latest", false);
  // Blocks 20 ms apart still differ by a second each, so the chain may run a little ahead.
  expect(Math.abs(Number(latest.timestamp) - Date.now() / 1_000)).toBeLessThan(3_600);
});

test("a last line that the crash cut short is dropped", async () => {
  const dataDir = directory();
  const first = await start({ dataDir });
  for (const raw of await transfers(7, 0, 3)) await rpc(first, "eth_sendRawTransaction", raw);
  const seen = await history(first);
  await first.stop();
  appendFileSync(join(dataDir, "chain.jsonl"), '{"block":99,"time":17');
  const second = await start({ dataDir });
  expect(second).toMatchObject({ fresh: false, freshReason: null });
  expect(await history(second, seen.length - 1)).toEqual(seen);
  const [raw] = await transfers(7, 3, 1);
  await rpc(second, "eth_sendRawTransaction", raw);
  const grown = await history(second);
  await second.stop();
  expect(await history(await start({ dataDir }), grown.length - 1)).toEqual(grown);
});

test("a log that does not lead to the same chain is set aside, and it says so", async () => {
  const dataDir = directory();
  const path = join(dataDir, "chain.jsonl");
  const first = await start({ dataDir });
  for (const raw of await transfers(7, 0, 3)) await rpc(first, "eth_sendRawTransaction", raw);
  await first.stop();
  const lines = readFileSync(path, "utf8").split("\n");
  // One transaction fewer: every later block comes out otherwise.
  writeFileSync(path, [...lines.slice(0, 1), ...lines.slice(2)].join("\n"));
  const second = await start({ dataDir });
  expect(second.fresh).toBe(true);
  expect(second.freshReason).toContain("does not lead to the same chain");
  expect(await rpc(second, "eth_getTransactionCount", hardhatWallets()[7]?.address, "latest")).toBe("0x0");
  await second.stop();

  writeFileSync(path, '{"chain":"another"}\n');
  const third = await start({ dataDir });
  expect(third.freshReason).toContain("contracts changed");
  await third.stop();
  expect((await start({ dataDir })).fresh).toBe(false);
});

test("one directory holds one chain, and one port one server", async () => {
  const dataDir = directory();
  const chain = await start({ dataDir });
  await expect(startChain({ dataDir })).rejects.toThrow(/runs a chain in .* already/);
  const port = Number(new URL(chain.url).port);
  await expect(startChain({ port })).rejects.toThrow(new RegExp(`^port ${port} is taken$`));
});

test("a chain that is to continue refuses what it could not repeat", async () => {
  const chain = await start({ dataDir: directory() });
  await expect(rpc(chain, "hardhat_impersonateAccount", chain.vault)).rejects.toThrow("not available");
});

test("the chain ends when the process that started it is killed", async () => {
  const module = join(PROJECT_ROOT, "scripts/local/chain.ts");
  const script = `const { startChain } = await import(${JSON.stringify(module)});
    console.log((await startChain()).pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(output.toString());
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  const deadline = performance.now() + 60_000;
  while (isRunning(pid)) {
    if (performance.now() > deadline) throw new Error(`chain process ${pid} survived its parent`);
    await sleep(20);
  }
});

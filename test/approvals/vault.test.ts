import { Contract, JsonRpcProvider, NonceManager, Wallet } from "ethers";
import { afterAll, describe, expect, it } from "vitest";
import { startChain } from "../../scripts/local/chain.ts";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import { signedApproval } from "../../src/modules/approvals/index.ts";
import { findPayout, policyOf, savePolicy, typedDataDigest } from "../../src/modules/payouts/index.ts";
import { createEvmRpc } from "../../src/platform/evm-rpc.ts";
import { silentLog } from "../kit/log.ts";
import { type Caller, createWorld, FLR, walletOf } from "./world.ts";

/** Somebody with one wallet. */
const approverOf = (address: string) => ({ address, account: address });

const chain = await startChain({ blockTimeMs: 0 });
const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, cacheTimeout: -1 });
const rpc = createEvmRpc({ urls: [chain.url], chainId: chain.chainId, log: silentLog });
afterAll(async () => {
  rpc.close();
  provider.destroy();
  await chain.stop();
});

const signer = (index: number) => new NonceManager(new Wallet(walletOf(index).privateKey, provider));
const operator = signer(9);
const owner = signer(0);
const vault = new Contract(chain.vault, payoutVaultAbi, operator);
const call = async (contract: Contract, name: string, ...values: unknown[]) =>
  (await contract.getFunction(name)(...values)).wait();

/** Accepts what its owner signed: recovers the signer with the precompile and answers with ERC-1271's magic value. */
async function deployContractWallet(ownerAddress: string): Promise<string> {
  const runtime = [
    "600435600052", // memory 0: the hash
    "60a43560f81c602052", // 32: v
    "606435604052608435606052", // 64: r, 96: s
    "602060006080600060015afa50", // ecrecover to memory 0
    `60005173${ownerAddress.slice(2).toLowerCase()}14`, // is it the owner?
    "631626ba7e60e01b0260005260206000f3",
  ].join("");
  const length = (runtime.length / 2).toString(16).padStart(2, "0");
  const sent = await owner.sendTransaction({ data: `0x60${length}80600b6000396000f3${runtime}` });
  const address = (await sent.wait())?.contractAddress;
  if (address === null || address === undefined) throw new Error("the wallet was not deployed");
  return address;
}

const walletOwner = new Wallet(Wallet.createRandom().privateKey);
const contractApprover = await deployContractWallet(walletOwner.address);

const approverAddresses = [1, 2, 3, 4].map((index) => walletOf(index).address);
const world = await createWorld({
  provider: rpc.provider,
  env: {
    FLARE_VAULT_ADDRESS: chain.vault,
    // Account 6 approves by configuration, but the vault does not know it; the contract joins the vault below.
    APPROVER_ADDRESSES: [...approverAddresses, walletOf(6).address, contractApprover].join(","),
  },
});
const { approvers, db } = world;
const [first, second] = approvers;

type View = {
  digest: string;
  simulation: Record<string, unknown>;
  summary: { warnings: string[] };
};
const viewOf = async (id: string, by: Caller = first) =>
  (await by.get(`/admin/payouts/${id}/approval`)).body as unknown as View;

/** What settlement hands to the vault. */
async function payOnChain(payoutId: string): Promise<void> {
  const payout = await findPayout(db.pool, payoutId);
  if (payout?.number == null || payout.validUntil === null) throw new Error("nothing to pay");
  const { approvals: signatures } = await signedApproval(db.pool, payoutId);
  const args = [
    [payout.number, payout.assetRef, payout.to, payout.amount, BigInt(payout.validUntil.getTime() / 1_000)],
    signatures.map((entry) => entry.signer),
    signatures.map((entry) => entry.signature),
  ];
  // Asked first, because a refusal then says which error of the vault it is.
  await vault.getFunction("payApproved").staticCall(...args);
  await call(vault, "payApproved", ...args);
}

describe("on the real vault", () => {
  it("collected signatures pay exactly what was signed, once", async () => {
    const to = Wallet.createRandom().address;
    const id = await world.propose(10_000n * FLR, world.proposer, to);
    for (const approver of approvers.slice(0, 3)) await world.approve(approver, id);
    expect(await world.statusOf(id)).toBe("approved");
    await payOnChain(id);
    expect(await provider.getBalance(to)).toBe(10_000n * FLR);
    await expect(payOnChain(id)).rejects.toMatchObject({ revert: { name: "NumberAlreadyConsumed" } });
    expect(await viewOf(id)).toMatchObject({
      simulation: { vault: { numberConsumed: { value: true, note: null } } },
      summary: {
        warnings: expect.arrayContaining([expect.stringContaining("consumed this payout's number")]),
      },
    });
  });

  it("too few signatures do not pay, whatever the database says", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await expect(payOnChain(id)).rejects.toMatchObject({ revert: { name: "TooFewApprovals" } });
    await world.approve(second, id);
    await payOnChain(id);
  });

  it("the domain is the vault's own", async () => {
    const { domain } = (await first.get(`/admin/payouts/${await world.propose()}/approval`)).body
      .typedData as { domain: Record<string, string> };
    const [, name, version, chainId, address] = (await vault.getFunction("eip712Domain")()) as [
      string,
      string,
      string,
      bigint,
      string,
    ];
    expect(domain).toEqual({ name, version, chainId: chain.chainId, verifyingContract: address });
    expect(chainId).toBe(BigInt(chain.chainId));
  });

  it("the simulation shows what the chain says: balances, quorum, payee", async () => {
    const before = await provider.getBalance(chain.vault);
    const id = await world.propose(150n * FLR, world.proposer, chain.refusingPayee);
    const { simulation, summary } = await viewOf(id);
    expect(simulation).toMatchObject({
      vault: {
        address: chain.vault,
        balanceBefore: { value: before.toString(), note: null },
        balanceAfter: { value: (before - 150n * FLR).toString(), note: null },
        paused: { value: false, note: null },
        numberConsumed: { value: false, note: null },
      },
      requiredApprovals: { ours: 2, onChain: { value: 2, note: null }, agree: true },
      payeeIsContract: { value: true, note: null },
    });
    expect(summary.warnings).toContainEqual(expect.stringContaining("payee is a contract"));
  });

  it("a quorum of ours that is not the vault's is shown as such", async () => {
    const policy = await policyOf(db.pool, "FLR");
    if (policy === null) throw new Error("FLR has no policy");
    await savePolicy(db.pool, { ...policy, tiers: [{ above: 100n * FLR, approvals: 1 }] });
    const id = await world.propose();
    await savePolicy(db.pool, policy);
    const { simulation, summary } = await viewOf(id);
    expect(simulation).toMatchObject({ requiredApprovals: { ours: 1, onChain: { value: 2 }, agree: false } });
    expect(summary.warnings).toContain("we ask for 1 approvals, but the vault on chain asks for 2");
  });

  it("a vault that is paused, or poorer than the payout, is warned about", async () => {
    const balance = await provider.getBalance(chain.vault);
    await world.fundRewards(balance);
    const id = await world.propose(balance + 1n);
    await call(new Contract(chain.vault, payoutVaultAbi, owner), "pause");
    const { simulation, summary } = await viewOf(id);
    await call(new Contract(chain.vault, payoutVaultAbi, owner), "resume");
    expect(simulation).toMatchObject({ vault: { balanceAfter: { value: "-1" }, paused: { value: true } } });
    expect(summary.warnings).toContain("the vault on chain holds less than this payout");
    expect(summary.warnings).toContainEqual(expect.stringContaining("vault on chain is paused"));
    await first.post(`/admin/payouts/${id}/rejection`, { reason: "too much" });
  });

  it("an approver by configuration whom the vault does not list is refused", async () => {
    const six = await world.signIn(walletOf(6));
    const id = await world.propose();
    const signature = await world.sign(six, id);
    expect(await six.post(`/admin/payouts/${id}/approvals`, { signature })).toMatchObject({
      status: 403,
      body: { code: "not_an_approver", details: { where: "chain" } },
    });
    expect((await signedApproval(db.pool, id)).approvals).toEqual([]);
  });
});

describe("an approver that is a contract", () => {
  const contract = contractApprover as `0x${string}`;
  const signAs = async (wallet: Wallet, id: string) => {
    const { digest } = await viewOf(id);
    const payout = await findPayout(db.pool, id);
    if (payout === null) throw new Error("no payout");
    const typed = (await first.get(`/admin/payouts/${id}/approval`)).body.typedData as Parameters<
      typeof typedDataDigest
    >[0];
    expect(typedDataDigest(typed)).toBe(digest);
    return wallet.signingKey.sign(digest).serialized;
  };

  it("is refused while the vault does not list it", async () => {
    const id = await world.propose();
    await expect(
      world.approvals.approve(approverOf(contract), id, { signature: await signAs(walletOwner, id) }),
    ).rejects.toMatchObject({
      code: "not_an_approver",
      details: { where: "chain" },
    });
  });

  it("approves by ERC-1271 once it is listed, and the vault pays by it", async () => {
    const owned = new Contract(chain.vault, payoutVaultAbi, owner);
    await call(owned, "setApprovers", [...approverAddresses, contractApprover]);
    const delay = (await vault.getFunction("delay")()) as bigint;
    await provider.send("evm_increaseTime", [`0x${(delay + 1n).toString(16)}`]);
    await provider.send("evm_mine", []);
    await call(owned, "applyApprovers");

    const to = Wallet.createRandom().address;
    const id = await world.propose(150n * FLR, world.proposer, to);
    const stranger = new Wallet(Wallet.createRandom().privateKey);
    await expect(
      world.approvals.approve(approverOf(contract), id, { signature: await signAs(stranger, id) }),
    ).rejects.toMatchObject({
      code: "wrong_payload",
    });
    expect(
      await world.approvals.approve(approverOf(contract), id, { signature: await signAs(walletOwner, id) }),
    ).toMatchObject({
      given: 1,
    });
    expect((await world.approve(first, id)).body.status).toBe("approved");
    await payOnChain(id);
    expect(await provider.getBalance(to)).toBe(150n * FLR);
  });
});

describe("with the chain gone", () => {
  it("people's keys still approve, contracts wait, and what is unknown is shown as unknown", async () => {
    const [id, other] = [await world.propose(), await world.propose()];
    const byContract = walletOwner.signingKey.sign((await viewOf(other)).digest).serialized;
    await chain.stop();
    const { simulation } = await viewOf(id);
    const unknown = { value: null, note: expect.stringMatching(/chain/) };
    expect(simulation).toMatchObject({
      vault: { balanceBefore: unknown, balanceAfter: unknown, paused: unknown, numberConsumed: unknown },
      requiredApprovals: { ours: 2, onChain: unknown, agree: null },
      payeeIsContract: unknown,
    });
    expect((await world.approve(first, id)).body.given).toBe(1);
    expect((await world.approve(second, id)).body.status).toBe("approved");
    await expect(
      world.approvals.approve(approverOf(contractApprover), other, { signature: byContract }),
    ).rejects.toMatchObject({ code: "chain_unavailable" });
  });
});

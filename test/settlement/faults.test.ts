import { setTimeout as sleep } from "node:timers/promises";
import { Transaction, Wallet } from "ethers";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { type PayoutPolicy, policyOf, savePolicy } from "../../src/modules/payouts/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { RpcProxy } from "./rpc-proxy.ts";
import {
  createWorld,
  FLR,
  OPERATOR,
  randomAddress,
  startTestChain,
  vaultInterface,
  type World,
} from "./world.ts";

const NATIVE = "0x0000000000000000000000000000000000000000";

const chain = await startTestChain();
const databases = await Promise.all(
  Array.from({ length: 15 }, () => createTestDatabase({ maxConnections: 8 })),
);
const sharedDatabase = await createTestDatabase({ maxConnections: 8 });
const proxies = [new RpcProxy(chain.url), new RpcProxy(chain.url)] as const;
const [first, second] = proxies;
const urls = await Promise.all(proxies.map((proxy) => proxy.start()));
afterAll(async () => {
  for (const proxy of proxies) proxy.stop();
  await chain.stop();
});

let world: World;
let snapshot: unknown;

async function begin(options: { env?: Record<string, string>; settings?: object; oneUrl?: boolean } = {}) {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  const { oneUrl = true, ...rest } = options;
  world = await createWorld({ chain, db, urls: oneUrl ? urls.slice(0, 1) : urls, ...rest });
  await world.settle();
}

beforeEach(async () => {
  snapshot = await rpc("evm_snapshot");
});

afterEach(async () => {
  for (const proxy of proxies) {
    proxy.down = false;
    proxy.losesAnswersTo.clear();
    proxy.swallowsTransactions = false;
    proxy.rewrite = (_request, reply) => reply;
    proxy.sent.length = 0;
  }
  await world.close();
  await rpc("evm_setAutomine", [true]);
  await rpc("evm_revert", [snapshot]);
});

async function rpc(method: string, params: unknown[] = []): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = (await (await fetch(chain.url, { method: "POST", body })).json()) as { result: unknown };
  return answer.result;
}

async function attempts(): Promise<{ nonce: bigint; status: string; fee: bigint }[]> {
  const { rows } = await world.db.pool.query<{ nonce: bigint; status: string; raw: string }>(
    "SELECT nonce, status, raw_tx AS raw FROM settlement_attempts ORDER BY id",
  );
  return rows.map(({ nonce, status, raw }) => ({
    nonce,
    status,
    fee: Transaction.from(raw).maxFeePerGas ?? 0n,
  }));
}

/** What the operator's key signs elsewhere: not through the settlement. */
async function signAsOperator(call: { to: string; data?: string; nonce: number }): Promise<string> {
  const wallet = new Wallet(OPERATOR?.privateKey ?? "", world.node);
  const raw = await wallet.signTransaction({
    type: 2,
    chainId: 31_337,
    gasLimit: 1_000_000n,
    maxFeePerGas: 100n * 10n ** 9n,
    maxPriorityFeePerGas: 2n * 10n ** 9n,
    ...call,
  });
  await rpc("eth_sendRawTransaction", [raw]);
  return Transaction.from(raw).hash ?? "";
}

describe("a chain that does not do as it should", () => {
  it("lets payouts wait while no RPC URL answers, says so, and goes on when one is back", async () => {
    await begin();
    const made = await world.proposeMany(2, FLR);
    first.down = true;
    for (let i = 0; i < 5; i += 1) await world.settlement.tick();
    expect(await world.settlement.status()).toMatchObject({
      state: "unreachable",
      endpoints: [{ healthy: false }],
    });
    expect(await world.statuses(made)).toEqual(["approved", "approved"]);
    first.down = false;
    await expect
      .poll(() => world.settlement.tick().then(() => world.statuses(made)))
      .toEqual(["confirmed", "confirmed"]);
    await world.expectExactlyOnce(made);
  });

  it("pays once when the answer to a broadcast is lost", async () => {
    await begin();
    const made = await world.proposeMany(2, FLR);
    first.losesAnswersTo.add("eth_sendRawTransaction");
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
    first.losesAnswersTo.clear();
    await expect
      .poll(() => world.settlement.tick().then(() => world.statuses(made)))
      .toEqual(["confirmed", "confirmed"]);
    await world.expectExactlyOnce(made);
  });

  it("asks the second URL when the first is down, and sends to both", async () => {
    await begin({ oneUrl: false });
    const made = await world.proposeMany(1, FLR);
    first.down = true;
    await world.settle();
    await world.expectExactlyOnce(made);
    expect(second.sent).toHaveLength(1);
  });

  it("believes a receipt only when two URLs agree on it", async () => {
    await begin({ oneUrl: false });
    const made = await world.proposeMany(1, FLR);
    second.rewrite = ({ method }, reply) =>
      method === "eth_getTransactionReceipt" ? { result: null } : reply;
    for (let i = 0; i < 4; i += 1) await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted"]);
    expect((await world.settlement.status()).problems.join()).toContain("differently");
    second.rewrite = (_request, reply) => reply;
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("lands what fits when the word for another transaction of its block does not", async () => {
    await begin({ settings: { maxBatchSize: 1 } });
    await world.call("evm_setAutomine", [false]);
    const made = [...(await world.proposeMany(1, FLR)), ...(await world.proposeMany(1, 2n * FLR))];
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
    await world.mine();
    // One wei more than the second transaction told the vault to pay.
    first.rewrite = ({ method }, reply) =>
      method === "eth_getTransactionReceipt" || method === "eth_getLogs"
        ? JSON.parse(JSON.stringify(reply).replaceAll((2n * FLR).toString(16), (2n * FLR + 1n).toString(16)))
        : reply;
    await world.settle();
    expect(await world.statuses(made)).toEqual(["confirmed", "submitted"]);
    const { state, problems } = await world.settlement.status();
    expect(state).toBe("paused");
    expect(problems.join()).toContain("its entries add up to");
  });

  it("raises the fee under the same nonce while blocks pass it by, and pays once", async () => {
    await begin({ settings: { replaceAfterSeconds: 0 } });
    await world.call("evm_setAutomine", [false]);
    const made = await world.proposeMany(2, FLR);
    for (let i = 0; i < 4; i += 1) await world.settlement.tick();
    const offered = await attempts();
    expect(new Set(offered.map(({ nonce }) => nonce)).size).toBe(1);
    expect(offered.length).toBeGreaterThanOrEqual(3);
    for (const [index, { fee }] of offered.entries()) {
      const before = offered[index - 1]?.fee;
      if (before !== undefined) expect(fee * 100n).toBeGreaterThanOrEqual(before * 110n);
    }
    await world.mine();
    await world.settle();
    await world.expectExactlyOnce(made);
    expect((await attempts()).map(({ status }) => status)).toEqual([
      ...offered.slice(1).map(() => "dead"),
      "final",
    ]);
  });

  it("does not raise the fee beyond the cap, and goes on offering what it has", async () => {
    await begin({
      settings: { replaceAfterSeconds: 0 },
      env: { FLARE_MAX_FEE_PER_GAS_WEI: (3n * 10n ** 9n).toString() },
    });
    await world.call("evm_setAutomine", [false]);
    const made = await world.proposeMany(1, FLR);
    for (let i = 0; i < 8; i += 1) await world.settlement.tick();
    for (const { fee } of await attempts()) expect(fee).toBeLessThanOrEqual(3n * 10n ** 9n);
    await world.mine();
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("sends again what every node forgot", async () => {
    await begin({ settings: { replaceAfterSeconds: 0 } });
    const made = await world.proposeMany(1, FLR);
    first.swallowsTransactions = true;
    await world.settlement.tick();
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted"]);
    first.swallowsTransactions = false;
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("goes on watching when a reorganisation takes the block out, and pays once", async () => {
    await begin({ env: { FLARE_CONFIRMATIONS: "3" } });
    await world.mine(3);
    await world.settle();
    const made = await world.proposeMany(2, FLR);
    const fork = await world.call("evm_snapshot");
    await world.settlement.tick();
    await world.settlement.tick();
    expect((await attempts()).map(({ status }) => status)).toEqual(["included"]);
    expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
    await world.call("evm_revert", [fork]);
    await world.mine();
    await world.settle();
    expect((await attempts()).map(({ status }) => status)).toEqual(["included"]);
    await world.mine(3);
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("proves payouts unpaid before it pays them under another nonce, when somebody else used the operator's", async () => {
    await begin();
    await world.call("evm_setAutomine", [false]);
    first.swallowsTransactions = true;
    const made = await world.proposeMany(2, FLR);
    await world.settlement.tick();
    const [{ nonce } = { nonce: 0n }] = await attempts();
    await signAsOperator({ to: randomAddress(), nonce: Number.parseInt(nonce.toString(), 10) });
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
    first.swallowsTransactions = false;
    await world.mine();
    await world.call("evm_setAutomine", [true]);
    await world.settle();
    await world.expectExactlyOnce(made);
    const { rows } = await world.db.pool.query("SELECT status FROM settlement_nonces ORDER BY nonce");
    expect(rows.map(({ status }) => status)).toEqual(["lost", "landed"]);
    const audit = await world.db.pool.query("SELECT 1 FROM audit_log WHERE action = 'foreign_nonce_use'");
    expect(audit.rowCount).toBeGreaterThan(0);
  });

  it("takes the chain's word when somebody with the operator's key paid the same numbers", async () => {
    await begin();
    const made = await world.proposeMany(2, FLR);
    const entries = made.map(({ to, amount }) => (BigInt(to) << 96n) | amount);
    const data = vaultInterface.encodeFunctionData("payBatch", [NATIVE, made[0]?.number, entries]);
    const hash = await signAsOperator({ to: chain.vault, data, nonce: 0 });
    await world.settle();
    await world.expectExactlyOnce(made);
    expect((await world.payout(made[0]?.id ?? "")).txHash).toBe(hash);
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null });
  });

  it("stops the rail when somebody with the operator's key paid somebody else", async () => {
    await begin();
    const made = await world.proposeMany(2, FLR);
    const theft = (BigInt(randomAddress()) << 96n) | (99n * FLR);
    const data = vaultInterface.encodeFunctionData("payBatch", [NATIVE, made[0]?.number, [theft]]);
    const hash = await signAsOperator({ to: chain.vault, data, nonce: 0 });
    await world.settle();
    const status = await world.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.problems.join()).toContain(hash);
    expect(await world.statuses(made)).toEqual(["approved", "approved"]);
  });

  it("fills a gap in its nonces with a transaction of nothing", async () => {
    await begin({ settings: { replaceAfterSeconds: 0, maxOpenNonces: 2 } });
    await world.call("evm_setAutomine", [false]);
    const [parked] = [await signAsOperator({ to: randomAddress(), nonce: 0 })];
    const made = await world.proposeMany(1, FLR);
    // Taken behind a transaction in the node's pool that is not ours, which the node then forgets.
    await world.settlement.tick();
    expect((await attempts()).map(({ nonce }) => nonce)).toEqual([1n]);
    await world.call("hardhat_dropTransaction", [parked]);
    await world.settlement.tick();
    await world.mine();
    await world.call("evm_setAutomine", [true]);
    await world.settle();
    await world.expectExactlyOnce(made);
    const { rows } = await world.db.pool.query(
      "SELECT nonce, batch_id IS NULL AS filler, status FROM settlement_nonces ORDER BY nonce",
    );
    expect(rows).toEqual([
      { nonce: 0n, filler: true, status: "landed" },
      { nonce: 1n, filler: false, status: "landed" },
    ]);
  });
});

describe("a configuration that does not fit the chain", () => {
  const others = [1, 2, 5].map((index) => hardhatWallets()[index]?.address).join(",");
  const table: { what: string; env?: Record<string, string>; tiers?: PayoutPolicy["tiers"]; says: string }[] =
    [
      { what: "no vault at its address", env: { FLARE_VAULT_ADDRESS: randomAddress() }, says: "no contract" },
      {
        what: "a contract that is no vault",
        env: { FLARE_VAULT_ADDRESS: chain.token },
        says: "does not answer",
      },
      {
        what: "another operator",
        env: { FLARE_OPERATOR_KEY: hardhatWallets()[8]?.privateKey ?? "" },
        says: "operator",
      },
      { what: "other approvers", env: { APPROVER_ADDRESSES: others }, says: "does not know the configured" },
      { what: "other tiers", tiers: [{ above: 50n * FLR, approvals: 2 }], says: "the vault's tiers" },
    ];
  for (const { what, env = {}, tiers, says } of table) {
    it(`keeps the rail from starting and says why: ${what}`, async () => {
      world = await createWorld({ chain, db: sharedDatabase, urls: urls.slice(0, 1), env });
      const policy = await policyOf(sharedDatabase.pool, "FLR");
      if (policy === null) throw new Error("no policy");
      if (tiers !== undefined) await savePolicy(sharedDatabase.pool, { ...policy, tiers });
      await world.settlement.tick();
      const status = await world.settlement.status();
      expect(status.state).toBe("blocked");
      expect(status.problems.join()).toContain(says);
      expect(status.scannedBlock).toBeNull();
      await savePolicy(sharedDatabase.pool, policy);
    });
  }

  it("starts once it fits, and says what payouts wait for", async () => {
    world = await createWorld({ chain, db: sharedDatabase, urls: urls.slice(0, 1) });
    await world.settle();
    const operator = hardhatWallets()[9]?.address;
    await world.call("hardhat_setBalance", [operator, "0x1"]);
    const made = await world.proposeMany(1, FLR);
    await world.settle();
    expect((await world.settlement.status()).problems.join()).toContain("cannot pay the fee");
    await world.call("hardhat_setBalance", [operator, `0x${FLR.toString(16)}`]);
    await world.settle();
    await world.expectExactlyOnce(made);
    expect((await world.settlement.status()).problems).toEqual([]);
  });
});

describe("several workers", () => {
  it("never both write: one settles, the others wait until it stops", async () => {
    await begin();
    const rivals = [world.newSettlement(), world.newSettlement()];
    const made = await world.proposeMany(6, FLR);
    for (const settlement of [world.settlement, ...rivals]) settlement.start();
    await expect.poll(() => world.statuses(made)).toEqual(made.map(() => "confirmed"));
    const states = await Promise.all(rivals.map(async (rival) => (await rival.status()).state));
    expect(states).toEqual(["standby", "standby"]);
    await world.settlement.stop();
    const more = await world.proposeMany(3, FLR);
    await expect.poll(() => world.statuses(more)).toEqual(more.map(() => "confirmed"));
    await Promise.all(rivals.map((rival) => rival.stop()));
    await world.expectExactlyOnce([...made, ...more]);
  });

  it("stop a worker that lost its lease while it was away, between any two steps", async () => {
    await begin({ settings: { leaseSeconds: 0.05 } });
    const made = await world.proposeMany(3, FLR);
    const rival = world.newSettlement({ settings: { leaseSeconds: 60 } });
    world.interleave.at = async (step) => {
      if (step !== "attempt_signed") return;
      // Long enough for the lease to run out and for somebody else to do all the work.
      world.interleave.at = async () => undefined;
      await sleep(100);
      await world.settle(rival);
    };
    await world.settlement.tick();
    expect((await world.settlement.status()).state).toBe("standby");
    await world.settle(rival);
    await rival.stop();
    await world.expectExactlyOnce(made);
    expect(await attempts()).toHaveLength(1);
  });
});

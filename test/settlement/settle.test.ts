import { Interface, Wallet } from "ethers";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusingPayeeAbi } from "../../src/generated/contracts.ts";
import { unixSeconds } from "../../src/modules/payouts/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import {
  createWorld,
  FLR,
  GUARDIAN,
  OWNER,
  randomAddress,
  startTestChain,
  vaultInterface,
  type World,
} from "./world.ts";

const NATIVE = "0x0000000000000000000000000000000000000000";
const TIERS = [
  { above: 100n * FLR, approvals: 2 },
  { above: 10_000n * FLR, approvals: 3 },
];

const chain = await startTestChain();
const databases = await Promise.all(
  Array.from({ length: 16 }, () => createTestDatabase({ maxConnections: 6 })),
);
afterAll(() => chain.stop());

let world: World;
let snapshot: unknown;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createWorld({ chain, db });
  snapshot = await world.call("evm_snapshot");
  await world.settle();
});

afterEach(async () => {
  await world.call("evm_setAutomine", [true]);
  await world.call("evm_revert", [snapshot]);
  await world.close();
});

describe("settlement", () => {
  it("posts what the vault was funded with, and what arrives later, once", async () => {
    await world.sendCoins(OWNER, chain.vault, 7n * FLR);
    await world.settle();
    expect(await world.ledgerOf("house:rewards")).toBe(1_000_007n * FLR);
    await world.expectLedgerEqualsChain();
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
  });

  it("pays a run of payouts in one transaction", async () => {
    const made = await world.proposeMany(12, 3n * FLR);
    await world.settle();
    await world.expectExactlyOnce(made);
    expect(new Set(await Promise.all(made.map(async ({ id }) => (await world.payout(id)).txHash))).size).toBe(
      1,
    );
    expect((await world.settlement.status()).batches).toEqual([]);
  });

  it("credits a payee that refuses, and confirms when it withdraws", async () => {
    const refused = await world.propose(2n * FLR, chain.refusingPayee);
    const again = await world.propose(3n * FLR, chain.refusingPayee);
    const paid = await world.propose(1n * FLR);
    await world.settle();
    expect(await world.statuses([refused, again, paid])).toEqual(["credited", "credited", "confirmed"]);
    await world.expectLedgerEqualsChain();

    const friend = randomAddress();
    const withdraw = vaultInterface.encodeFunctionData("withdrawCredit", [NATIVE, friend]);
    const data = new Interface(refusingPayeeAbi).encodeFunctionData("call", [chain.vault, withdraw]);
    await new Wallet(OWNER?.privateKey ?? "", world.node).sendTransaction({
      to: chain.refusingPayee,
      data,
      gasLimit: 500_000n,
    });
    await world.settle();
    expect(await world.statuses([refused, again])).toEqual(["confirmed", "confirmed"]);
    expect(await world.node.getBalance(friend)).toBe(5n * FLR);
    await world.expectLedgerEqualsChain();
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null });
  });

  it("closes the number of a payout that was cancelled, with a zero word", async () => {
    const made = await world.proposeMany(3, FLR);
    const cancelled = made[1];
    await world.cancel(cancelled);
    await world.settle();
    expect(await world.statuses(made)).toEqual(["confirmed", "cancelled", "confirmed"]);
    expect(await world.vaultCall("isConsumed", [cancelled?.number])).toBe(true);
    expect(await world.node.getBalance(cancelled?.to ?? "")).toBe(0n);
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null, batches: [] });
    await world.expectLedgerEqualsChain();
  });

  it("pays a large payout only with two of four real signatures", async () => {
    const large = await world.propose(250n * FLR);
    await world.approve(large, [1]);
    await world.settle();
    expect(await world.statuses([large])).toEqual(["pending_approval"]);
    await world.approve(large, [3]);
    await world.settle();
    await world.expectExactlyOnce([large]);
  });

  it("credits a signed payout whose payee refuses", async () => {
    const large = await world.propose(150n * FLR, chain.refusingPayee);
    await world.approve(large, [1, 2]);
    await world.settle();
    expect(await world.statuses([large])).toEqual(["credited"]);
    await world.expectLedgerEqualsChain();
  });

  it("lets a signed payout that cannot be sent expire once the chain proves it unpaid", async () => {
    const large = await world.propose(150n * FLR);
    await world.approve(large, [1, 2]);
    // Taken into a batch, and then the vault is paused before it is sent.
    world.interleave.at = async (step) => {
      if (step === "batch_stored") await world.vaultSend(GUARDIAN, "pause", []);
    };
    await world.settle();
    expect(await world.statuses([large])).toEqual(["batched"]);
    expect((await world.settlement.status()).batches[0]?.note).toContain("VaultPaused");
    const { validUntil } = await world.payout(large.id);
    // By the block's own time, exactly: the last second in which the vault would take it, and the one after.
    const lastSecond = unixSeconds(validUntil ?? new Date(0));
    await world.call("evm_setNextBlockTimestamp", [`0x${lastSecond.toString(16)}`]);
    await world.mine();
    await world.settle();
    expect(await world.statuses([large])).toEqual(["batched"]);
    await world.call("evm_setNextBlockTimestamp", [`0x${(lastSecond + 1n).toString(16)}`]);
    await world.mine();
    await world.settle();
    expect(await world.statuses([large])).toEqual(["expired"]);
    expect(await world.ledgerOf("house:rewards")).toBe(1_000_000n * FLR);
    await world.expectLedgerEqualsChain();
  });

  it("waits for the bucket and goes on as it refills", async () => {
    await world.vaultSend(OWNER, "setLimits", [
      NATIVE,
      { bucketCapacity: 10n * FLR, bucketRefill: FLR, tiers: TIERS },
    ]);
    const made = await world.proposeMany(4, 4n * FLR);
    await world.settle();
    expect(await world.statuses(made)).toEqual(["confirmed", "confirmed", "approved", "approved"]);
    await world.call("evm_increaseTime", ["0x20"]);
    await world.mine();
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("splits a batch that became more than the bucket ever holds", async () => {
    const made = await world.proposeMany(4, 4n * FLR);
    world.interleave.at = async (step) => {
      if (step !== "batch_stored") return;
      world.interleave.at = async () => undefined;
      await world.vaultSend(OWNER, "setLimits", [
        NATIVE,
        { bucketCapacity: 9n * FLR, bucketRefill: FLR, tiers: TIERS },
      ]);
    };
    await world.settle();
    await world.call("evm_increaseTime", ["0x20"]);
    await world.mine();
    await world.settle();
    await world.expectExactlyOnce(made);
  });

  it("pays again what a pause of the vault reverted, under the same numbers", async () => {
    await world.call("evm_setAutomine", [false]);
    const made = await world.proposeMany(3, FLR);
    // The guardian's transaction is in the pool, so the simulation passes and the batch comes second.
    await world.vaultSend(GUARDIAN, "pause", []);
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted", "submitted"]);
    const numbers = await Promise.all(made.map(async ({ id }) => (await world.payout(id)).number));
    await world.mine();
    await world.settle();
    expect(await world.statuses(made)).toEqual(["approved", "approved", "approved"]);
    expect(await world.settlement.status()).toMatchObject({
      state: "blocked",
      problems: [expect.stringContaining("paused")],
    });

    await world.call("evm_setAutomine", [true]);
    await world.vaultSend(OWNER, "resume", []);
    await world.settle();
    await world.expectExactlyOnce(made);
    expect(await Promise.all(made.map(async ({ id }) => (await world.payout(id)).number))).toEqual(numbers);
    const { rows } = await world.db.pool.query("SELECT status FROM settlement_nonces ORDER BY nonce");
    expect(rows.map(({ status }) => status)).toEqual(["reverted", "landed"]);
  });

  it("fails a payout whose number the guardian closed while it was on its way, and pays the others", async () => {
    await world.call("evm_setAutomine", [false]);
    const made = await world.proposeMany(4, FLR);
    await world.vaultSend(GUARDIAN, "closeNumbers", [[made[1]?.number]]);
    await world.settlement.tick();
    await world.mine();
    await world.call("evm_setAutomine", [true]);
    await world.settle();
    expect(await world.statuses(made)).toEqual(["confirmed", "failed", "confirmed", "confirmed"]);
    await world.expectExactlyOnce(made.filter((_payout, index) => index !== 1));
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null, batches: [] });
  });

  it("confirms a claim that a player brought, and fails one that nobody brought in time", async () => {
    const brought = await world.claim(FLR);
    const forgotten = await world.claim(2n * FLR);
    const { typedData, signature } = await brought.voucher();
    await forgotten.voucher();
    await world.vaultSend(OWNER, "claim", [typedData.message, signature]);
    await world.settle();
    expect((await world.payout(brought.id)).status).toBe("confirmed");
    expect((await world.payout(forgotten.id)).status).toBe("submitted");
    await world.call("evm_increaseTime", [`0x${(2 * 86_400).toString(16)}`]);
    await world.mine();
    await world.settle();
    expect((await world.payout(forgotten.id)).status).toBe("failed");
    await world.expectLedgerEqualsChain();
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null });
  });

  it("follows a sweep, and stops the rail when it took what payouts are held for", async () => {
    await world.vaultSend(OWNER, "sweep", [NATIVE, randomAddress(), 999_990n * FLR]);
    await world.settle();
    expect(await world.ledgerOf("house:rewards")).toBe(10n * FLR);
    const held = await world.propose(8n * FLR);
    world.interleave.at = async (step) => {
      if (step !== "batch_stored") return;
      world.interleave.at = async () => undefined;
      await world.vaultSend(OWNER, "sweep", [NATIVE, randomAddress(), 5n * FLR]);
    };
    await world.settle();
    expect(await world.statuses([held])).toEqual(["batched"]);
    expect((await world.settlement.status()).problems.join()).toContain("swept");
    await world.sendCoins(OWNER, chain.vault, 100n * FLR);
    await world.settle();
    await world.resume();
    await world.settle();
    await world.expectExactlyOnce([held]);
  });

  it("takes no offence at coins that it cannot explain", async () => {
    // Nothing is emitted when a balance is set, as when a contract destroys itself in favour of the vault.
    await world.call("hardhat_setBalance", [chain.vault, `0x${(2_000_000n * FLR).toString(16)}`]);
    await world.settle();
    expect(await world.settlement.status()).toMatchObject({ state: "running", drift: null });
    const treasury = await world.settlement.treasury();
    expect(treasury.assets[0]?.chain?.vault).toBe((2_000_000n * FLR).toString());
  });

  it("stops the rail when coins are missing, and says how many", async () => {
    await world.call("hardhat_setBalance", [chain.vault, `0x${(999_999n * FLR).toString(16)}`]);
    await world.settle();
    const status = await world.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.drift).toMatchObject({ drifts: [{ kind: "vault_deficit", asset: "FLR" }] });
    expect(status.problems.join()).toContain(`${FLR} of FLR less`);
  });
});

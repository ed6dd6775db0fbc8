import { afterAll, describe, expect, it } from "vitest";
import type { Payout } from "../../src/modules/payouts/index.ts";
import type { StepName } from "../../src/modules/settlement/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import type { ChildOrders } from "./crash-child.ts";
import { dyingWorkers, ordinarySteps, takeOver } from "./dying-workers.ts";
import { createWorld, FLR, GUARDIAN, OWNER, startTestChain } from "./world.ts";

const [chain, db] = await Promise.all([startTestChain(), createTestDatabase({ maxConnections: 6 })]);
const world = await createWorld({ chain, db });
afterAll(async () => {
  await world.close();
  await chain.stop();
});

const runWorker = dyingWorkers<ChildOrders>("crash-child.ts");

/** Runs a worker in a process of its own, which must die at that step. */
async function dieAt(
  step: StepName,
  more: { env?: Record<string, string>; replaceAfterSeconds?: number } = {},
) {
  await runWorker({
    env: {
      NODE_ENV: "test",
      DATABASE_URL: db.url,
      AUTH_SECRET: world.config.auth.secret,
      IP_HASH_KEY: world.config.auth.ipHashKey,
      ADMIN_ADDRESSES: world.config.auth.admins.join(","),
      APPROVER_ADDRESSES: world.config.auth.approvers.join(","),
      FLARE_RPC_URLS: chain.url,
      FLARE_VAULT_ADDRESS: chain.vault,
      FLARE_OPERATOR_KEY: world.config.flare.operatorKey ?? "",
      ...more.env,
    },
    dieAt: step,
    replaceAfterSeconds: more.replaceAfterSeconds ?? 60,
  });
}

/** Restarts in this process and lets it come to rest; it first waits until the dead one's lease is over. */
async function recover(env: Record<string, string> = {}): Promise<void> {
  const config = {
    ...world.config,
    flare: { ...world.config.flare, confirmations: Number.parseInt(env.FLARE_CONFIRMATIONS ?? "1", 10) },
  };
  const settlement = world.newSettlement({ config });
  await takeOver(settlement);
  await world.settle(settlement);
  await settlement.stop();
}

const all: Payout[] = [];
async function propose(count = 1): Promise<Payout[]> {
  const made = await world.proposeMany(count, FLR);
  all.push(...made);
  return made;
}

describe("a worker that is killed", () => {
  it("pays every payout exactly once, whatever step it was at", async () => {
    await recover();
    // Each run dies at one step, and the next carries on from there.
    for (const step of ordinarySteps) {
      await propose(2);
      const large = await world.propose(120n * FLR);
      await world.approve(large, [1, 2]);
      all.push(large);
      // Something that only scanning finds, so that there is an event to apply.
      await world.sendCoins(OWNER, chain.vault, FLR);
      await dieAt(step);
    }
    await recover();
    await world.expectExactlyOnce(all);
  });

  it("pays once when it dies around a replacement", async () => {
    await world.call("evm_setAutomine", [false]);
    await propose(2);
    await dieAt("replacement_stored", { replaceAfterSeconds: 0 });
    await dieAt("replacement_sent", { replaceAfterSeconds: 0 });
    await world.mine();
    await world.call("evm_setAutomine", [true]);
    await recover();
    await world.expectExactlyOnce(all);
  });

  it("pays once when it dies between inclusion and finality", async () => {
    const env = { FLARE_CONFIRMATIONS: "3" };
    await world.mine(3);
    await propose(2);
    await dieAt("inclusion_seen", { env });
    await dieAt("inclusion_noted", { env });
    await world.mine(3);
    await recover(env);
    await world.mine(3);
    await recover(env);
    await world.expectExactlyOnce(all);
  });

  it("pays once when it dies while it proves a reverted batch unpaid", async () => {
    await world.call("evm_setAutomine", [false]);
    await world.vaultSend(GUARDIAN, "pause", []);
    const made = await propose(3);
    await recover();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted", "submitted"]);
    await world.mine();
    await world.call("evm_setAutomine", [true]);
    await world.vaultSend(OWNER, "resume", []);
    await dieAt("loss_committed");
    await dieAt("batch_proven_unpaid");
    expect(await world.statuses(made)).toEqual(["submitted", "submitted", "submitted"]);
    await dieAt("batch_dissolved");
    expect(await world.statuses(made)).toEqual(["approved", "approved", "approved"]);
    await recover();
    await world.expectExactlyOnce(all);
    const { drift } = await world.settlement.status();
    expect(drift).toBeNull();
  });
});

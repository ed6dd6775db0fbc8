import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { backups } from "./backup.ts";
import { createWorld, FLR, startTestChain, type World } from "./world.ts";

const chain = await startTestChain();
const databases = await Promise.all(
  Array.from({ length: 4 }, () => createTestDatabase({ maxConnections: 6 })),
);
const backUp = backups();
afterAll(() => chain.stop());

let lived: World;
let snapshot: unknown;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  lived = await createWorld({ chain, db });
  snapshot = await lived.call("evm_snapshot");
  await lived.settle();
});

afterEach(async () => {
  await lived.call("evm_revert", [snapshot]);
  await lived.close();
});

async function restore(backup: Database): Promise<World> {
  await lived.settlement.stop();
  return createWorld({ chain, db: backup });
}

describe("a database that is older than the chain", () => {
  it("learns from the chain what was paid, where it knows the payouts", async () => {
    const made = await lived.proposeMany(3, FLR);
    const large = await lived.propose(500n * FLR, chain.refusingPayee);
    await lived.approve(large, [1, 2]);
    const backup = await backUp(lived.db);
    await lived.settle();

    const restored = await restore(backup);
    expect(await restored.statuses([...made, large])).toEqual([
      "approved",
      "approved",
      "approved",
      "approved",
    ]);
    await restored.settle();
    await restored.expectExactlyOnce(made);
    expect(await restored.statuses([large])).toEqual(["credited"]);
    expect(await restored.settlement.status()).toMatchObject({ state: "running", drift: null, batches: [] });
    // And goes on, behind the nonces that it did not know of.
    const next = await restored.proposeMany(2, FLR);
    await restored.settle();
    await restored.expectExactlyOnce([...made, ...next]);
    await restored.close();
  });

  it("does not pay what was on its way when the backup was made", async () => {
    const made = await lived.proposeMany(3, FLR);
    let backup: Database | undefined;
    for (const step of ["batch_stored", "attempt_stored", "attempt_sent"] as const) {
      lived.interleave.at = async (reached) => {
        if (reached !== step) return;
        lived.interleave.at = async () => undefined;
        backup = await backUp(lived.db);
      };
      const more = await lived.proposeMany(2, FLR);
      made.push(...more);
      await lived.settle();
      if (backup === undefined) throw new Error(`${step} was not reached`);
      const restored = await restore(backup);
      await restored.settle();
      await restored.expectExactlyOnce(made);
      expect(await restored.settlement.status()).toMatchObject({
        state: "running",
        drift: null,
        batches: [],
      });
      await restored.close();
      lived.settlement = lived.newSettlement();
    }
  });

  it("stops the rail when the chain knows numbers that it does not, and names them", async () => {
    const backup = await backUp(lived.db);
    const forgotten = await lived.proposeMany(2, FLR);
    await lived.settle();
    const restored = await restore(backup);
    const unlucky = await restored.propose(5n * FLR);
    await restored.settle();
    const status = await restored.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.problems.join()).toContain(`number ${forgotten[0]?.number}`);
    expect(await restored.statuses([unlucky])).toEqual(["approved"]);
    expect(await restored.node.getBalance(unlucky.to)).toBe(0n);
    await expect(restored.propose(FLR)).rejects.toMatchObject({ code: "rail_paused" });
    await restored.close();
  });

  it("does not start on a chain that is not the one it read before", async () => {
    await lived.mine(2);
    await lived.settle();
    await lived.settlement.stop();
    await lived.call("evm_revert", [snapshot]);
    snapshot = await lived.call("evm_snapshot");
    await lived.call("evm_increaseTime", ["0x64"]);
    await lived.mine(6);
    const later = lived.newSettlement();
    await later.tick();
    expect(await later.status()).toMatchObject({
      state: "blocked",
      problems: [expect.stringContaining("replaced")],
    });
    await later.stop();
  });
});

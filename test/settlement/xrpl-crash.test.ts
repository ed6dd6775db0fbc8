import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import type { Payout } from "../../src/modules/payouts/index.ts";
import type { RailSettlement, StepName } from "../../src/modules/settlement/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { dyingWorkers, ordinarySteps, takeOver } from "./dying-workers.ts";
import type { XrplChildOrders } from "./xrpl-crash-child.ts";
import { createXrplWorld, XRP, type XrplWorld } from "./xrpl-world.ts";

const db = await createTestDatabase({ maxConnections: 6 });
let world: XrplWorld;
beforeAll(async () => {
  world = await createXrplWorld({ db });
  await world.begin();
  await world.settlement.stop();
});
afterAll(() => world.close());

const runWorker = dyingWorkers<XrplChildOrders>("xrpl-crash-child.ts");

/** Runs a worker in a process of its own, which must die at that step; a ledger closes after each of its passes. */
async function dieAt(step: StepName): Promise<void> {
  await runWorker({ env: { ...world.env, DATABASE_URL: db.url }, dieAt: step }, (child) => {
    void world.ledger.accept().then(() => child.send("closed", () => undefined));
  });
}

/** A worker in this process that begins once the dead one's lease is over. */
async function restart(): Promise<RailSettlement> {
  const settlement = world.newSettlement();
  await takeOver(settlement);
  return settlement;
}

/** Goes on in this process until nothing is left to do. */
async function recover(): Promise<void> {
  const settlement = await restart();
  await world.live(20, settlement);
  expect(await settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
  await settlement.stop();
}

const all: Payout[] = [];

async function propose(amount: bigint): Promise<Payout> {
  const payout = await world.propose(amount, Wallet.generate().address);
  all.push(payout);
  return payout;
}

describe("a worker of the XRP Ledger that is killed", () => {
  it("pays every payout exactly once, whatever step it was at", async () => {
    const large: Payout[] = [];
    for (const _step of ordinarySteps) large.push(await propose(150n * XRP));
    // Dies with the first of them on offer; the next one offers the others.
    await dieAt("payload_stored");
    await recover();
    for (const [index, step] of ordinarySteps.entries()) {
      await propose(2n * XRP);
      for (const payout of large.slice(index, index + 1)) await world.approve(payout, [0, 1]);
      await dieAt(step);
    }
    await recover();
    await world.expectAllPaidOnce(all);
  });

  it("pays once when it dies while it signs anew what had expired", async () => {
    for (const step of ["replacement_stored", "replacement_sent"] as const) {
      await propose(2n * XRP);
      world.ledger.faults.dropSubmissions(1);
      await dieAt("attempt_sent_noted");
      // More than what was dropped could still have been included in.
      await world.ledger.accept(25);
      await dieAt(step);
    }
    await recover();
    await world.expectAllPaidOnce(all);
    const { rows } = await db.pool.query("SELECT 1 FROM settlement_attempts WHERE status = 'dead'");
    expect(rows.length).toBeGreaterThanOrEqual(2);
  });

  it("gives the money back once when it dies while it proves unpaid what the payee refused", async () => {
    const refused: Payout[] = [];
    for (const step of ["loss_committed", "batch_proven_unpaid", "batch_dissolved"] as const) {
      const payee = await world.fundedAccount();
      const settlement = await restart();
      await world.live(10, settlement);
      const payout = await world.propose(2n * XRP, payee.address);
      refused.push(payout);
      // Comes a ledger later than what the payee does now.
      world.ledger.faults.delaySubmissions(1, 1);
      await world.settle(settlement);
      await settlement.stop();
      expect(await world.statuses([payout])).toEqual(["submitted"]);
      await world.submitAs(payee.seed ?? "", { TransactionType: "AccountSet", SetFlag: 1 });
      await dieAt(step);
    }
    await recover();
    expect(await world.statuses(refused)).toEqual(["failed", "failed", "failed"]);
    all.push(...refused);
    await world.expectEachPaidAtMostOnce(all);
  });
});

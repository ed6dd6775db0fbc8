import { afterEach, describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import { createTestDatabase } from "../kit/database.ts";
import { createXrplWorld, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 17 }, () => createTestDatabase({ maxConnections: 6 })),
);

let world: XrplWorld;

async function begin(
  options: { env?: Record<string, string>; timeoutMs?: number; tickets?: number } = {},
): Promise<void> {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createXrplWorld({ db, tickets: 8, ...options });
  await world.begin();
}

afterEach(() => world.close());

const small = () => world.propose(2n * XRP, Wallet.generate().address);
const large = () => world.propose(500n * XRP, Wallet.generate().address);

/** A worker for which that much time has passed. */
function later(seconds: number) {
  return world.newSettlement({ clock: { now: () => new Date(Date.now() + seconds * 1_000) } });
}

const problems = async () => (await world.settlement.status()).problems.join();

describe("submissions to the XRP Ledger that go wrong", () => {
  it("are offered again when a server forgot them, those that approvers signed included", async () => {
    await begin();
    const made = [await small(), await large()];
    await world.settle();
    await world.live(1);
    await world.approve(made[1] ?? (await large()), [0, 1]);
    world.ledger.faults.dropSubmissions(1);
    await world.settle();
    await world.live(2);
    expect(await world.statuses(made)).toEqual(["confirmed", "submitted"]);
    await world.settlement.stop();
    const settlement = later(6);
    await settlement.tick();
    await world.ledger.accept();
    await settlement.tick();
    await settlement.stop();
    await world.expectAllPaidOnce(made);
    expect(await world.attempts()).toHaveLength(2);
  });

  // The window is 8 ledgers, and what comes at once is in the ledger after the one that it was signed at.
  for (const { ledgers, expires } of [
    { ledgers: 3, expires: false },
    { ledgers: 7, expires: false },
    { ledgers: 8, expires: true },
    { ledgers: 12, expires: true },
  ]) {
    it(`pay once when they arrive ${ledgers} ledgers late`, async () => {
      await begin();
      world.ledger.faults.delaySubmissions(1, ledgers);
      const made = await small();
      await world.settle();
      await world.live(14);
      await world.expectAllPaidOnce([made]);
      expect((await world.attempts()).map(({ status }) => status)).toEqual(
        expires ? ["dead", "final"] : ["final"],
      );
    });
  }

  it("pay once when the connection closes with or without their having arrived", async () => {
    await begin();
    world.ledger.faults.closeAfterAccepting(1);
    const arrived = await small();
    await world.settle();
    await world.live(1);
    await expect
      .poll(() => world.settlement.tick().then(() => world.statuses([arrived])))
      .toEqual(["confirmed"]);
    world.ledger.faults.closeBeforeAccepting(1);
    const lost = await small();
    await world.settle();
    await expect.poll(() => world.live(1).then(() => world.statuses([lost]))).toEqual(["confirmed"]);
    await world.expectAllPaidOnce([arrived, lost]);
    expect(await world.attempts()).toHaveLength(3);
  });

  it("pay once when they are queued", async () => {
    await begin();
    world.ledger.faults.queueSubmissions(1);
    const made = await small();
    await world.settle();
    await world.live(3);
    await world.expectAllPaidOnce([made]);
    expect(await world.attempts()).toHaveLength(1);
  });

  for (const refusal of ["tefBAD_AUTH", "terPRE_TICKET", "telINSUF_FEE_P", "telCAN_NOT_QUEUE_FULL"]) {
    it(`pay once when a server answers ${refusal}, keeps them and tries them again`, async () => {
      await begin();
      const signed = await large();
      await world.settle();
      await world.approve(signed, [0, 1]);
      world.ledger.faults.refuseSubmissions(2, refusal);
      const made = [await small(), signed];
      await world.settle();
      expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
      await world.live(4);
      await world.expectAllPaidOnce(made);
      expect(await world.attempts()).toHaveLength(2);
    });
  }
});

describe("fees of the XRP Ledger that rise", () => {
  it("let payouts wait above the cap, and pay them when they fall", async () => {
    await begin();
    world.ledger.faults.setBaseFee(6_000);
    await world.ledger.accept();
    const made = await small();
    await world.live(3);
    expect(await world.statuses([made])).toEqual(["batched"]);
    expect(await problems()).toContain("the ledger asks for 6000 drops, the most to offer is 5000");
    world.ledger.faults.setBaseFee(10);
    await world.live(3);
    await world.expectAllPaidOnce([made]);
    expect(await world.attempts()).toHaveLength(1);
  });

  it("keep what has expired on its ticket until they fall", async () => {
    await begin();
    const made = await small();
    world.ledger.faults.dropSubmissions(1);
    await world.settle();
    world.ledger.faults.setBaseFee(6_000);
    await world.live(12);
    expect(await world.statuses([made])).toEqual(["submitted"]);
    const { batches } = await world.settlement.status();
    expect(batches[0]?.note).toContain("the most to offer is 5000");
    world.ledger.faults.setBaseFee(10);
    await world.live(3);
    await world.expectAllPaidOnce([made]);
    expect(new Set((await world.attempts()).map(({ nonce }) => nonce)).size).toBe(1);
  });

  it("let approvers sign anew what was signed for less, and pay it once", async () => {
    await begin({ env: { XRPL_APPROVAL_LEDGERS: "12" } });
    const made = await large();
    await world.settle();
    await world.approve(made, [0, 1]);
    world.ledger.faults.setBaseFee(1_000);
    await world.settle();
    await world.live(14);
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [0, 2]);
    await world.live(3);
    await world.expectAllPaidOnce([made]);
    expect((await world.attempts()).map(({ status }) => status)).toEqual(["dead", "final"]);
  });
});

describe("servers of the XRP Ledger that fail", () => {
  it("let nothing be concluded from a history with a gap, and say so", async () => {
    await begin();
    const made = [await small(), await small()];
    await world.settle();
    const next = world.ledger.validatedIndex() + 1;
    await world.ledger.accept(1);
    world.ledger.faults.historyGap(next, next);
    const waiting = await small();
    for (let pass = 0; pass < 6; pass += 1) {
      await world.settlement.tick();
      await world.ledger.accept(2);
    }
    expect(await world.statuses([...made, waiting])).toEqual(["submitted", "submitted", "approved"]);
    expect(await world.settlement.status()).toMatchObject({ state: "unreachable" });
    expect(await problems()).toContain("whole history");
    expect(await world.attempts()).toHaveLength(2);
    world.ledger.faults.fillHistory();
    await world.live(3);
    await world.expectAllPaidOnce([...made, waiting]);
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [] });
  });

  it("are waited for when they say nothing, and pay once when they speak again", async () => {
    await begin({ timeoutMs: 600 });
    const sent = await small();
    await world.settle();
    await world.ledger.accept();
    world.ledger.faults.stall(true);
    const waiting = await small();
    await world.settlement.tick();
    await world.settlement.tick();
    expect(await world.settlement.status()).toMatchObject({ state: "unreachable" });
    expect(await world.statuses([sent, waiting])).toEqual(["submitted", "approved"]);
    world.ledger.faults.stall(false);
    await expect
      .poll(() => world.live(1).then(() => world.statuses([sent, waiting])))
      .toEqual(["confirmed", "confirmed"]);
    await world.expectAllPaidOnce([sent, waiting]);
  });

  it("pay once when they cut every connection between any two steps", async () => {
    await begin();
    const signed = await large();
    await world.settle();
    await world.approve(signed, [0, 1]);
    const made = [signed, await small(), await small()];
    world.interleave.at = async () => world.ledger.faults.disconnectAll();
    await expect
      .poll(() => world.live(1).then(() => world.statuses(made)))
      .toEqual(["confirmed", "confirmed", "confirmed"]);
    world.interleave.at = async () => undefined;
    await world.expectAllPaidOnce(made);
  });
});

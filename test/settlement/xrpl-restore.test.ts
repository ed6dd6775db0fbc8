import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import type { Database } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { backups } from "./backup.ts";
import { createXrplWorld, RLUSD, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 9 }, () => createTestDatabase({ maxConnections: 6 })),
);
const backUp = backups();

/** The one that a backup is taken of, and what is restored from it beside the same ledger. */
let lived: XrplWorld;
let restored: XrplWorld | undefined;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  lived = await createXrplWorld({ db });
  await lived.begin();
});

afterEach(async () => {
  await restored?.close();
  restored = undefined;
  await lived.close();
});

/** The database's worker is gone; a new one works with the backup. */
async function restore(backup: Database): Promise<XrplWorld> {
  await lived.settlement.stop();
  restored = await createXrplWorld({ db: backup, local: lived.local });
  return restored;
}

const somebody = () => Wallet.generate().address;

async function offered({ db }: XrplWorld): Promise<number | null> {
  return (await db.pool.query("SELECT 1 FROM approval_payloads WHERE ended_at IS NULL")).rowCount;
}

describe("a database that is older than the ledger", () => {
  it("learns from the ledger what was paid, where it knows the payouts", async () => {
    const small = [await lived.propose(2n * XRP, somebody()), await lived.propose(3n * XRP, somebody())];
    const large = await lived.propose(500n * XRP, somebody());
    await lived.settle();
    await lived.approve(large, [0, 1]);
    const asked = [await lived.propose(300n * XRP, somebody()), await lived.propose(400n * XRP, somebody())];
    const unpaid = await backUp(lived.db);
    // Given after the backup, over what was offered after it.
    await lived.live(1);
    for (const payout of asked) await lived.approve(payout, [1, 2]);
    await lived.live(6);

    const world = await restore(unpaid);
    await world.settle();
    const made = [...small, large, ...asked];
    await world.expectAllPaidOnce(made);
    const next = await world.propose(5n * XRP, somebody());
    await world.live(12);
    await world.expectAllPaidOnce([...made, next]);
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
  });

  it("stops when the ledger knows numbers that it does not, and names them", async () => {
    const backup = await backUp(lived.db);
    const forgotten = await lived.propose(2n * XRP, somebody());
    await lived.live(2);
    const world = await restore(backup);
    await world.live(12);
    const status = await world.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.problems.join()).toContain(`number ${forgotten.number}`);
    await expect(world.propose(2n * XRP, somebody())).rejects.toMatchObject({ code: "rail_paused" });
  });

  for (const { age, ledgers } of [
    { age: "an old backup", ledgers: 6 },
    { age: "one that lost its last second", ledgers: 0 },
  ]) {
    it(`waits until what it has forgotten was included or cannot be any more: ${age}`, async () => {
      await lived.live(1);
      const small = await lived.propose(2n * XRP, somebody());
      const backup = await backUp(lived.db);
      await lived.ledger.accept(ledgers);
      lived.ledger.faults.delaySubmissions(1, 6);
      await lived.settle();
      expect(await lived.statuses([small])).toEqual(["submitted"]);

      const world = await restore(backup);
      // Takes the ticket that the forgotten payment is on its way with.
      const large = await world.propose(500n * XRP, somebody());
      await world.settle();
      expect(await world.statuses([small])).toEqual(["approved"]);
      expect((await world.settlement.status()).problems.join()).toContain("payouts wait until");
      await world.live(14);
      await world.expectAllPaidOnce([small]);
      expect(await world.statuses([large])).toEqual(["pending_approval"]);
      await world.approve(large, [1, 2]);
      await world.live(3);
      await world.expectAllPaidOnce([small, large]);
    });
  }

  it("goes on waiting when it is restarted meanwhile", async () => {
    await lived.live(1);
    const small = await lived.propose(2n * XRP, somebody());
    const backup = await backUp(lived.db);
    await lived.ledger.accept(6);
    lived.ledger.faults.delaySubmissions(1, 6);
    await lived.settle();
    const world = await restore(backup);
    const large = await world.propose(500n * XRP, somebody());
    await world.settle();
    await world.settlement.stop();
    for (let restart = 0; restart < 14; restart += 1) {
      const settlement = world.newSettlement();
      await world.live(1, settlement);
      await settlement.stop();
    }
    await world.expectAllPaidOnce([small]);
    expect(await world.statuses([large])).toEqual(["pending_approval"]);
  });

  for (const { what, change } of [
    { what: "a standby was promoted", change: "written_in = 'another'" },
    {
      what: "it is older than a moment ago",
      change: "(scanned_block, scanned_hash) = ($1, $2)",
    },
  ]) {
    it(`is doubted while a worker runs, when ${what}`, async () => {
      const before = await lived.db.pool.query("SELECT scanned_block, scanned_hash FROM rail_state");
      await lived.live(1);
      const values = change.includes("$") ? Object.values(before.rows[0]) : [];
      await lived.db.pool.query(`UPDATE rail_state SET ${change}`, values);
      const made = await lived.propose(2n * XRP, somebody());
      await lived.live(4);
      expect(await lived.statuses([made])).toEqual(["approved"]);
      expect((await lived.settlement.status()).problems.join()).toContain("payouts wait until");
      await lived.live(10);
      await lived.expectAllPaidOnce([made]);
    });
  }

  it("signs nothing anew that another ticket may have paid since", async () => {
    const payee = await lived.fundedAccount();
    await lived.live(1);
    const small = await lived.propose(2n * XRP, payee.address);
    lived.ledger.faults.dropSubmissions(1);
    await lived.settle();
    const backup = await backUp(lived.db);
    // It expires while the payee cannot be paid, so its ticket is let go; then approvers are given that ticket.
    await lived.submitAs(payee.seed ?? "", { TransactionType: "AccountSet", SetFlag: 1 });
    await lived.ledger.accept(10);
    lived.interleave.at = async (step) => {
      if (step === "batch_dissolved") throw new Error("dies here");
    };
    await expect(lived.settle()).rejects.toThrow("dies here");
    lived.interleave.at = async () => undefined;
    await lived.settlement.stop();
    expect(await lived.statuses([small])).toEqual(["approved"]);
    await lived.submitAs(payee.seed ?? "", { TransactionType: "AccountSet", ClearFlag: 1 });
    const later = lived.newSettlement();
    const large = await lived.propose(500n * XRP, somebody());
    await lived.settle(later);
    expect(await lived.statuses([small, large])).toEqual(["submitted", "pending_approval"]);
    await later.stop();

    const world = await restore(backup);
    await world.settle();
    await world.live(14);
    await world.expectAllPaidOnce([small]);
  });

  it("pays once what approvers had signed and it has forgotten, whoever still holds that", async () => {
    const payee = await lived.fundedAccount();
    await lived.trustRlusd(payee);
    await lived.live(1);
    const paid = await lived.propose(500n * RLUSD, payee.address, "RLUSD");
    const backup = await backUp(lived.db);
    await lived.settle();
    await lived.approve(paid, [0, 1]);
    lived.ledger.faults.dropSubmissions(1);
    await lived.settle();
    const { rows } = await lived.db.pool.query<{ raw: string }>(
      "SELECT raw_tx AS raw FROM settlement_attempts",
    );
    expect(rows).toHaveLength(1);

    const world = await restore(backup);
    // Its number is lower, so it comes first to the ticket that the other had.
    const other = await world.propose(500n * XRP, somebody());
    // Nothing is offered before what was forgotten is worthless, and that takes a second try.
    world.ledger.faults.dropSubmissions(1);
    await world.live(4);
    expect(await offered(world)).toBe(0);
    expect((await world.settlement.status()).problems.join()).toContain(
      "nothing new is offered to approvers",
    );
    await world.live(16);
    expect(await offered(world)).toBe(2);
    await world.approve(paid, [1, 2]);
    await world.live(2);
    await world.client.request({ command: "submit", tx_blob: rows[0]?.raw ?? "" });
    await world.live(2);
    await world.expectAllPaidOnce([paid]);
    await world.approve(other, [1, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([paid, other]);
  });
});

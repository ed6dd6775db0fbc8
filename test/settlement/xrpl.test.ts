import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import type { Payout } from "../../src/modules/payouts/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { createXrplWorld, RLUSD, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 24 }, () => createTestDatabase({ maxConnections: 6 })),
);

let world: XrplWorld;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createXrplWorld({ db });
  await world.begin();
});

afterEach(() => world.close());

const NOTHING = new Map<string, bigint>();

describe("payments of the XRP Ledger", () => {
  it("puts what the treasury was funded with on the ledger, fees of the set-up included", async () => {
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
    await world.expectLedgerEqualsChain();
    expect(await world.posted("house:fees", "XRP")).toBeLessThan(0n);
  });

  it("pays many small payouts at once, each under a ticket of its own, in one ledger", async () => {
    const made: Payout[] = [];
    for (let i = 0; i < 20; i += 1) made.push(await world.propose(2n * XRP, Wallet.generate().address));
    await world.settle();
    expect(new Set(await world.statuses(made))).toEqual(new Set(["submitted"]));
    await world.live(1);
    await world.expectExactlyOnce(made, NOTHING);
    const paid = await Promise.all(made.map(({ id }) => world.payout(id)));
    expect(new Set(paid.map(({ blockNumber }) => blockNumber)).size).toBe(1);
    expect(new Set(paid.map(({ txHash }) => txHash)).size).toBe(20);
  });

  it("pays an issued currency", async () => {
    const payee = await world.fundedAccount();
    await world.trustRlusd(payee);
    await world.settle();
    const made = await world.propose(12_345_678n, payee.address, "RLUSD");
    await world.settle();
    await world.live(1);
    expect(await world.statuses([made])).toEqual(["confirmed"]);
    expect(world.rlusdOf(payee.address)).toBe(12_345_678n);
    await world.expectLedgerEqualsChain();
  });

  it("pays to a tag where one is required", async () => {
    const exchange = await world.fundedAccount();
    await world.submitAs(exchange.seed ?? "", { TransactionType: "AccountSet", SetFlag: 1 });
    const before = new Map([[exchange.address, world.ledger.balanceOf(exchange.address) ?? 0n]]);
    await world.settle();
    const made = await world.propose(5n * XRP, `${exchange.address}:0`);
    await world.settle();
    await world.live(1);
    await world.expectExactlyOnce([made], before);
    expect((await world.payout(made.id)).to).toBe(`${exchange.address}:0`);
  });

  it("fails a payout whose payee cannot be paid, gives the money back and says why", async () => {
    const rewards = await world.posted("house:rewards", "XRP");
    const payee = Wallet.generate().address;
    const made = await world.propose(XRP / 2n, payee);
    await world.settle();
    const failed = await world.payout(made.id);
    expect(failed).toMatchObject({ status: "failed", txHash: null });
    expect(failed.reason).toContain("destination_unfunded");
    expect(await world.posted("house:rewards", "XRP")).toBe(rewards);
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [] });
  });

  it("lets approvers sign one ticketed payment and sends it with exactly their signatures", async () => {
    const payee = Wallet.generate().address;
    const made = await world.propose(500n * XRP, payee);
    await world.settle();
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [0, 2]);
    expect(await world.statuses([made])).toEqual(["approved"]);
    await world.settle();
    await world.live(1);
    await world.expectExactlyOnce([made], NOTHING);
    const { tx_json: sent } = await world.client.request<{ tx_json: { Signers: unknown[] } }>({
      command: "tx",
      transaction: (await world.payout(made.id)).txHash ?? "",
    });
    expect(sent.Signers).toHaveLength(2);
  });

  it("signs anew under the same ticket what was not included in time, and pays once", async () => {
    world.ledger.faults.dropSubmissions(1);
    const made = await world.propose(3n * XRP, Wallet.generate().address);
    await world.settle();
    await world.live(12);
    await world.expectExactlyOnce([made], NOTHING);
    const { rows } = await world.db.pool.query("SELECT nonce, status FROM settlement_attempts ORDER BY id");
    expect(rows.map(({ status }) => status)).toEqual(["dead", "final"]);
    expect(new Set(rows.map(({ nonce }) => nonce)).size).toBe(1);
  });

  it("takes approvals back when what was signed expired, and offers it anew on the same ticket", async () => {
    const made = await world.propose(500n * XRP, Wallet.generate().address);
    await world.settle();
    await world.approve(made, [0]);
    const { rows: first } = await world.db.pool.query("SELECT nonce, last_block FROM approval_payloads");
    await world.db.pool.query("SELECT 1");
    await world.ledger.accept(Number(first[0].last_block - BigInt(world.ledger.validatedIndex())) + 1);
    await world.settle();
    const { rows } = await world.db.pool.query(
      "SELECT nonce, ended_at IS NULL AS standing FROM approval_payloads ORDER BY created_at",
    );
    expect(rows).toEqual([
      { nonce: first[0].nonce, standing: false },
      { nonce: first[0].nonce, standing: true },
    ]);
    await world.approve(made, [0, 1]);
    await world.settle();
    await world.live(1);
    await world.expectExactlyOnce([made], NOTHING);
  });

  it("stops when money leaves without a number, and says what left", async () => {
    const { treasury, worker } = world.accounts;
    await world.submitAs(worker.seed, {
      TransactionType: "Payment",
      Account: treasury.address,
      Destination: world.accounts.player.address,
      Amount: "7000000",
    });
    await world.settle();
    const status = await world.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.problems.join()).toContain("7000000 of XRP left the treasury");
    await world.expectLedgerEqualsChain();
  });

  it("pays nothing of an issued currency to somebody without a trust line", async () => {
    const payee = await world.fundedAccount();
    await world.settle();
    const made = await world.propose(5n * RLUSD, payee.address, "RLUSD");
    await world.settle();
    expect((await world.payout(made.id)).reason).toContain("trust_line_missing");
  });
});

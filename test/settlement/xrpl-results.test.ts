import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountSetAsfFlags, TrustSetFlags, Wallet } from "xrpl";
import type { Payout } from "../../src/modules/payouts/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { createXrplWorld, RLUSD, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 7 }, () => createTestDatabase({ maxConnections: 6 })),
);

let world: XrplWorld;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createXrplWorld({ db, tickets: 8 });
  await world.begin();
});

afterEach(() => world.close());

/** Does something to the ledger once a payment is signed and stored, before it is sent. */
function beforeSending(act: () => Promise<unknown>): void {
  world.interleave.at = async (step) => {
    if (step !== "attempt_stored") return;
    world.interleave.at = async () => undefined;
    await act();
  };
}

async function holder(): Promise<Wallet> {
  const wallet = await world.fundedAccount();
  await world.trustRlusd(wallet);
  return wallet;
}

const limit = (issuer: string, value: string) => ({
  currency: world.rlusd.currency,
  issuer,
  value,
});

async function expectRefused(payout: Payout, result: string, rewards: bigint): Promise<void> {
  const failed = await world.payout(payout.id);
  expect(failed).toMatchObject({ status: "failed" });
  expect(failed.reason).toContain(result);
  expect(await world.posted("house:rewards", payout.asset)).toBe(rewards);
  const attempts = await world.attempts();
  expect(attempts.map(({ status }) => status)).toEqual(["final"]);
  // Its ticket is used up, and its fee is in the books.
  expect(await world.resultOf(attempts[0]?.txHash ?? "")).toBe(result);
  await world.live(4);
  expect(await world.attempts()).toHaveLength(1);
  await world.expectEachPaidAtMostOnce([payout]);
  expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
}

describe("a payee who can be paid no longer when the payment comes", () => {
  const changes: { what: string; result: string; flag: number }[] = [
    {
      what: "wants a destination tag",
      result: "tecDST_TAG_NEEDED",
      flag: AccountSetAsfFlags.asfRequireDest,
    },
    {
      what: "takes deposits from nobody",
      result: "tecNO_PERMISSION",
      flag: AccountSetAsfFlags.asfDepositAuth,
    },
  ];
  for (const { what, result, flag } of changes) {
    it(`gets nothing, and the money goes back: ${what}`, async () => {
      const payee = await world.fundedAccount();
      await world.settle();
      const rewards = await world.posted("house:rewards", "XRP");
      const fees = await world.posted("house:fees", "XRP");
      const made = await world.propose(2n * XRP, payee.address);
      beforeSending(() => world.submitAs(payee.seed ?? "", { TransactionType: "AccountSet", SetFlag: flag }));
      await world.settle();
      await world.live(2);
      await expectRefused(made, result, rewards);
      expect(await world.posted("house:fees", "XRP")).toBeLessThan(fees);
    });
  }

  it("gets nothing of what approvers signed, and the money goes back", async () => {
    const payee = await world.fundedAccount();
    await world.settle();
    const rewards = await world.posted("house:rewards", "XRP");
    const made = await world.propose(200n * XRP, payee.address);
    await world.settle();
    await world.approve(made, [0, 1]);
    beforeSending(() => world.submitAs(payee.seed ?? "", { TransactionType: "AccountSet", SetFlag: 1 }));
    await world.settle();
    await world.live(2);
    await expectRefused(made, "tecDST_TAG_NEEDED", rewards);
  });

  it("gets nothing when it has given up its trust line", async () => {
    const payee = await holder();
    await world.settle();
    const rewards = await world.posted("house:rewards", "RLUSD");
    const made = await world.propose(5n * RLUSD, payee.address, "RLUSD");
    beforeSending(() =>
      world.submitAs(payee.seed ?? "", {
        TransactionType: "TrustSet",
        LimitAmount: limit(world.rlusd.issuer, "0"),
        // Without it the line stays, with nothing in it.
        Flags: TrustSetFlags.tfSetNoRipple,
      }),
    );
    await world.settle();
    await world.live(2);
    await expectRefused(made, "tecPATH_DRY", rewards);
    expect((await world.payout(made.id)).reason).toContain("has no trust line");
  });
});

describe("a payment that fails by nobody's or the operator's fault", () => {
  it("waits while the issuer has frozen the currency, and is paid afterwards", async () => {
    const payee = await holder();
    const { issuer } = world.accounts;
    await world.settle();
    const made = await world.propose(5n * RLUSD, payee.address, "RLUSD");
    beforeSending(() =>
      world.submitAs(issuer.seed, {
        TransactionType: "AccountSet",
        SetFlag: AccountSetAsfFlags.asfGlobalFreeze,
      }),
    );
    await world.settle();
    await world.live(4);
    expect(await world.statuses([made])).toEqual(["batched"]);
    const { state, problems } = await world.settlement.status();
    expect(state).toBe("running");
    expect(problems.join()).toContain("has frozen all RLUSD");
    await world.submitAs(issuer.seed, {
      TransactionType: "AccountSet",
      ClearFlag: AccountSetAsfFlags.asfGlobalFreeze,
    });
    await world.live(3);
    await world.expectAllPaidOnce([made]);
    expect(await world.attempts()).toHaveLength(2);
  });

  it("stops the rail when the treasury is the cause, and is paid once that is mended and looked at", async () => {
    const payee = await holder();
    const { issuer, treasury } = world.accounts;
    await world.settle();
    const made = await world.propose(5n * RLUSD, payee.address, "RLUSD");
    const freeze = (Flags: number) =>
      world.submitAs(issuer.seed, {
        TransactionType: "TrustSet",
        LimitAmount: limit(treasury.address, "0"),
        Flags,
      });
    beforeSending(() => freeze(TrustSetFlags.tfSetFreeze));
    await world.settle();
    await world.live(3);
    const { state, problems } = await world.settlement.status();
    expect(state).toBe("paused");
    expect(problems.join()).toContain("tecPATH_DRY");
    expect(await world.statuses([made])).toEqual(["approved"]);
    await freeze(TrustSetFlags.tfClearFreeze);
    await world.live(2);
    expect(await world.statuses([made])).toEqual(["approved"]);
    await world.resume();
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });

  it("asks approvers again when what they signed was used up without paying", async () => {
    const { worker, treasury, genesis } = world.accounts;
    const made = await world.propose(300n * XRP, Wallet.generate().address);
    await world.settle();
    await world.approve(made, [0, 1]);
    const left = 250n * XRP;
    const send = (seed: string, from: string, to: string, amount: bigint) =>
      world.submitAs(seed, {
        TransactionType: "Payment",
        Account: from,
        Destination: to,
        Amount: amount.toString(),
      });
    const all = (world.ledger.balanceOf(treasury.address) ?? 0n) - left;
    beforeSending(() => send(worker.seed, treasury.address, genesis.address, all));
    await world.settle();
    await world.live(3);
    expect((await world.settlement.status()).state).toBe("paused");
    expect(await world.statuses([made])).toEqual(["approved"]);
    await send(genesis.seed, genesis.address, treasury.address, all);
    await world.settle();
    await world.resume();
    await world.live(2);
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [1, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });
});

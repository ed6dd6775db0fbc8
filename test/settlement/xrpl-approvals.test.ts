import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AccountSetAsfFlags, multisign, Wallet } from "xrpl";
import { type Payout, pauseRail } from "../../src/modules/payouts/index.ts";
import { AppError } from "../../src/platform/errors.ts";
import { createTestDatabase } from "../kit/database.ts";
import { createXrplWorld, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 11 }, () => createTestDatabase({ maxConnections: 6 })),
);

let world: XrplWorld;

async function begin(env: Record<string, string> = {}): Promise<Payout> {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createXrplWorld({ db, tickets: 8, env });
  await world.begin();
  const made = await world.propose(500n * XRP, Wallet.generate().address);
  await world.settle();
  return made;
}

afterEach(() => world.close());

/** Somebody with one wallet. */
const as = (address: string) => ({ address, account: address });
const approver = (index: 0 | 1 | 2) => {
  const found = world.approvers[index];
  if (found === undefined) throw new Error(`there is no approver ${index}`);
  return found;
};

async function payloads(): Promise<{ nonce: bigint; body: string; standing: boolean }[]> {
  const { rows } = await world.db.pool.query(
    "SELECT nonce, body, ended_at IS NULL AS standing FROM approval_payloads ORDER BY created_at",
  );
  return rows;
}

/** What a wallet makes of what was offered first, for its own account or another's. */
async function share(wallet: Wallet, account?: string): Promise<string> {
  const [first] = await payloads();
  return wallet.sign(JSON.parse(first?.body ?? ""), account ?? true).tx_blob;
}

const submit = (blob: string) =>
  world.client.request<{ engine_result: string }>({ command: "submit", tx_blob: blob });

/** The treasury's list of signers, as whoever holds its regular key can write it. */
async function setSigners(indexes: readonly (0 | 1 | 2)[], quorum: number): Promise<void> {
  const accounts = indexes.map((index) => approver(index).address);
  await world.submitAs(world.accounts.worker.seed, {
    TransactionType: "SignerListSet",
    Account: world.treasury,
    SignerQuorum: quorum,
    SignerEntries: accounts.map((Account) => ({ SignerEntry: { Account, SignerWeight: 1 } })),
  });
}

describe("approvals that are taken back", () => {
  it("before the payment is sent, count no more; others complete the quorum", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    await world.approvals.revoke(as(approver(0).address), made.id);
    await world.settle();
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
    const { tx_json: sent } = await world.client.request<{
      tx_json: { Signers: { Signer: { Account: string } }[] };
    }>({ command: "tx", transaction: (await world.payout(made.id)).txHash ?? "" });
    expect(sent.Signers.map(({ Signer }) => Signer.Account).sort()).toEqual(
      [approver(1).address, approver(2).address].sort(),
    );
  });

  it("cannot be, once the payment is on its way", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    await world.settle();
    const revoking = world.approvals.revoke(as(approver(0).address), made.id);
    await expect(revoking).rejects.toMatchObject({ code: "too_late" });
    await world.live(1);
    await world.expectAllPaidOnce([made]);
  });
});

describe("payouts that end while approvers hold signatures", () => {
  const ends: { how: string; status: string; end: (made: Payout) => Promise<unknown> }[] = [
    {
      how: "rejected",
      status: "rejected",
      end: (made) => world.approvals.reject(as(approver(2).address), made.id, "not this one"),
    },
    {
      how: "expired",
      status: "expired",
      end: (made) => world.approvals.expireDue(new Date((made.validUntil?.getTime() ?? 0) + 1_000)),
    },
    { how: "cancelled", status: "cancelled", end: (made) => world.cancel(made) },
  ];
  for (const { how, status, end } of ends) {
    it(`leave them worthless: ${how}`, async () => {
      const made = await begin();
      const rewards = await world.posted("house:rewards", "XRP");
      await world.approve(made, [0]);
      const held = [
        await share(Wallet.fromSeed(approver(0).seed)),
        await share(Wallet.fromSeed(approver(1).seed)),
      ];
      await end(made);
      await world.live(2);
      const [first] = await payloads();
      expect(first?.standing).toBe(false);
      expect((await submit(multisign(held))).engine_result).toBe("tefNO_TICKET");
      await world.live(2);
      expect(await world.statuses([made])).toEqual([status]);
      expect(await world.posted("house:rewards", "XRP")).toBe(rewards);
      await world.expectEachPaidAtMostOnce([made]);
      expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [] });
    });
  }
});

describe("signatures that do not hold any more when they are to be sent", () => {
  /** Between the last look at the treasury and the payment. */
  function beforeSending(act: () => Promise<void>): void {
    world.interleave.at = async (step) => {
      if (step !== "batch_stored") return;
      world.interleave.at = async () => undefined;
      await act();
    };
  }

  async function expectAskedAgain(made: Payout): Promise<void> {
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    expect(await world.attempts()).toEqual([]);
    const offered = await payloads();
    expect(offered.map(({ standing }) => standing)).toEqual([false, true]);
    // Both could be included, so one ticket allows one of them only.
    expect(new Set(offered.map(({ nonce }) => nonce)).size).toBe(1);
  }

  it("are asked for again when an approver has left the signer list", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    const held = await share(Wallet.fromSeed(approver(2).seed));
    const old = multisign([await share(Wallet.fromSeed(approver(1).seed)), held]);
    beforeSending(() => setSigners([1, 2], 2));
    await world.settle();
    expect((await world.settlement.status()).problems.join()).toContain("signer list lacks");
    await setSigners([0, 1, 2], 2);
    await world.settle();
    await expectAskedAgain(made);
    await world.approve(made, [0, 2]);
    await world.settle();
    // Others bring what was signed first: whichever comes first, there is one ticket.
    await submit(old);
    await world.live(3);
    await world.expectAllPaidOnce([made]);
  });

  it("are worthless when the payout ends before it could be offered anew", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    const old = multisign([
      await share(Wallet.fromSeed(approver(0).seed)),
      await share(Wallet.fromSeed(approver(1).seed)),
    ]);
    beforeSending(() => setSigners([1, 2], 2));
    await world.settle();
    await world.approvals.reject(as(approver(2).address), made.id, "not this one");
    await setSigners([0, 1, 2], 2);
    await world.live(2);
    expect((await submit(old)).engine_result).toBe("tefNO_TICKET");
    await world.live(1);
    expect(await world.statuses([made])).toEqual(["rejected"]);
    await world.expectEachPaidAtMostOnce([made]);
  });

  it("are asked for again when the quorum was raised", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    beforeSending(() => setSigners([0, 1, 2], 3));
    await world.settle();
    await setSigners([0, 1, 2], 2);
    await world.settle();
    await expectAskedAgain(made);
    await world.approve(made, [1, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });

  it("are asked for again when an approver's key was changed", async () => {
    const made = await begin();
    await world.approve(made, [0, 1]);
    const regular = Wallet.generate();
    const { seed, address } = approver(1);
    await world.submitAs(seed, { TransactionType: "SetRegularKey", RegularKey: regular.address });
    await world.submitAs(seed, {
      TransactionType: "AccountSet",
      SetFlag: AccountSetAsfFlags.asfDisableMaster,
    });
    await world.settle();
    await expectAskedAgain(made);
    await expect(world.approve(made, [1])).rejects.toMatchObject({ code: "wrong_key" });
    const [, second] = await payloads();
    const blob = regular.sign(JSON.parse(second?.body ?? ""), address).tx_blob;
    await world.approvals.approve(as(address), made.id, { blob });
    await world.approve(made, [2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });

  it("are asked for again when the rail stood still for longer than they lived", async () => {
    const made = await begin({ XRPL_APPROVAL_LEDGERS: "12" });
    await world.approve(made, [0, 1]);
    await world.db.transaction((tx) =>
      pauseRail(tx, { rail: "xrpl", actor: "system:test", reason: "looking", now: new Date() }),
    );
    await world.live(2);
    await world.ledger.accept(12);
    await world.settle();
    expect(await world.statuses([made])).toEqual(["approved"]);
    await world.resume();
    await world.settle();
    await expectAskedAgain(made);
    await world.approve(made, [0, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });
});

describe("what is sent in as a signature", () => {
  it("is refused for what is wrong with it, and whatever bytes it has", async () => {
    const made = await begin();
    const other = await world.propose(600n * XRP, Wallet.generate().address);
    await world.settle();
    const { address, seed } = approver(0);
    const wallet = Wallet.fromSeed(seed);
    const stranger = Wallet.generate();
    const refuse = async (blob: string, code: string, who = address) =>
      expect(world.approvals.approve(as(who), made.id, { blob })).rejects.toMatchObject({ code });
    await refuse(await share(stranger, address), "wrong_key");
    await refuse(await share(Wallet.fromSeed(approver(1).seed)), "wrong_signer");
    await refuse(await world.sign(other, seed), "wrong_payload");
    await refuse(await share(stranger), "not_an_approver", stranger.address);
    const both = multisign([await share(wallet), await share(Wallet.fromSeed(approver(1).seed))]);
    await refuse(both, "malformed_share");
    const blob = await share(wallet);
    const mutated = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("hex")),
      fc.tuple(fc.nat({ max: blob.length / 2 - 1 }), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
        const bytes = Buffer.from(blob, "hex");
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        return bytes.toString("hex");
      }),
      fc.nat({ max: blob.length - 1 }).map((length) => blob.slice(0, length)),
      fc.constant(blob + blob),
    );
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const answer = await world.approvals
          .approve(as(address), made.id, { blob: text })
          .catch((error: unknown) => error);
        expect(answer).toBeInstanceOf(AppError);
        expect((answer as AppError).kind).toMatch(/^(invalid|unprocessable|conflict)$/);
      }),
      { numRuns: 150 },
    );
    await world.approvals.approve(as(address), made.id, { blob });
    await refuse(blob, "already_approved");
    await world.approve(made, [1]);
    await world.approve(other, [0, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([made, other]);
  });
});

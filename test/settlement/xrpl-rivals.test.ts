import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { multisign, Wallet } from "xrpl";
import type { Payout } from "../../src/modules/payouts/index.ts";
import type { RailSettlement, StepName } from "../../src/modules/settlement/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { createXrplWorld, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 8 }, () => createTestDatabase({ maxConnections: 8 })),
);

let world: XrplWorld;

beforeEach(async () => {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  world = await createXrplWorld({ db, tickets: 12 });
  await world.begin();
});

afterEach(() => world.close());

const small = () => world.propose(2n * XRP, Wallet.generate().address);
const large = () => world.propose(500n * XRP, Wallet.generate().address);

/** What the worker's key signs elsewhere, under a ticket of the treasury. */
function asWorker(ticket: bigint, transaction: Record<string, unknown>): Promise<string> {
  return world.submitAs(world.accounts.worker.seed, {
    Account: world.treasury,
    TicketSequence: Number.parseInt(ticket.toString(), 10),
    ...transaction,
  });
}

async function payloads(): Promise<{ nonce: bigint; body: string; standing: boolean }[]> {
  const { rows } = await world.db.pool.query(
    "SELECT nonce, body, ended_at IS NULL AS standing FROM approval_payloads ORDER BY created_at",
  );
  return rows;
}

describe("somebody else who uses the treasury's tickets", () => {
  it("makes a payment impossible, which is proven before it is paid under another ticket", async () => {
    world.ledger.faults.dropSubmissions(1);
    const made = await small();
    await world.settle();
    const [{ nonce } = { nonce: 0n }] = await world.attempts();
    await asWorker(nonce, { TransactionType: "AccountSet" });
    await world.live(2);
    await world.expectAllPaidOnce([made]);
    expect((await world.attempts()).map(({ status }) => status)).toEqual(["dead", "final"]);
    const audit = await world.db.pool.query(
      "SELECT details FROM audit_log WHERE action = 'foreign_nonce_use'",
    );
    expect(audit.rows).toMatchObject([{ details: { nonce: nonce.toString() } }]);
  });

  it("takes from approvers what they were given to sign, and they are given it anew", async () => {
    const made = await large();
    await world.settle();
    await world.approve(made, [0]);
    const [first] = await payloads();
    await asWorker(first?.nonce ?? 0n, { TransactionType: "AccountSet" });
    await world.live(1);
    const offered = await payloads();
    expect(offered.map(({ standing }) => standing)).toEqual([false, true]);
    expect(offered[1]?.nonce).not.toBe(first?.nonce);
    // Nothing of the first approval counts.
    await world.approve(made, [1]);
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [0]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });

  it("between approval and sending, costs nothing but new signatures", async () => {
    const made = await large();
    await world.settle();
    await world.approve(made, [0, 1]);
    const [first] = await payloads();
    world.interleave.at = async (step) => {
      if (step !== "batch_stored") return;
      world.interleave.at = async () => undefined;
      await asWorker(first?.nonce ?? 0n, { TransactionType: "AccountSet" });
    };
    await world.settle();
    await world.live(1);
    expect(await world.statuses([made])).toEqual(["pending_approval"]);
    await world.approve(made, [0, 2]);
    await world.live(2);
    await world.expectAllPaidOnce([made]);
  });

  it("is believed when it is an approver who hands in what enough of them have signed", async () => {
    const made = await large();
    await world.settle();
    const [payload] = await payloads();
    const shares = world.approvers
      .slice(1)
      .map(({ seed }) => Wallet.fromSeed(seed).sign(JSON.parse(payload?.body ?? ""), true).tx_blob);
    await world.approve(made, [0, 1]);
    // While ours, of other signers, is on its way.
    world.ledger.faults.delaySubmissions(1, 2);
    await world.settle();
    const { tx_json: sent } = await world.client.request<{ tx_json: { hash: string } }>({
      command: "submit",
      tx_blob: multisign(shares),
    });
    await world.live(4);
    await world.expectAllPaidOnce([made]);
    expect((await world.payout(made.id)).txHash).toBe(sent.hash);
    expect((await payloads()).map(({ standing }) => standing)).toEqual([false]);
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
  });

  it("leaves worthless what approvers have signed when it pays their payout under another one", async () => {
    const made = await large();
    await world.settle();
    await world.approve(made, [0, 1]);
    const [payload] = await payloads();
    const held = world.approvers
      .slice(0, 2)
      .map(({ seed }) => Wallet.fromSeed(seed).sign(JSON.parse(payload?.body ?? ""), true).tx_blob);
    await pay(made);
    await world.live(2);
    const answer = await world.client.request<{ engine_result: string }>({
      command: "submit",
      tx_blob: multisign(held),
    });
    expect(answer.engine_result).toBe("tefNO_TICKET");
    await world.live(1);
    await world.expectAllPaidOnce([made]);
    // Nobody may pay with one key what several have to sign.
    const { state, problems } = await world.settlement.status();
    expect(state).toBe("paused");
    expect(problems.join()).toContain(`number ${made.number} was paid`);
    await world.resume();
    await world.live(1);
    expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
    expect((await payloads()).map(({ standing }) => standing)).toEqual([false]);
  });

  it("stops the rail when it pays a payout that is on its way a second time", async () => {
    const made = await small();
    world.ledger.faults.delaySubmissions(1, 2);
    await world.settle();
    const hash = await pay(made);
    await world.settle();
    expect(await world.payout(made.id)).toMatchObject({ status: "confirmed", txHash: hash });
    const [{ txHash } = { txHash: "" }] = await world.attempts();
    await world.live(4);
    const status = await world.settlement.status();
    expect(status.state).toBe("paused");
    expect(status.problems.join()).toContain(`number ${made.number} was paid in ${txHash}`);
    // It does not go by with an operator's word: what left is not in the books.
    await world.resume();
    await world.live(1);
    expect((await world.settlement.status()).state).toBe("paused");
  });
});

/** As few passes as it takes until there is something to sign. */
async function passUntilOffered(settlement: RailSettlement, payout: Payout): Promise<void> {
  const offered = async () =>
    (await world.db.pool.query("SELECT 1 FROM approval_payloads WHERE payout_id = $1", [payout.id])).rowCount;
  while ((await offered()) === 0) await settlement.tick();
}

async function freeTicket(): Promise<bigint> {
  const { account_objects: tickets } = await world.client.request<{
    account_objects: { TicketSequence: number }[];
  }>({ command: "account_objects", account: world.treasury, type: "ticket" });
  return BigInt(Math.max(...tickets.map(({ TicketSequence }) => TicketSequence)));
}

/** Pays a payout with the worker's key, past the worker. */
async function pay({ to, amount, number }: Payout): Promise<string> {
  const hex = (text: string) => Buffer.from(text, "utf8").toString("hex");
  return asWorker(await freeTicket(), {
    TransactionType: "Payment",
    Destination: to,
    Amount: amount.toString(),
    Memos: [{ Memo: { MemoType: hex("coinclicker/payout"), MemoData: hex(String(number)) } }],
  });
}

describe("several workers of the XRP Ledger", () => {
  it("never both write: one settles, the others wait until it stops", async () => {
    const rivals = [world.newSettlement(), world.newSettlement()];
    const made: Payout[] = [];
    for (let i = 0; i < 6; i += 1) made.push(await small());
    const closing = setInterval(() => void world.ledger.accept(), 60);
    try {
      for (const settlement of [world.settlement, ...rivals]) settlement.start();
      await expect.poll(() => world.statuses(made)).toEqual(made.map(() => "confirmed"));
      const states = await Promise.all(rivals.map(async (rival) => (await rival.status()).state));
      expect(states).toEqual(["standby", "standby"]);
      await world.settlement.stop();
      const more = [await small(), await small()];
      made.push(...more);
      await expect.poll(() => world.statuses(more)).toEqual(["confirmed", "confirmed"]);
    } finally {
      clearInterval(closing);
      await Promise.all(rivals.map((rival) => rival.stop()));
    }
    const last = world.newSettlement();
    await world.live(1, last);
    await last.stop();
    await world.expectAllPaidOnce(made);
  });

  it("stop one that lost its lease while it was away, between any two steps", async () => {
    const steps: StepName[] = [
      "payload_stored",
      "batch_stored",
      "attempt_signed",
      "attempt_stored",
      "attempt_sent",
      "attempt_sent_noted",
      "landing_seen",
      "landing_committed",
      "events_read",
      "events_stored",
      "event_applied",
      "reconciled",
      "replacement_stored",
      "replacement_sent",
      "loss_committed",
      "batch_proven_unpaid",
      "batch_dissolved",
    ];
    const made: Payout[] = [];
    const away: StepName[] = [];
    await world.settlement.stop();
    for (const step of steps) {
      const tardy = world.newSettlement({ settings: { leaseSeconds: 0.05 } });
      const rival = world.newSettlement();
      const expires = step.startsWith("replacement");
      const fails = ["loss_committed", "batch_proven_unpaid", "batch_dissolved"].includes(step);
      const isOffer = step === "payload_stored";
      const signed = await large();
      made.push(signed);
      if (!isOffer) {
        await passUntilOffered(tardy, signed);
        await world.approve(signed, [0, 1]);
      }
      if (expires || fails) {
        await world.settle(tardy);
        world.ledger.faults.dropSubmissions(1);
        made.push(await small());
        await world.settle(tardy);
        const { nonce } = (await world.attempts()).at(-1) ?? { nonce: 0n };
        if (fails) await asWorker(nonce, { TransactionType: "AccountSet" });
      }
      made.push(await small());
      world.interleave.at = async (reached) => {
        if (reached !== step) return;
        // Long enough for the lease to run out and for somebody else to do all the work.
        world.interleave.at = async () => undefined;
        away.push(step);
        await sleep(60);
        await world.live(2, rival);
      };
      for (let ledger = 0; ledger < 12 && !away.includes(step); ledger += 1) {
        await tardy.tick();
        await world.ledger.accept();
      }
      expect(away.at(-1)).toBe(step);
      await tardy.tick();
      await world.live(1, rival);
      if (isOffer) await world.approve(signed, [0, 1]);
      await world.live(2, rival);
      await rival.stop();
      await tardy.stop();
    }
    await world.expectAllPaidOnce(made);
  });
});

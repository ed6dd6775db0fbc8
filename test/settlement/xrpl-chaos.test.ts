import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import type { Payout } from "../../src/modules/payouts/index.ts";
import type { RailSettlement } from "../../src/modules/settlement/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { AppError } from "../../src/platform/errors.ts";
import { createTestDatabase } from "../kit/database.ts";
import { backups } from "./backup.ts";
import { createXrplWorld, RLUSD, XRP, type XrplWorld } from "./xrpl-world.ts";

/** A few in every test run; `CHAOS_RUNS=200` for a soak. */
const RUNS = Number.parseInt(process.env.CHAOS_RUNS ?? "3", 10);
/** What approvers sign lives no longer, so that a run sees it expire. */
const APPROVAL_LEDGERS = 12;
/** Until everything has come to its end once nothing goes wrong any more. */
const LAST_LEDGERS = 80;

const databases: Database[] = [];
for (let run = 0; run < 2 * RUNS; run += 1) databases.push(await createTestDatabase({ maxConnections: 6 }));
const backUp = backups();

class Crash extends Error {}

type Act = { do: keyof typeof weights; pick: number };

const weights = {
  proposeSmall: 3,
  proposeLarge: 2,
  proposeIssued: 1,
  cancel: 1,
  reject: 1,
  tick: 12,
  close: 8,
  approve: 6,
  revoke: 1,
  crash: 4,
  drop: 2,
  delay: 2,
  queue: 1,
  refuse: 2,
  closeAfter: 1,
  closeBefore: 1,
  fee: 1,
  disconnect: 1,
  gap: 1,
  foreignTicket: 1,
  fussyPayee: 1,
};
const PROPOSALS: readonly Act["do"][] = ["proposeSmall", "proposeLarge", "proposeIssued"];
const ENDS: readonly Act["do"][] = ["cancel", "reject"];

function acts(length: number, without: readonly Act["do"][] = []): fc.Arbitrary<Act[]> {
  const names = (Object.keys(weights) as Act["do"][]).filter((name) => !without.includes(name));
  const choices = names.map((name) => ({
    weight: weights[name],
    arbitrary: fc.record({ do: fc.constant(name), pick: fc.nat({ max: 1_000 }) }),
  }));
  return fc.array(fc.oneof(...choices), { minLength: length, maxLength: length + 20 });
}

const REFUSALS = ["tefBAD_AUTH", "terPRE_TICKET", "telINSUF_FEE_P", "telCAN_NOT_QUEUE_FULL"];

/** One run: a world, what was made in it, and the worker that is alive now. */
class Chaos {
  readonly made: Payout[] = [];
  readonly #world: XrplWorld;
  readonly #holder: Wallet;
  readonly #fussy: Wallet;
  #worker: RailSettlement;

  static async begin(db: Database): Promise<Chaos> {
    const world = await createXrplWorld({
      db,
      tickets: 12,
      env: { XRPL_APPROVAL_LEDGERS: String(APPROVAL_LEDGERS) },
      settings: { leaseSeconds: 0.01 },
    });
    const [holder, fussy] = [await world.fundedAccount(), await world.fundedAccount()];
    await world.trustRlusd(holder);
    await world.begin();
    return new Chaos(world, [], holder, fussy);
  }

  constructor(world: XrplWorld, made: readonly Payout[], holder: Wallet, fussy: Wallet) {
    this.#world = world;
    this.made.push(...made);
    this.#holder = holder;
    this.#fussy = fussy;
    this.#worker = world.settlement;
  }

  get world(): XrplWorld {
    return this.#world;
  }

  /** The same, with a database that has forgotten all that came after it. */
  async restored(backup: Database): Promise<Chaos> {
    await this.#worker.stop();
    const world = await createXrplWorld({
      db: backup,
      local: this.#world.local,
      env: { XRPL_APPROVAL_LEDGERS: String(APPROVAL_LEDGERS) },
      settings: { leaseSeconds: 0.01 },
    });
    return new Chaos(world, this.made, this.#holder, this.#fussy);
  }

  async tick(): Promise<void> {
    try {
      await this.#worker.tick();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      // The process is gone with all that it knew; another one takes over when the lease is.
      this.#world.interleave.at = async () => undefined;
      this.#worker = this.#world.newSettlement();
    }
  }

  async do({ do: what, pick }: Act): Promise<void> {
    const world = this.#world;
    const { faults } = world.ledger;
    const any = <T>(all: readonly T[]): T | undefined => all[pick % Math.max(1, all.length)];
    switch (what) {
      case "tick":
        return this.tick();
      case "close":
        await world.ledger.accept(1 + (pick % 3));
        return;
      case "proposeSmall": {
        const to = pick % 4 === 0 ? this.#fussy.address : Wallet.generate().address;
        this.made.push(await world.propose(2n * XRP, to));
        return;
      }
      case "proposeLarge":
        this.made.push(await world.propose(200n * XRP, Wallet.generate().address));
        return;
      case "proposeIssued":
        this.made.push(await world.propose(3n * RLUSD, this.#holder.address, "RLUSD"));
        return;
      case "approve":
        return this.#approve(any(await this.#with("pending_approval")), (pick % 3) as 0 | 1 | 2);
      case "revoke": {
        const payout = any(await this.#with("approved"));
        const { address } = world.approvers[pick % 3] ?? { address: "" };
        if (payout !== undefined)
          await refusable(world.approvals.revoke({ address, account: address }, payout.id));
        return;
      }
      case "reject": {
        const payout = any(await this.#with("pending_approval"));
        const { address } = world.approvers[pick % 3] ?? { address: "" };
        if (payout !== undefined)
          await refusable(world.approvals.reject({ address, account: address }, payout.id, "not this one"));
        return;
      }
      case "cancel": {
        const payout = any(await this.#with(pick % 2 === 0 ? "approved" : "pending_approval"));
        if (payout !== undefined) await refusable(world.cancel(payout));
        return;
      }
      case "crash": {
        let left = 1 + (pick % 9);
        world.interleave.at = async () => {
          left -= 1;
          if (left <= 0) throw new Crash();
        };
        return;
      }
      case "drop":
        return faults.dropSubmissions(1);
      case "delay":
        return faults.delaySubmissions(1, 1 + (pick % 14));
      case "queue":
        return faults.queueSubmissions(1);
      case "refuse":
        return faults.refuseSubmissions(1, any(REFUSALS) ?? "");
      case "closeAfter":
        return faults.closeAfterAccepting(1);
      case "closeBefore":
        return faults.closeBeforeAccepting(1);
      case "fee":
        return faults.setBaseFee(pick % 2 === 0 ? 6_000 : 10);
      case "disconnect":
        return faults.disconnectAll();
      case "gap": {
        const last = world.ledger.validatedIndex();
        if (pick % 2 === 0) faults.historyGap(last - 1, last + 2);
        else faults.fillHistory();
        return;
      }
      case "foreignTicket":
        return this.#takeTicket(pick);
      case "fussyPayee":
        return this.#submit(this.#fussy, {
          Account: this.#fussy.address,
          TransactionType: "AccountSet",
          ...(pick % 2 === 0 ? { SetFlag: 1 } : { ClearFlag: 1 }),
        });
    }
  }

  /** Nothing goes wrong any more, and approvers sign what waits for them. */
  async end(): Promise<void> {
    const world = this.#world;
    world.interleave.at = async () => undefined;
    world.ledger.faults.fillHistory();
    world.ledger.faults.setBaseFee(10);
    const ended = ["confirmed", "failed", "rejected", "expired", "cancelled"];
    for (let ledger = 0; ledger < LAST_LEDGERS; ledger += 1) {
      await world.ledger.accept();
      await this.#untilRunning();
      for (let pass = 0; pass < 2; pass += 1) await this.tick();
      for (const payout of await this.#with("pending_approval")) {
        for (const index of [0, 1, 2] as const) await this.#approve(payout, index);
      }
      const { batches, problems } = await this.#worker.status();
      const statuses = await world.statuses(this.made);
      if (statuses.every((status) => ended.includes(status)) && batches.length + problems.length === 0) break;
    }
    // Whatever somebody still holds comes to light, or can never.
    await world.ledger.accept(APPROVAL_LEDGERS + 2);
    await world.live(2, this.#worker);
    await this.#untilRunning();
    const status = await this.#worker.status();
    expect(status).toMatchObject({ state: "running", problems: [], drift: null, batches: [] });
    await world.expectEachPaidAtMostOnce(this.made);
    const { rows } = await world.db.pool.query("SELECT owner, asset, held FROM accounts WHERE held <> 0");
    expect(rows, "what is held for nobody").toEqual([]);
    await this.#worker.stop();
  }

  /** A server that cut connections is left alone for a moment. */
  async #untilRunning(): Promise<void> {
    const stateAfterTick = async () => {
      await this.tick();
      return (await this.#worker.status()).state;
    };
    await expect.poll(stateAfterTick, { interval: 10 }).toBe("running");
  }

  async #with(status: string): Promise<Payout[]> {
    const now = await Promise.all(this.made.map(({ id }) => this.#world.payout(id)));
    return now.filter(
      (payout) => payout.status === status && (status !== "approved" || payout.batchId === null),
    );
  }

  async #approve(payout: Payout | undefined, index: 0 | 1 | 2): Promise<void> {
    if (payout === undefined) return;
    const { rowCount } = await this.#world.db.pool.query(
      "SELECT 1 FROM approval_payloads WHERE payout_id = $1 AND ended_at IS NULL",
      [payout.id],
    );
    if (rowCount === 1) await refusable(this.#world.approve(payout, [index]));
  }

  /** With the worker's key, elsewhere. */
  async #takeTicket(pick: number): Promise<void> {
    const { treasury, accounts } = this.#world;
    const { rows } = await this.#world.db.pool.query<{ nonce: bigint }>(
      `SELECT nonce FROM settlement_nonces WHERE status = 'open'
       UNION SELECT nonce FROM approval_payloads WHERE ended_at IS NULL ORDER BY nonce`,
    );
    const ticket = rows[pick % Math.max(1, rows.length)]?.nonce;
    if (ticket === undefined) return;
    const TicketSequence = Number.parseInt(ticket.toString(), 10);
    const transaction = { TransactionType: "AccountSet", Account: treasury, Sequence: 0, TicketSequence };
    await this.#submit(Wallet.fromSeed(accounts.worker.seed), transaction);
  }

  /** Whatever becomes of it. */
  async #submit(wallet: Wallet, transaction: { Account: string } & Record<string, unknown>): Promise<void> {
    await refusable(
      (async () => {
        const { networkId: NetworkID } = this.#world.ledger;
        const { account_data: account } = await this.#world.client.request<{
          account_data: { Sequence: number };
        }>({ command: "account_info", account: transaction.Account, ledger_index: "current" });
        const whole = { Fee: "10", Sequence: account.Sequence, NetworkID, ...transaction };
        const { tx_blob } = wallet.sign(whole as unknown as Parameters<Wallet["sign"]>[0]);
        await this.#world.client.broadcast({ command: "submit", tx_blob });
      })(),
    );
  }
}

/** What is refused in words is no failure of a run. */
async function refusable(doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

function database(): Database {
  const db = databases.pop();
  if (db === undefined) throw new Error("more runs than databases");
  return db;
}

describe("the XRP Ledger's rail in chaos", () => {
  it(
    "pays each payout exactly once, or gives its money back, whatever happens in whatever order",
    async () => {
      await fc.assert(
        fc.asyncProperty(acts(50), async (all) => {
          const chaos = await Chaos.begin(database());
          for (const one of all) await chaos.do(one);
          await chaos.end();
          await chaos.world.close();
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    30_000 * RUNS,
  );

  it(
    "pays nothing twice when a backup is restored in the middle of it",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          acts(25),
          // What is proposed after the backup would be forgotten, and stop the rail when it is found on the ledger.
          acts(25, PROPOSALS),
          // So would what is cancelled while the ledger pays it.
          acts(15, [...PROPOSALS, ...ENDS]),
          async (before, forgotten, after) => {
            const lived = await Chaos.begin(database());
            for (const one of before) await lived.do(one);
            const backup = await backUp(lived.world.db);
            for (const one of forgotten) await lived.do(one);
            const chaos = await lived.restored(backup);
            for (const one of after) await chaos.do(one);
            await chaos.end();
            await chaos.world.close();
            await lived.world.close();
          },
        ),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    30_000 * RUNS,
  );
});

import { afterAll, expect } from "vitest";
import { Wallet } from "xrpl";
import { type LocalXrpl, localXrplApprovers, rlusdOf, startLocalXrpl } from "../../scripts/local/xrpl.ts";
import { type Config, localXrplAccounts } from "../../src/config.ts";
import { approvalsGiven, createApprovals } from "../../src/modules/approvals/index.ts";
import { balancesOf } from "../../src/modules/ledger/index.ts";
import {
  createPayouts,
  ensureDefaultPolicies,
  ensureRlusd,
  findPayout,
  type Payout,
  resumeRail,
  transitionPayouts,
} from "../../src/modules/payouts/index.ts";
import type { RailSettlement, SettlementDeps } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { fromLedgerValue } from "../../src/platform/xrpl/amount.ts";
import { createXrplClient } from "../../src/platform/xrpl/client.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";
import { settlementsOf } from "./settlements.ts";

export const XRP = 1_000_000n;
export const RLUSD = 1_000_000n;

type LedgerPayment = {
  number: bigint;
  hash: string;
  to: string | undefined;
  delivered: string | { value: string } | undefined;
};

type HistoryEntry = {
  hash: string;
  tx_json: {
    TransactionType: string;
    Account: string;
    Destination?: string;
    Memos?: { Memo: { MemoData?: string } }[];
  };
  meta: { TransactionResult: string; delivered_amount?: string | { value: string } };
};

export type XrplWorld = Awaited<ReturnType<typeof createXrplWorld>>;

/** Everything from a proposal to a validated ledger: the real modules, a real database, a standalone ledger. */
export async function createXrplWorld(options: {
  db: Database;
  env?: Record<string, string>;
  tickets?: number;
  settings?: SettlementDeps["settings"];
  /** Another world's ledger, for a second database beside its own. */
  local?: LocalXrpl;
  /** Servers in front of the ledger, instead of itself. */
  urls?: readonly string[];
  /** How long an answer is waited for. */
  timeoutMs?: number;
}) {
  const { db } = options;
  const local =
    options.local ?? (await startLocalXrpl({ closeEveryMs: null, tickets: options.tickets ?? 30 }));
  const { ledger } = local;
  if (options.local === undefined) afterAll(() => ledger.stop());
  const approvers = localXrplApprovers();
  const accounts = localXrplAccounts();
  const env = {
    ...local.env,
    ...(options.urls === undefined ? {} : { XRPL_URLS: options.urls.join(",") }),
    XRPL_POLL_MS: "20",
    APPROVER_ADDRESSES: approvers.map(({ address }) => address).join(","),
    ...options.env,
  };
  const config: Config = testConfig(env);
  const { xrpl: settings } = config;
  if (settings === null) throw new Error("the XRP Ledger is not configured");
  const newClient = (urls: readonly string[] = settings.urls) =>
    createXrplClient({
      urls,
      networkId: settings.networkId,
      clock: systemClock,
      log: silentLog,
      timeoutMs: options.timeoutMs ?? 2_000,
    });
  const client = newClient();
  /** The ledger itself, whatever stands in front of it for others. */
  const ask = newClient([ledger.url]);
  await ensureRlusd(db.pool, accounts.issuer.address);
  await ensureDefaultPolicies(db.pool);
  const rlusd = rlusdOf(accounts.issuer.address);

  // Nobody comes in over HTTP here.
  const auth = { requireSession: async () => undefined, requireRole: () => async () => undefined };
  const deps = { config, db, clock: systemClock, log: silentLog, auth, xrpl: client };
  const payouts = createPayouts({ ...deps, approvalsGiven, suspicionsOf: async () => [] });
  const approvals = createApprovals({ ...deps, provider: null });
  const { interleave, newSettlement } = settlementsOf({
    ...deps,
    rpc: null,
    settings: options.settings ?? {},
  });
  const settlement = newSettlement();

  return {
    db,
    env,
    config,
    local,
    ledger,
    client,
    newClient,
    payouts,
    approvals,
    settlement,
    newSettlement,
    interleave,
    accounts,
    approvers,
    treasury: settings.treasury,
    rlusd,

    /** A payout from the rewards account; approved at once when it is below 100 of either asset. */
    async propose(amount: bigint, to: string, asset: "XRP" | "RLUSD" = "XRP"): Promise<Payout> {
      const { id } = await db.transaction((tx) =>
        payouts.proposePayout(tx, { proposer: { account: "system:test" }, to, asset, amount }),
      );
      return this.payout(id);
    },

    async payout(id: string): Promise<Payout> {
      const payout = await findPayout(db.pool, id);
      if (payout === null) throw new Error(`no payout ${id}`);
      return payout;
    },

    async statuses(made: readonly Payout[]): Promise<string[]> {
      return Promise.all(made.map(async ({ id }) => (await this.payout(id)).status));
    },

    /** What an approver's wallet makes of what is on offer. */
    async sign(payout: Payout, seed: string): Promise<string> {
      const { rows } = await db.pool.query<{ body: string }>(
        "SELECT body FROM approval_payloads WHERE payout_id = $1 AND ended_at IS NULL",
        [payout.id],
      );
      const body = rows[0]?.body;
      if (body === undefined) throw new Error("nothing is on offer for signing");
      return Wallet.fromSeed(seed).sign(JSON.parse(body), true).tx_blob;
    },

    async approve(payout: Payout, indexes: readonly (0 | 1 | 2)[]): Promise<void> {
      for (const { address, seed } of indexes.flatMap((index) => approvers[index] ?? [])) {
        await approvals.approve({ address, account: address }, payout.id, {
          blob: await this.sign(payout, seed),
        });
      }
    },

    async cancel(payout: Payout): Promise<void> {
      await db.transaction((tx) =>
        transitionPayouts(tx, {
          payoutIds: [payout.id],
          to: "cancelled",
          actor: "system:test",
          reason: "changed their mind",
          now: new Date(),
        }),
      );
    },

    /** Passes until nothing moves any more; no ledger closes meanwhile. */
    async settle(by: RailSettlement = settlement): Promise<void> {
      for (let quiet = 0, passes = 0; quiet < 2; passes += 1) {
        if (passes > 80) throw new Error("settlement does not come to rest");
        quiet = (await by.tick()) ? 0 : quiet + 1;
      }
    },

    /** Ledgers close, and after each the settlement does what there is to do. */
    async live(ledgers: number, by: RailSettlement = settlement): Promise<void> {
      for (let i = 0; i < ledgers; i += 1) {
        await ledger.accept();
        await this.settle(by);
      }
    },

    /** Past the wait of a database that has not been written to for a while. */
    async begin(by: RailSettlement = settlement): Promise<void> {
      await this.settle(by);
      await ledger.accept(settings.ledgerWindow);
      await this.settle(by);
    },

    /** Signs and hands in a transaction as somebody, and closes a ledger. */
    async submitAs(seed: string, transaction: Record<string, unknown>): Promise<string> {
      const wallet = Wallet.fromSeed(seed);
      const account = String(transaction.Account ?? wallet.address);
      const sequence =
        transaction.TicketSequence === undefined
          ? (
              await ask.request<{ account_data: { Sequence: number } }>({
                command: "account_info",
                account,
                ledger_index: "current",
              })
            ).account_data.Sequence
          : 0;
      const { tx_blob: blob, hash } = wallet.sign({
        Account: account,
        Fee: "10",
        Sequence: sequence,
        NetworkID: settings.networkId,
        ...transaction,
      } as unknown as Parameters<Wallet["sign"]>[0]);
      const answer = await ask.request<{ engine_result: string }>({ command: "submit", tx_blob: blob });
      expect(answer.engine_result).toBe("tesSUCCESS");
      await ledger.accept();
      return hash;
    },

    /** An account on the ledger with that many XRP. */
    async fundedAccount(xrp = 10n): Promise<Wallet> {
      const wallet = Wallet.generate();
      await this.submitAs(accounts.genesis.seed, {
        TransactionType: "Payment",
        Account: accounts.genesis.address,
        Destination: wallet.address,
        Amount: (xrp * XRP).toString(),
      });
      return wallet;
    },

    async trustRlusd(wallet: Wallet, limit = "1000000"): Promise<void> {
      await this.submitAs(wallet.seed ?? "", {
        TransactionType: "TrustSet",
        LimitAmount: { currency: rlusd.currency, issuer: rlusd.issuer, value: limit },
      });
    },

    rlusdOf(account: string): bigint {
      const value = ledger.tokenBalanceOf(account, rlusd.currency, rlusd.issuer);
      return value === null ? 0n : fromLedgerValue(value, 6).minorUnits;
    },

    /** How a transaction ended, by the ledger itself. */
    async resultOf(txHash: string): Promise<string> {
      const command = { command: "tx", transaction: txHash };
      return (await ask.request<HistoryEntry>(command)).meta.TransactionResult;
    },

    /** Every transaction that the worker signed, oldest first. */
    async attempts(): Promise<{ nonce: bigint; txHash: string; raw: string; status: string }[]> {
      const { rows } = await db.pool.query(
        `SELECT nonce, tx_hash AS "txHash", raw_tx AS raw, status FROM settlement_attempts ORDER BY id`,
      );
      return rows;
    },

    async resume(): Promise<void> {
      await db.transaction((tx) =>
        resumeRail(tx, { rail: "xrpl", actor: "system:test", reason: "looked at" }),
      );
    },

    async posted(owner: string, asset: string): Promise<bigint> {
      const found = (await balancesOf(db.pool, owner)).find((balance) => balance.asset === asset);
      return (found?.available ?? 0n) + (found?.held ?? 0n);
    },

    /** Ledger and treasury agree to the drop. */
    async expectLedgerEqualsChain(): Promise<void> {
      expect(-(await this.posted("house:external", "XRP"))).toBe(ledger.balanceOf(settings.treasury));
      expect(-(await this.posted("house:external", "RLUSD"))).toBe(this.rlusdOf(settings.treasury));
    },

    /** Every payee received exactly what it was to get, by one payment each. */
    async expectExactlyOnce(made: readonly Payout[], before: ReadonlyMap<string, bigint>): Promise<void> {
      const owed = new Map<string, bigint>();
      for (const { id } of made) {
        const payout = await this.payout(id);
        expect(payout.status, payout.reason).toBe("confirmed");
        const [address = ""] = payout.to.split(":");
        owed.set(address, (owed.get(address) ?? 0n) + payout.amount);
      }
      for (const [address, amount] of owed) {
        expect(ledger.balanceOf(address), address).toBe((before.get(address) ?? 0n) + amount);
      }
      await this.expectLedgerEqualsChain();
    },

    /** What the treasury's history says was paid, by the number in each payment's memo. */
    async paymentsByNumber(): Promise<Map<bigint, LedgerPayment[]>> {
      const { transactions } = await ask.request<{ transactions: HistoryEntry[] }>({
        command: "account_tx",
        account: settings.treasury,
        ledger_index_min: -1,
        ledger_index_max: -1,
        forward: true,
        limit: 1_000_000,
      });
      const payments = transactions.flatMap(({ hash, tx_json: sent, meta }) => {
        const memo = sent.Memos?.[0]?.Memo.MemoData;
        const isPaid = sent.TransactionType === "Payment" && meta.TransactionResult === "tesSUCCESS";
        if (!isPaid || sent.Account !== settings.treasury || memo === undefined) return [];
        const number = BigInt(Buffer.from(memo, "hex").toString("utf8"));
        return [{ number, hash, to: sent.Destination, delivered: meta.delivered_amount }];
      });
      return Map.groupBy(payments, ({ number }) => number);
    },

    /**
     * The sentence that everything is about: whoever was to be paid was paid by exactly one transaction, what ended
     * unpaid by none, nobody else by any, and ledger and treasury agree to the drop.
     */
    async expectEachPaidAtMostOnce(made: readonly Payout[]): Promise<void> {
      const payments = await this.paymentsByNumber();
      for (const { id } of made) {
        const { number, status, reason, txHash, to, amount, asset } = await this.payout(id);
        const found = payments.get(number ?? 0n) ?? [];
        payments.delete(number ?? 0n);
        if (status !== "confirmed") {
          expect(["failed", "rejected", "expired", "cancelled"], reason ?? "").toContain(status);
          expect(found, `${number} ended ${status}`).toEqual([]);
          continue;
        }
        const [destination] = to.split(":");
        expect(
          found.map((one) => [one.hash, one.to]),
          `${number}`,
        ).toEqual([[txHash, destination]]);
        const delivered = found[0]?.delivered;
        expect(
          typeof delivered === "string"
            ? ["XRP", BigInt(delivered)]
            : ["RLUSD", fromLedgerValue(delivered?.value ?? "0", 6).minorUnits],
        ).toEqual([asset, amount]);
      }
      expect([...payments.keys()], "numbers that nobody was to be paid under").toEqual([]);
      await this.expectLedgerEqualsChain();
    },

    /** All of them were paid, each once. */
    async expectAllPaidOnce(made: readonly Payout[]): Promise<void> {
      for (const { id } of made) {
        const { status, reason } = await this.payout(id);
        expect(status, reason ?? "").toBe("confirmed");
      }
      await this.expectEachPaidAtMostOnce(made);
    },

    async close(): Promise<void> {
      await settlement.stop();
      await client.close();
      await ask.close();
      if (options.local === undefined) await ledger.stop();
    },
  };
}

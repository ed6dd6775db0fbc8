import { randomUUID } from "node:crypto";
import { Wallet } from "ethers";
import { accountIds, balancesOf, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import {
  findPayout,
  type Payout,
  type PayoutStatus,
  transitionPayouts,
} from "../../src/modules/payouts/index.ts";
import { createPayoutService, type PayoutService } from "../../src/modules/payouts/service.ts";
import type { Database } from "../../src/platform/db/index.ts";
import type { EvmAddress } from "../../src/platform/evm-address.ts";
import { ManualClock } from "../kit/clock.ts";
import { testConfig } from "../kit/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";

export const FLR = 10n ** 18n;
/** One COIN in wei, as the test configuration has it. */
export const COIN = 10n ** 15n;

export type Player = {
  playerId: string;
  account: string;
  roles: readonly ("player" | "demo")[];
  wallet: Wallet | null;
};

export type World = Awaited<ReturnType<typeof createWorld>>;

/** Payouts on a database of their own, without HTTP. Approvals are counted in `given`. */
export async function createWorld(options: { env?: Record<string, string>; maxConnections?: number } = {}) {
  const db = await createTestDatabase({ maxConnections: options.maxConnections ?? 20 });
  const clock = new ManualClock("2026-11-20T12:00:00Z");
  const given = new Map<string, number>();
  const suspicions = new Map<string, string[]>();
  const service = (env: Record<string, string> = {}): PayoutService =>
    createPayoutService({
      config: testConfig({ ...options.env, ...env }),
      db,
      clock,
      log: silentLog,
      approvalsGiven: async () => given,
      suspicionsOf: async (_q, playerId) => suspicions.get(playerId) ?? [],
      xrpl: null,
    });
  const payouts = service();

  async function post(debit: string, credit: string, asset: string, amount: bigint): Promise<void> {
    await db.transaction(async (tx) => {
      const [from, to] = await accountIds(tx, [
        { owner: debit, asset },
        { owner: credit, asset },
      ]);
      const id = randomUUID();
      requirePosted(
        await postTransfers(tx, [
          { kind: "posted", id, debit: from ?? 0n, credit: to ?? 0n, amount, cause: "test", ref: id },
        ]),
      );
    });
  }

  const balance = async (owner: string, asset: string): Promise<{ available: bigint; held: bigint }> => {
    const found = (await balancesOf(db.pool, owner)).find((entry) => entry.asset === asset);
    return { available: found?.available ?? 0n, held: found?.held ?? 0n };
  };

  /** Somebody who has signed in once, with `coins` earned and, when told, FLR on the ledger. */
  async function player(coins: bigint, options: { flr?: bigint; demo?: boolean } = {}): Promise<Player> {
    const playerId = randomUUID();
    const wallet = options.demo === true ? null : new Wallet(Wallet.createRandom().privateKey);
    await db.pool.query(
      "INSERT INTO users (id, kind, wallet_address, display_name, created_at) VALUES ($1, $2, $3, 'test', now())",
      [playerId, wallet === null ? "demo" : "wallet", wallet?.address ?? null],
    );
    const owner = `player:${playerId}`;
    if (coins > 0n)
      await post(wallet === null ? "house:demo_issuance" : "house:issuance", owner, "COIN", coins);
    if (options.flr !== undefined) await post("house:external", owner, "FLR", options.flr);
    return {
      playerId,
      account: wallet?.address ?? `demo:${playerId}`,
      roles: [wallet === null ? "demo" : "player"],
      wallet,
    };
  }

  type Wish = {
    asset?: string;
    payAs?: string;
    to?: string;
    delivery?: "push" | "claim";
    service?: PayoutService;
  };

  /** Asks as `who` for `amount` of COIN (or what `wish` says) and gives the payout as stored. */
  async function request(who: Player, amount: bigint, wish: Wish = {}): Promise<Payout> {
    const { service: by = payouts, asset = "COIN", payAs = "FLR", ...rest } = wish;
    const { id } = await db.transaction((tx) => by.requestPayout(tx, who, { asset, amount, payAs, ...rest }));
    return stored(id);
  }

  async function propose(amount: bigint, to: string = randomAddress()): Promise<Payout> {
    const { id } = await db.transaction((tx) =>
      payouts.proposePayout(tx, { proposer: { account: randomAddress() }, to, asset: "FLR", amount }),
    );
    return stored(id);
  }

  async function stored(id: string): Promise<Payout> {
    const payout = await findPayout(db.pool, id);
    if (payout === null) throw new Error(`payout ${id} is not there`);
    return payout;
  }

  function step(
    payouts: readonly Payout[],
    to: PayoutStatus,
    patch?: Parameters<typeof transitionPayouts>[1]["patch"],
  ): Promise<Payout[]> {
    return db.transaction((tx) =>
      transitionPayouts(tx, {
        payoutIds: payouts.map(({ id }) => id),
        to,
        actor: "system:test",
        reason: `test: ${to}`,
        now: clock.now(),
        ...(patch === undefined ? {} : { patch }),
      }),
    );
  }

  const final = () => ({ txHash: `0x${randomUUID().replaceAll("-", "").repeat(2)}`, blockNumber: 7n });

  /** Approved payouts taken all the way to `submitted`. */
  async function submit(payouts: readonly Payout[], batchId: string = randomUUID()): Promise<Payout[]> {
    await step(payouts, "batched", { batchId });
    return step(payouts, "submitted");
  }

  const eventsOf = async (channel: string): Promise<{ type: string; payload: Record<string, unknown> }[]> =>
    (
      await db.pool.query<{ type: string; payload: Record<string, unknown> }>(
        "SELECT type, payload FROM outbox_events WHERE channel = $1 ORDER BY id",
        [channel],
      )
    ).rows;

  await post("house:external", "house:rewards", "FLR", 1_000_000n * FLR);

  return {
    db,
    clock,
    given,
    suspicions,
    payouts,
    service,
    post,
    balance,
    player,
    request,
    propose,
    stored,
    step,
    submit,
    final,
    eventsOf,
  };
}

export function randomAddress(): EvmAddress {
  return Wallet.createRandom().address as EvmAddress;
}

/** Sums of every account of an asset, held money included, and what is wrong with the ledger's own books: nothing. */
export async function ledgerFaults(db: Database): Promise<unknown[]> {
  const unbalanced = await db.pool.query("SELECT * FROM trial_balance WHERE difference <> 0");
  const breaks = await db.pool.query("SELECT * FROM ledger_account_breaks");
  return [...unbalanced.rows, ...breaks.rows];
}

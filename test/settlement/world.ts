import { randomBytes } from "node:crypto";
import { getAddress, Interface, JsonRpcProvider, Wallet } from "ethers";
import { expect } from "vitest";
import { type LocalChain, startChain } from "../../scripts/local/chain.ts";
import { type Config, hardhatWallets } from "../../src/config.ts";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import { approvalsGiven, createApprovals } from "../../src/modules/approvals/index.ts";
import { accountIds, balancesOf, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import {
  createPayouts,
  ensureDefaultPolicies,
  findPayout,
  type Payout,
  payoutTypedData,
  resumeRail,
  signTypedData,
  transitionPayouts,
  vaultDomain,
} from "../../src/modules/payouts/index.ts";
import type { RailSettlement, SettlementDeps } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import type { EvmAddress } from "../../src/platform/evm-address.ts";
import { createEvmRpc } from "../../src/platform/evm-rpc.ts";
import { derivedId } from "../../src/platform/ids.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";
import { settlementsOf } from "./settlements.ts";

/** Somebody with one wallet. */
const approverOf = (address: string) => ({ address, account: address });

export const FLR = 10n ** 18n;
export const vaultInterface = new Interface(payoutVaultAbi);

/** Hardhat's accounts by the part that they play on the local chain. */
export const [OWNER, , , , , GUARDIAN] = hardhatWallets();
export const APPROVERS = hardhatWallets().slice(1, 5);
export const OPERATOR = hardhatWallets()[9];

/** A chain that mines each transaction at once until told otherwise. */
export async function startTestChain(): Promise<LocalChain> {
  return startChain({ blockTimeMs: 0 });
}

export function randomAddress(): EvmAddress {
  return getAddress(`0x${randomBytes(20).toString("hex")}`) as EvmAddress;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** Everything from a proposal to the chain: the real modules on a real database and a real EVM. */
export async function createWorld(options: {
  chain: LocalChain;
  db: Database;
  env?: Record<string, string>;
  settings?: SettlementDeps["settings"];
  urls?: readonly string[];
}) {
  const { chain, db } = options;
  const config: Config = testConfig({
    FLARE_RPC_URLS: (options.urls ?? [chain.url]).join(","),
    FLARE_VAULT_ADDRESS: chain.vault,
    FLARE_POLL_MS: "20",
    ...options.env,
  });
  const node = new JsonRpcProvider(chain.url, 31_337, {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 1,
  });
  const rpc = createEvmRpc({ urls: config.flare.rpcUrls, chainId: 31_337, log: silentLog, timeoutMs: 5_000 });
  await ensureDefaultPolicies(db.pool);

  // Nobody comes in over HTTP here.
  const auth = { requireSession: async () => undefined, requireRole: () => async () => undefined };
  const payouts = createPayouts({
    config,
    db,
    clock: systemClock,
    log: silentLog,
    approvalsGiven,
    suspicionsOf: async () => [],
    xrpl: null,
    auth,
  });
  const approvals = createApprovals({
    xrpl: null,
    config,
    db,
    clock: systemClock,
    log: silentLog,
    auth,
    provider: rpc.provider,
  });
  const { interleave, newSettlement } = settlementsOf({
    xrpl: null,
    config,
    db,
    clock: systemClock,
    log: silentLog,
    rpc,
    settings: options.settings ?? {},
  });
  const settlement: RailSettlement = newSettlement();

  const call = (method: string, params: unknown[] = []) => node.send(method, params);
  const vaultCall = async (name: string, args: readonly unknown[] = []): Promise<unknown> => {
    const data = vaultInterface.encodeFunctionData(name, args);
    const answer = await node.call({ to: chain.vault, data });
    return vaultInterface.decodeFunctionResult(name, answer)[0];
  };

  return {
    chain,
    db,
    config,
    rpc,
    node,
    payouts,
    approvals,
    settlement,
    newSettlement,
    interleave,
    call,
    vaultCall,

    /** A payout from the rewards account; approved at once when it is below 100 FLR. */
    async propose(amount: bigint, to: string = randomAddress()): Promise<Payout> {
      const { id } = await db.transaction((tx) =>
        payouts.proposePayout(tx, {
          proposer: { account: APPROVERS[0]?.address ?? "" },
          to,
          asset: "FLR",
          amount,
        }),
      );
      return this.payout(id);
    },

    async proposeMany(count: number, amount: bigint): Promise<Payout[]> {
      const made: Payout[] = [];
      for (let i = 0; i < count; i += 1) made.push(await this.propose(amount));
      return made;
    },

    async payout(id: string): Promise<Payout> {
      const payout = await findPayout(db.pool, id);
      if (payout === null) throw new Error(`no payout ${id}`);
      return payout;
    },

    async statuses(made: readonly Payout[]): Promise<string[]> {
      return Promise.all(made.map(async ({ id }) => (await this.payout(id)).status));
    },

    /** Signatures of approvers other than the first, who proposed. */
    async approve(payout: Payout, approvers: readonly (1 | 2 | 3)[]): Promise<void> {
      for (const account of approvers.flatMap((index) => APPROVERS[index] ?? [])) {
        const data = payoutTypedData(vaultDomain(31_337, chain.vault), await this.payout(payout.id));
        const signature = await signTypedData(new Wallet(account.privateKey), data);
        await approvals.approve(approverOf(account.address), payout.id, { signature: signature });
      }
    },

    async cancel(payout: Payout | undefined): Promise<void> {
      const step = {
        to: "cancelled",
        actor: "system:test",
        reason: "changed their mind",
        now: new Date(),
      } as const;
      await db.transaction((tx) => transitionPayouts(tx, { ...step, payoutIds: [payout?.id ?? ""] }));
    },

    /** A player who has FLR on the ledger and asks for a voucher. */
    async claim(amount: bigint): Promise<{ id: string; voucher: () => ReturnType<typeof payouts.voucher> }> {
      const account = randomAddress();
      const playerId = derivedId("test-player", account);
      const actor = { playerId, account, roles: ["player" as const] };
      const { id } = await db.transaction(async (tx) => {
        const owners = ["house:rewards", `player:${playerId}`];
        const [debit = 0n, credit = 0n] = await accountIds(
          tx,
          owners.map((owner) => ({ owner, asset: "FLR" })),
        );
        const gift = { kind: "posted", id: derivedId("gift", playerId), debit, credit, amount } as const;
        requirePosted(await postTransfers(tx, [{ ...gift, cause: "gift", ref: "test" }]));
        return payouts.requestPayout(tx, actor, { asset: "FLR", amount, payAs: "FLR", delivery: "claim" });
      });
      return { id, voucher: () => payouts.voucher(id, actor) };
    },

    /** Passes until nothing moves any more. */
    async settle(by?: RailSettlement): Promise<void> {
      const worker = by ?? this.settlement;
      for (let quiet = 0, passes = 0; quiet < 2; passes += 1) {
        if (passes > 60) throw new Error("settlement does not come to rest");
        quiet = (await worker.tick()) ? 0 : quiet + 1;
      }
    },

    /** Sends a call to the vault as somebody, mined at once on a chain with automine. */
    async vaultSend(
      as: { privateKey: string } | undefined,
      name: string,
      args: readonly unknown[],
    ): Promise<string> {
      const wallet = new Wallet(as?.privateKey ?? "", node);
      const sent = await wallet.sendTransaction({
        to: chain.vault,
        data: vaultInterface.encodeFunctionData(name, args),
        gasLimit: 1_000_000n,
      });
      return sent.hash;
    },

    async sendCoins(as: { privateKey: string } | undefined, to: string, value: bigint): Promise<string> {
      return (await new Wallet(as?.privateKey ?? "", node).sendTransaction({ to, value, gasLimit: 100_000n }))
        .hash;
    },

    async mine(blocks = 1): Promise<void> {
      for (let i = 0; i < blocks; i += 1) await call("evm_mine");
    },

    async resume(): Promise<void> {
      await db.transaction((tx) =>
        resumeRail(tx, { rail: "flare", actor: "system:test", reason: "looked at" }),
      );
    },

    async ledgerOf(owner: string): Promise<bigint> {
      const flr = (await balancesOf(db.pool, owner)).find(({ asset }) => asset === "FLR");
      return (flr?.available ?? 0n) + (flr?.held ?? 0n);
    },

    /** Every payee has exactly what it was to get, and ledger and vault agree to the wei. */
    async expectExactlyOnce(made: readonly Payout[]): Promise<void> {
      const owed = new Map<string, bigint>();
      for (const { id } of made) {
        const payout = await this.payout(id);
        expect(payout.status, payout.reason).toBe("confirmed");
        expect(await vaultCall("isConsumed", [payout.number])).toBe(true);
        owed.set(payout.to, (owed.get(payout.to) ?? 0n) + payout.amount);
      }
      for (const [to, amount] of owed) expect(await node.getBalance(to), to).toBe(amount);
      await this.expectLedgerEqualsChain();
    },

    async expectLedgerEqualsChain(): Promise<void> {
      expect(-(await this.ledgerOf("house:external"))).toBe(await node.getBalance(chain.vault));
      expect(await this.ledgerOf("house:credited")).toBe(
        await vaultCall("totalOwed", ["0x0000000000000000000000000000000000000000"]),
      );
    },

    async close(): Promise<void> {
      await this.settlement.stop();
      rpc.close();
      node.destroy();
    },
  };
}

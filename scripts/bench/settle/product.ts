import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { hardhatWallets, loadConfig } from "../../../src/config.ts";
import type { WireEvent } from "../../../src/modules/feed/index.ts";
import { createPayouts, ensureDefaultPolicies } from "../../../src/modules/payouts/index.ts";
import { createSettlement } from "../../../src/modules/settlement/index.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Database } from "../../../src/platform/db/index.ts";
import { createEvmRpc } from "../../../src/platform/evm-rpc.ts";
import { createLogger } from "../../../src/platform/log.ts";
import type { LocalChain } from "../../local/chain.ts";
import { serveFeed } from "../feed/serve-feed.ts";

const log = createLogger({ level: "warn" });

/** What a payout is worth here: far below what needs approvers. */
export const AMOUNT_WEI = 10n ** 15n;

export type Product = Awaited<ReturnType<typeof startProduct>>;

/** As much of the product as a payout passes through, composed as `app.ts` does, with a client at the feed. */
export async function startProduct(db: Database, chain: LocalChain) {
  const approvers = [1, 2, 3, 4].map((index) => hardhatWallets()[index]?.address).join(",");
  const config = loadConfig({
    DATABASE_URL: db.url,
    AUTH_SECRET: randomBytes(32).toString("hex"),
    IP_HASH_KEY: randomBytes(32).toString("hex"),
    ADMIN_ADDRESSES: approvers,
    APPROVER_ADDRESSES: approvers,
    FLARE_RPC_URLS: chain.url,
    FLARE_VAULT_ADDRESS: chain.vault,
    FLARE_OPERATOR_KEY: hardhatWallets()[9]?.privateKey,
  });
  const rpc = createEvmRpc({ urls: [chain.url], chainId: chain.chainId, log });
  const deps = { config, db, clock: systemClock, log };
  const payouts = createPayouts({
    ...deps,
    approvalsGiven: async () => new Map(),
    suspicionsOf: async () => [],
    xrpl: null,
    auth: { requireSession: async () => undefined, requireRole: () => async () => undefined },
  });
  await ensureDefaultPolicies(db.pool);
  const feed = await startFeed(db);

  return {
    config,
    /** When the client at the feed was told of a payout, by `performance.now()`. */
    seenAt: feed.seenAt,

    /** Approved when this resolves; gives the payouts' ids. */
    async approve(payees: readonly string[]): Promise<string[]> {
      const proposer = { account: config.auth.admins[0] ?? "" };
      return db.transaction(async (tx) => {
        const ids: string[] = [];
        for (const to of payees) {
          ids.push((await payouts.proposePayout(tx, { proposer, to, asset: "FLR", amount: AMOUNT_WEI })).id);
        }
        return ids;
      });
    },

    /** A worker as the product runs it, by its own loop; resolves with what stops it. */
    startWorker(): () => Promise<void> {
      const settlement = createSettlement({ ...deps, rpc, xrpl: null });
      settlement.start();
      return () => settlement.stop();
    },

    /** Resolves when the worker has read that the vault was funded, which is what payouts may be promised from. */
    async untilFunded(): Promise<void> {
      const stop = this.startWorker();
      const funded = async () =>
        (await db.pool.query("SELECT FROM accounts WHERE owner = 'house:rewards' AND posted > 0"))
          .rowCount === 1;
      while (!(await funded())) await sleep(20);
      await stop();
    },

    /** Until every payout is at its end; asked in a way that costs next to nothing. */
    async untilFinal(): Promise<void> {
      const isAnyOpen = async () =>
        (
          await db.pool.query(
            "SELECT FROM payouts WHERE status IN ('approved', 'batched', 'submitted') LIMIT 1",
          )
        ).rowCount === 1;
      while (await isAnyOpen()) await sleep(10);
    },

    async stop(): Promise<void> {
      await feed.stop();
      rpc.close();
    },
  };
}

async function startFeed(db: Database) {
  const feed = await serveFeed(db);
  const client = io(`http://127.0.0.1:${feed.port}`, {
    path: "/ws",
    transports: ["websocket"],
  });
  const seenAt = new Map<string, number>();
  client.on("feed", ({ type, payload }: WireEvent) => {
    if (type === "payout") seenAt.set(String(payload.id), performance.now());
  });
  await client.timeout(5_000).emitWithAck("subscribe", { channel: "feed" });
  return {
    seenAt,
    async stop(): Promise<void> {
      client.close();
      await feed.stop();
    },
  };
}

import { randomBytes } from "node:crypto";
import { getAddress } from "ethers";
import { hardhatWallets, loadConfig } from "../../src/config.ts";
import { createPayouts, ensureDefaultPolicies } from "../../src/modules/payouts/index.ts";
import { flareSettlement, type RailSettlement } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createEvmRpc, type EvmRpc } from "../../src/platform/evm-rpc.ts";
import { createLogger } from "../../src/platform/log.ts";
import { type LocalChain, startChain } from "../local/chain.ts";
import { median, printTable, target, withDurableDatabase } from "./harness.ts";

const RUNS = 3;
const BATCHED = 1_500;
const SINGLE = 100;
const AMOUNT = 10n ** 15n;

export const name = "settle";
export const describe = "payouts finalized per second on the local chain, against one transaction per payout";

const log = createLogger({ level: "warn" });

/**
 * The same worker on the same chain and database, once with batches as they are and once with one payout in each:
 * everything else, from the simulation to the holds, is alike. Timed from approved payouts to the last one final.
 */
export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    const chain = await startChain({ blockTimeMs: 0 });
    const rpc = createEvmRpc({ urls: [chain.url], chainId: chain.chainId, log });
    try {
      await measure(db, chain, rpc);
    } finally {
      rpc.close();
      await chain.stop();
    }
  });
}

async function measure(db: Database, chain: LocalChain, rpc: EvmRpc): Promise<void> {
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
  const deps = { config, db, clock: systemClock, log };
  const nobody = { requireSession: async () => undefined, requireRole: () => async () => undefined };
  const payouts = createPayouts({
    ...deps,
    approvalsGiven: async () => new Map(),
    suspicionsOf: async () => [],
    xrpl: null,
    auth: nobody,
  });
  await ensureDefaultPolicies(db.pool);

  async function propose(): Promise<void> {
    const to = getAddress(`0x${randomBytes(20).toString("hex")}`);
    const proposer = { account: config.auth.admins[0] ?? "" };
    await db.transaction((tx) => payouts.proposePayout(tx, { proposer, to, asset: "FLR", amount: AMOUNT }));
  }

  async function perSecond(count: number, maxBatchSize: number): Promise<number> {
    const settlement = flareSettlement({ ...deps, rpc, xrpl: null, settings: { maxBatchSize } });
    if (settlement === null) throw new Error("the benchmark has no Flare rail");
    await settle(settlement);
    const callers = 8;
    await Promise.all(
      Array.from({ length: callers }, async (_unused, caller) => {
        for (let i = caller; i < count; i += callers) await propose();
      }),
    );
    const start = performance.now();
    await settle(settlement);
    const seconds = (performance.now() - start) / 1_000;
    await settlement.stop();
    const { rows } = await db.pool.query(
      "SELECT count(*)::int AS open FROM payouts WHERE status <> 'confirmed'",
    );
    if (rows[0]?.open !== 0) throw new Error(`${rows[0]?.open} payouts were not finalized`);
    return count / seconds;
  }

  const rates = { batched: [] as number[], single: [] as number[] };
  await perSecond(10, 1);
  for (let run = 0; run < RUNS; run += 1) {
    rates.batched.push(await perSecond(BATCHED, config.flare.maxBatchSize));
    rates.single.push(await perSecond(SINGLE, 1));
  }
  const batched = median(rates.batched);
  const single = median(rates.single);
  printTable(
    `payouts finalized per second, blocks mined at once, median of ${RUNS}`,
    ["", "per second", "ratio"],
    [
      ["one transaction per payout", Math.round(single).toLocaleString("en"), "1.00×"],
      [
        `batches of up to ${config.flare.maxBatchSize}`,
        Math.round(batched).toLocaleString("en"),
        `${(batched / single).toFixed(2)}×`,
      ],
    ],
  );
  target("settlement in batches", batched / single, 10);
}

/** Until nothing moves any more. */
async function settle(settlement: RailSettlement): Promise<void> {
  for (let quiet = 0; quiet < 2; ) quiet = (await settlement.tick()) ? 0 : quiet + 1;
}

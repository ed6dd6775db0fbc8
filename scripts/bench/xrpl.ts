import { randomBytes } from "node:crypto";
import { Wallet } from "xrpl";
import { loadConfig } from "../../src/config.ts";
import { createPayouts, ensureDefaultPolicies } from "../../src/modules/payouts/index.ts";
import { type RailSettlement, xrplSettlement } from "../../src/modules/settlement/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createXrplClient, type XrplClient } from "../../src/platform/xrpl/client.ts";
import { type LocalXrpl, localXrplApprovers, startLocalXrpl } from "../local/xrpl.ts";
import { median, printTable, target, withDurableDatabase } from "./harness.ts";

const RUNS = 3;
const ON_TICKETS = 200;
const ONE_AT_A_TIME = 10;
const TICKETS = 200;
const AMOUNT_DROPS = 2_000_000n;

export const name = "xrpl";
export const describe = "payouts per validated ledger on tickets, against one at a time";

const log = createLogger({ level: "warn" });

/**
 * The same worker on the same standalone ledger and database, once with as many payments on their way as there are
 * tickets and once with one: ledgers close when the worker has nothing more to do, so that the count does not depend on
 * the machine. What the machine can do is told beside it, as payouts per second without waiting for closes.
 */
export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    const local = await startLocalXrpl({ closeEveryMs: null, tickets: TICKETS });
    const client = createXrplClient({
      urls: [local.ledger.url],
      networkId: local.ledger.networkId,
      clock: systemClock,
      log,
    });
    try {
      await measure(db, local, client);
    } finally {
      await client.close();
      await local.stop();
    }
  });
}

async function measure(db: Database, local: LocalXrpl, client: XrplClient): Promise<void> {
  const config = loadConfig({
    DATABASE_URL: db.url,
    AUTH_SECRET: randomBytes(32).toString("hex"),
    IP_HASH_KEY: randomBytes(32).toString("hex"),
    APPROVER_ADDRESSES: localXrplApprovers()
      .map(({ address }) => address)
      .join(","),
    // No Flare here; the settings only have to be whole.
    FLARE_RPC_URLS: "http://127.0.0.1:1",
    FLARE_VAULT_ADDRESS: "0x0000000000000000000000000000000000000001",
    ROLE: "api",
    ...local.env,
    XRPL_RLUSD_ISSUER: "",
    XRPL_MAX_IN_FLIGHT: String(TICKETS),
  });
  const deps = { config, db, clock: systemClock, log, xrpl: client };
  const nobody = { requireSession: async () => undefined, requireRole: () => async () => undefined };
  const payouts = createPayouts({
    ...deps,
    approvalsGiven: async () => new Map(),
    suspicionsOf: async () => [],
    auth: nobody,
  });
  await ensureDefaultPolicies(db.pool);

  async function perLedger(
    count: number,
    maxOpenNonces: number,
  ): Promise<{ perLedger: number; perSecond: number }> {
    const settlement = xrplSettlement({ ...deps, rpc: null, settings: { maxOpenNonces } });
    if (settlement === null) throw new Error("the benchmark has no XRP Ledger rail");
    await settle(settlement);
    // Past the wait of a database that was not written to for a while, and with all tickets back.
    await local.ledger.accept(config.xrpl?.ledgerWindow ?? 0);
    for (let i = 0; i < 3; i += 1) {
      await settle(settlement);
      await local.ledger.accept();
    }
    for (let i = 0; i < count; i += 1) {
      const to = Wallet.generate().classicAddress;
      await db.transaction((tx) =>
        payouts.proposePayout(tx, {
          proposer: { account: "system:bench" },
          to,
          asset: "XRP",
          amount: AMOUNT_DROPS,
        }),
      );
    }
    const from = local.ledger.validatedIndex();
    const start = performance.now();
    do {
      await settle(settlement);
      await local.ledger.accept();
      await settle(settlement);
    } while ((await open(db)) > 0);
    const seconds = (performance.now() - start) / 1_000;
    await settlement.stop();
    return { perLedger: count / (local.ledger.validatedIndex() - from), perSecond: count / seconds };
  }

  const onTickets: { perLedger: number; perSecond: number }[] = [];
  const single: { perLedger: number; perSecond: number }[] = [];
  await perLedger(5, TICKETS);
  for (let run = 0; run < RUNS; run += 1) {
    onTickets.push(await perLedger(ON_TICKETS, TICKETS));
    single.push(await perLedger(ONE_AT_A_TIME, 1));
  }
  const row = (label: string, runs: typeof onTickets, base: number) => [
    label,
    median(runs.map((run) => run.perLedger)).toFixed(1),
    `${(median(runs.map((run) => run.perLedger)) / base).toFixed(1)}×`,
    Math.round(median(runs.map((run) => run.perSecond))).toLocaleString("en"),
  ];
  const base = median(single.map((run) => run.perLedger));
  printTable(
    `payouts per validated ledger, median of ${RUNS}`,
    ["", "per ledger", "ratio", "per second, closes not waited for"],
    [row("one at a time", single, base), row(`on up to ${TICKETS} tickets`, onTickets, base)],
  );
  target("payouts per ledger on tickets", median(onTickets.map((run) => run.perLedger)) / base, 50);
}

async function open(db: Database): Promise<number> {
  const { rows } = await db.pool.query<{ open: number }>(
    "SELECT count(*)::int AS open FROM payouts WHERE status <> 'confirmed'",
  );
  return rows[0]?.open ?? 0;
}

/** Until nothing moves any more. */
async function settle(settlement: RailSettlement): Promise<void> {
  for (let quiet = 0; quiet < 2; ) quiet = (await settlement.tick()) ? 0 : quiet + 1;
}

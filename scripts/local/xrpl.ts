import { join } from "node:path";
import { AccountSetAsfFlags, Wallet } from "xrpl";
import { LOCAL_XRPL_NETWORK_ID, localXrplAccounts } from "../../src/config.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createLogger } from "../../src/platform/log.ts";
import { currencyName, parseAssetRef } from "../../src/platform/xrpl/amount.ts";
import { createXrplClient, type XrplClient, XrplRpcError } from "../../src/platform/xrpl/client.ts";
import { setupTreasury, type TreasuryPlan } from "../xrpl/setup-treasury.ts";
import { sequenceOf, submitReliably } from "../xrpl/submit-reliably.ts";
import { startXrplLedger, type XrplLedger } from "./xrpl-ledger/index.ts";

/** Whose keys approve on the local ledger: public, like all of its accounts. */
export function localXrplApprovers(): { address: string; seed: string }[] {
  const { approver1, approver2, approver3 } = localXrplAccounts();
  return [approver1, approver2, approver3];
}

export type LocalXrpl = {
  ledger: XrplLedger;
  /** Whether the ledger begins here; otherwise it continues from its log. */
  fresh: boolean;
  /** Settings for the server. */
  env: Record<string, string>;
  stop(): Promise<void>;
};

export type LocalXrplOptions = {
  /** Where the ledger is kept; absent: nowhere. */
  dataDir?: string;
  /** Between two ledgers; null leaves it to `ledger_accept`. */
  closeEveryMs?: number | null;
  tickets?: number;
  /** 0, the default, takes any free port. */
  port?: number;
};

const MAX_FEE_DROPS = 5_000n;
const FUND_DROPS = 1_000_000n * 1_000_000n;
const ISSUED_RLUSD = "1000000";
const TICKETS = 60;
/** As many ledgers as a second has room for, so that a restart does not wait long. */
const LEDGER_WINDOW = 8;

/**
 * A standalone XRP Ledger with a treasury as operators set one up: signed for by two of three approvers, a regular key
 * for the worker, a trust line filled with RLUSD of a local issuer, tickets, and no master key.
 */
export async function startLocalXrpl(options: LocalXrplOptions = {}): Promise<LocalXrpl> {
  const { dataDir, closeEveryMs = 1_000, tickets = TICKETS } = options;
  const ledger = await startXrplLedger({
    networkId: LOCAL_XRPL_NETWORK_ID,
    closeEveryMs,
    port: options.port ?? 0,
    ...(dataDir === undefined ? {} : { logFile: join(dataDir, "ledger.log") }),
  });
  const { treasury, worker, issuer } = localXrplAccounts();
  // The last thing that setting up does; one that was interrupted is done again, where it was.
  const rlusd = rlusdOf(issuer.address);
  const fresh = (ledger.tokenBalanceOf(treasury.address, rlusd.currency, issuer.address) ?? "0") === "0";
  try {
    if (fresh) await setUp(ledger, tickets);
  } catch (error) {
    await ledger.stop();
    throw error;
  }
  return {
    ledger,
    fresh,
    env: {
      XRPL_URLS: ledger.url,
      XRPL_NETWORK_ID: String(LOCAL_XRPL_NETWORK_ID),
      XRPL_TREASURY: treasury.address,
      XRPL_WORKER_SEED: worker.seed,
      XRPL_RLUSD_ISSUER: issuer.address,
      XRPL_LEDGER_WINDOW: String(LEDGER_WINDOW),
      XRPL_TICKETS: String(tickets),
    },
    stop: () => ledger.stop(),
  };
}

async function setUp(ledger: XrplLedger, tickets: number): Promise<void> {
  const accounts = localXrplAccounts();
  const log = createLogger({ level: "silent" });
  const client = createXrplClient({
    urls: [ledger.url],
    networkId: LOCAL_XRPL_NETWORK_ID,
    clock: systemClock,
    log,
  });
  const onSubmitted = () => ledger.accept();
  const submit = async (
    seed: string,
    transaction: Record<string, unknown> & { TransactionType: string; Account: string },
  ) =>
    submitReliably(client, transaction, {
      wallet: Wallet.fromSeed(seed),
      sequence: (await sequenceOf(client, transaction.Account, "validated")) ?? 0,
      maxFeeDrops: MAX_FEE_DROPS,
      log: () => undefined,
      pollMs: 5,
      onSubmitted,
    });
  const { genesis, treasury, worker, issuer, player } = accounts;
  const currency = rlusdOf(issuer.address).currency;
  try {
    for (const account of [issuer, player, ...localXrplApprovers()]) {
      if (await exists(client, account.address)) continue;
      await submit(genesis.seed, {
        TransactionType: "Payment",
        Account: genesis.address,
        Destination: account.address,
        Amount: "1000000000",
      });
    }
    // Without it, holders of the currency could not be paid by one another.
    await submit(issuer.seed, {
      TransactionType: "AccountSet",
      Account: issuer.address,
      SetFlag: AccountSetAsfFlags.asfDefaultRipple,
    });
    const plan: TreasuryPlan = {
      treasury: treasury.address,
      signers: localXrplApprovers().map(({ address }) => address),
      quorum: 2,
      regularKey: worker.address,
      trustLines: [{ currency, issuer: issuer.address, limit: "1000000000" }],
      tickets,
      fundDrops: FUND_DROPS,
      disableMaster: true,
    };
    await setupTreasury(client, plan, {
      log: () => undefined,
      treasuryWallet: Wallet.fromSeed(treasury.seed),
      funder: Wallet.fromSeed(genesis.seed),
      pollMs: 5,
      onSubmitted,
    });
    await submit(issuer.seed, {
      TransactionType: "Payment",
      Account: issuer.address,
      Destination: treasury.address,
      Amount: { currency, issuer: issuer.address, value: ISSUED_RLUSD },
    });
  } finally {
    await client.close();
  }
}

/** The local RLUSD, as the ledger writes it. */
export function rlusdOf(issuer: string): { currency: string; name: string; issuer: string } {
  const ref = parseAssetRef(`RLUSD.${issuer}`);
  if (ref.kind !== "issued") throw new Error("RLUSD is an issued currency");
  return { currency: ref.currency, name: currencyName(ref.currency), issuer };
}

async function exists(client: XrplClient, account: string): Promise<boolean> {
  try {
    await client.request({ command: "account_info", account, ledger_index: "validated" });
    return true;
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "actNotFound") return false;
    throw error;
  }
}

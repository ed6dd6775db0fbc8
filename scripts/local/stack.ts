import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hardhatWallets, LOCAL_CHAIN_ID } from "../../src/config.ts";
import { type LocalChain, startChain } from "./chain.ts";
import { type LocalPostgres, startPostgres } from "./postgres.ts";
import { type LocalXrpl, localXrplApprovers, startLocalXrpl } from "./xrpl.ts";

/** Which of Hardhat's accounts plays which part on the local chain. */
export const LOCAL_OPERATOR = 9;
export const LOCAL_APPROVERS = [1, 2, 3, 4] as const;

export type Stack = {
  /** Settings for `src/server.ts`: what the caller gave, and what was started here for the rest. */
  env: Record<string, string>;
  postgres: LocalPostgres | null;
  chain: LocalChain | null;
  xrpl: LocalXrpl | null;
  /** How this start relates to the one before. */
  history: "new" | "continued" | "restarted" | "external";
  stop(): Promise<void>;
};

export type StackOptions = {
  dataDir: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds between the local chain's blocks. */
  blockTimeMs?: number;
  /** Trades durability for speed; for tests that do not test durability. */
  volatile?: boolean;
  onProgress?: (text: string) => void;
};

/** What was started here, and whether it begins or continues; null for what the environment brings. */
type Parts = { postgres: LocalPostgres | null; chain: LocalChain | null; xrpl: LocalXrpl | null };

/**
 * Starts what the environment does not bring: PostgreSQL without DATABASE_URL, a Flare-like chain without
 * FLARE_RPC_URLS, and beside that chain a standalone XRP Ledger without XRPL_URLS. A ledger that outlived a chain would
 * pay numbers again, and a chain that outlived its ledger has paid what nobody remembers: so all of them continue where
 * they were, or all begin anew.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const given = definedValues(options.env ?? {});
  const dataDir = resolve(options.dataDir);
  const say = options.onProgress ?? (() => undefined);
  mkdirSync(dataDir, { recursive: true });
  const dirs = {
    postgres: join(dataDir, "postgres"),
    chain: join(dataDir, "chain"),
    xrpl: join(dataDir, "xrpl"),
  };
  const isOnchain = (given.PAYOUT_MODE ?? "onchain") === "onchain";
  const wants = {
    postgres: given.DATABASE_URL === undefined,
    chain: given.FLARE_RPC_URLS === undefined && isOnchain,
    // Toy money never stands beside real money.
    xrpl: given.XRPL_URLS === undefined && given.FLARE_RPC_URLS === undefined && isOnchain,
  };
  const parts: Parts = { postgres: null, chain: null, xrpl: null };
  const stop = async (): Promise<void> => {
    await parts.xrpl?.stop();
    await parts.chain?.stop();
    await parts.postgres?.stop();
  };

  /** None of them leans on another. When one fails, the others are awaited all the same, so that they can be stopped. */
  async function startAll(): Promise<boolean[]> {
    const outcomes = await Promise.allSettled([
      wants.chain && up("local Flare chain", startFlareChain),
      wants.postgres && up("PostgreSQL", startDatabase),
      wants.xrpl && up("standalone XRP Ledger", startXrpl),
    ]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    return Object.values(parts).flatMap((part) => (part === null ? [] : part.fresh));
  }

  async function up(name: string, start: () => Promise<void>): Promise<void> {
    await start();
    say(`${name} is up`);
  }

  async function startFlareChain(): Promise<void> {
    parts.chain = await startChain({
      dataDir: dirs.chain,
      onProgress: say,
      ...(options.blockTimeMs === undefined ? {} : { blockTimeMs: options.blockTimeMs }),
    });
  }

  async function startDatabase(): Promise<void> {
    parts.postgres = await startPostgres({
      dataDir: dirs.postgres,
      ...(options.volatile === true ? { volatile: true } : {}),
    });
  }

  async function startXrpl(): Promise<void> {
    mkdirSync(dirs.xrpl, { recursive: true });
    parts.xrpl = await startLocalXrpl({
      dataDir: dirs.xrpl,
      ...(options.blockTimeMs === undefined ? {} : { closeEveryMs: options.blockTimeMs }),
    });
  }

  try {
    let restarted = false;
    let begins = await startAll();
    if (new Set(begins).size > 1) {
      say("one of them could not be continued: all begin anew");
      restarted = true;
      await stop();
      for (const dir of Object.values(dirs)) rmSync(dir, { recursive: true, force: true });
      begins = await startAll();
    }
    return {
      env: { ...localDefaults(dataDir, parts), ...given },
      ...parts,
      history:
        !wants.postgres || !wants.chain
          ? "external"
          : restarted
            ? "restarted"
            : begins.includes(true)
              ? "new"
              : "continued",
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function localDefaults(dataDir: string, { postgres, chain, xrpl }: Parts): Record<string, string> {
  const accounts = hardhatWallets();
  const admins = LOCAL_APPROVERS.flatMap((index) => accounts[index]?.address ?? []);
  const xrplApprovers = xrpl === null ? [] : localXrplApprovers().map(({ address }) => address);
  const operator = accounts[LOCAL_OPERATOR];
  return {
    ...secrets(dataDir),
    ...(postgres === null ? {} : { DATABASE_URL: postgres.url }),
    ...(chain === null || operator === undefined
      ? {}
      : {
          FLARE_RPC_URLS: chain.url,
          FLARE_CHAIN_ID: String(LOCAL_CHAIN_ID),
          FLARE_VAULT_ADDRESS: chain.vault,
          FLARE_OPERATOR_KEY: operator.privateKey,
          ADMIN_ADDRESSES: admins.join(","),
          APPROVER_ADDRESSES: [...admins, ...xrplApprovers].join(","),
        }),
    ...(xrpl?.env ?? {}),
  };
}

/** Keys that are made once for a data directory: sessions outlive a restart, and no two installations share them. */
function secrets(dataDir: string): Record<string, string> {
  const path = join(dataDir, "secrets.json");
  if (!existsSync(path)) {
    const made = {
      AUTH_SECRET: randomBytes(32).toString("hex"),
      IP_HASH_KEY: randomBytes(32).toString("hex"),
    };
    writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
}

function definedValues(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  return Object.fromEntries(entries);
}

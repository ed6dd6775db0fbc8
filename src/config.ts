import { getAddress, HDNodeWallet, isAddress, isHexString, Wallet } from "ethers";
import { ConfigError, type Environment, Reader } from "./config-reader.ts";
import { readXrpl, type XrplConfig } from "./config-xrpl.ts";

export { ConfigError } from "./config-reader.ts";
export { LOCAL_XRPL_NETWORK_ID, localXrplAccounts, type XrplConfig } from "./config-xrpl.ts";

/** Where the money of a payout goes: nowhere (`demo`), to the player's ledger account, or on chain. */
export type PayoutMode = "demo" | "server" | "onchain";

/** What a process does: serves the API and sockets, runs settlement, or both. */
export type ProcessRole = "api" | "worker" | "all";

export const LOCAL_CHAIN_ID = 31_337;

/** Mnemonic "test test … junk": public, so worth nothing, and refused on every chain but the local one. */
export const HARDHAT_MNEMONIC = "test test test test test test test test test test test junk";

/** Addresses of Hardhat's first twenty accounts; a key of one of them is never accepted on a real chain. */
const HARDHAT_ACCOUNTS = 20;

export type Config = {
  environment: "development" | "production";
  role: ProcessRole;
  host: string;
  port: number;
  /** Origin that players see, e.g. `https://play.example`; the SIWE domain and uri come from it. */
  publicUrl: URL;
  trustProxy: boolean;
  logLevel: string;
  database: { url: string; maxConnections: number };
  redisUrl: string | null;
  /** Bearer token for `/metrics` from other machines; null serves it to this machine only. */
  metricsToken: string | null;
  /** What one IP address may ask of the API in a minute; clicks are counted apart. */
  apiRequestsPerMinute: number;
  auth: {
    /** Signs access tokens and refresh cookies (HS256); at least 32 characters. */
    secret: string;
    /** Keys the hash under which an IP address is stored. */
    ipHashKey: string;
    accessTokenSeconds: number;
    refreshTokenSeconds: number;
    challengeSeconds: number;
    /** Wallets' addresses, EVM (checksummed) and XRP Ledger (classic) beside one another. */
    admins: readonly string[];
    approvers: readonly string[];
    secureCookies: boolean;
  };
  clicks: {
    maxEnergy: number;
    energyPerSecond: number;
    /** COIN for one tap. */
    rewardPerTap: bigint;
  };
  payouts: {
    mode: PayoutMode;
    /** How long approvers have, and until when their signatures hold. */
    approvalSeconds: number;
    /** How long a claim voucher holds. */
    voucherSeconds: number;
    /** Wei of FLR for one COIN. */
    weiPerCoin: bigint;
    /** Drops of XRP for one COIN. */
    dropsPerCoin: bigint;
    /** Millionths of RLUSD for one COIN. */
    microRlusdPerCoin: bigint;
  };
  flare: {
    chainId: number;
    rpcUrls: readonly string[];
    /** null when `payouts.mode` needs no chain. */
    vaultAddress: string | null;
    /** Where the vault's events begin; null finds it out, which takes a node that keeps old state. */
    vaultFromBlock: number | null;
    /** null on an api process that signs no vouchers and shows no chain figures in the treasury. */
    operatorKey: string | null;
    /** Blocks on top of and including its own that make a receipt final. */
    confirmations: number;
    /** Most that a transaction may offer per gas. */
    maxFeePerGasWei: bigint;
    /** Seconds without inclusion after which a fee is raised. */
    replaceAfterSeconds: number;
    /** Most payees in one batch. */
    maxBatchSize: number;
    /** How often the chain is asked for a new block while payouts are on their way; a fifth as often otherwise. */
    pollMs: number;
  };
  /** null where nothing is paid on the XRP Ledger. */
  xrpl: XrplConfig | null;
};

/**
 * Reads every setting from the environment, once. Throws one `ConfigError` that lists all faults. Nothing in it is a
 * default that would be unsafe away from the local chain: there the secrets and keys must be given.
 */
export function loadConfig(env: Environment): Config {
  const read = new Reader(env);
  const environment = read.choice("NODE_ENV", ["development", "production", "test"], "development");
  const host = read.text("HOST", "127.0.0.1");
  const port = read.integer("PORT", 3000, 0, 65_535);
  const publicUrl = read.url("PUBLIC_URL", read.text("PUBLIC_URL", `http://127.0.0.1:${port}`), [
    "http:",
    "https:",
  ]);
  const databaseUrl = read.required(
    "DATABASE_URL",
    "the PostgreSQL that holds the ledger (npm start brings its own)",
  );
  if (databaseUrl !== "") read.url("DATABASE_URL", databaseUrl, ["postgres:", "postgresql:"]);
  const redisUrl = read.optional("REDIS_URL");
  if (redisUrl !== null) read.url("REDIS_URL", redisUrl, ["redis:", "rediss:"]);

  const secret = read.required("AUTH_SECRET", "at least 32 random characters that sign sessions");
  if (secret !== "" && secret.length < 32) read.faults.push("AUTH_SECRET must have at least 32 characters");
  const ipHashKey = read.required(
    "IP_HASH_KEY",
    "at least 32 random characters that key the hash of IP addresses",
  );
  if (ipHashKey !== "" && ipHashKey.length < 32)
    read.faults.push("IP_HASH_KEY must have at least 32 characters");

  const mode = read.choice("PAYOUT_MODE", ["demo", "server", "onchain"], "onchain");
  const role = read.choice("ROLE", ["api", "worker", "all"], "all");
  const chainId = read.integer("FLARE_CHAIN_ID", LOCAL_CHAIN_ID, 1, 2 ** 31);
  const rpcUrls = (read.optional("FLARE_RPC_URLS") ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  for (const url of rpcUrls) read.url("FLARE_RPC_URLS", url, ["http:", "https:"]);
  const vaultAddress = read.optional("FLARE_VAULT_ADDRESS");
  if (vaultAddress !== null && !isAddress(vaultAddress)) {
    read.faults.push(`FLARE_VAULT_ADDRESS is "${vaultAddress}", which is not an EVM address`);
  }
  const operatorKey = read.optional("FLARE_OPERATOR_KEY");
  if (operatorKey !== null && !isHexString(operatorKey, 32)) {
    read.faults.push("FLARE_OPERATOR_KEY must be 0x and 64 hex digits");
  }
  if (mode === "onchain") {
    if (rpcUrls.length === 0) read.faults.push("FLARE_RPC_URLS is missing: PAYOUT_MODE is onchain");
    if (vaultAddress === null) read.faults.push("FLARE_VAULT_ADDRESS is missing: PAYOUT_MODE is onchain");
    if (operatorKey === null && role !== "api") {
      read.faults.push(`FLARE_OPERATOR_KEY is missing: PAYOUT_MODE is onchain and ROLE is ${role}`);
    }
  }
  const admins = read.addresses("ADMIN_ADDRESSES");
  const approvers = read.addresses("APPROVER_ADDRESSES");
  if (chainId !== LOCAL_CHAIN_ID) {
    const known = new Set(hardhatWallets().map((wallet) => wallet.address));
    const isKnownKey =
      operatorKey !== null && isHexString(operatorKey, 32) && known.has(new Wallet(operatorKey).address);
    if (isKnownKey)
      read.faults.push(`FLARE_OPERATOR_KEY is a public Hardhat key, refused on chain ${chainId}`);
    for (const address of [...admins, ...approvers]) {
      if (known.has(address))
        read.faults.push(
          `${address} is a public Hardhat account, refused as admin or approver on chain ${chainId}`,
        );
    }
    if (publicUrl.protocol !== "https:" && environment === "production") {
      read.faults.push("PUBLIC_URL must be https in production");
    }
  }

  const config: Config = {
    environment: environment === "production" ? "production" : "development",
    role,
    host,
    port,
    publicUrl,
    trustProxy: read.flag("TRUST_PROXY", false),
    logLevel: read.choice(
      "LOG_LEVEL",
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "info",
    ),
    database: { url: databaseUrl, maxConnections: read.integer("DATABASE_MAX_CONNECTIONS", 20, 2, 500) },
    redisUrl,
    metricsToken: read.optional("METRICS_TOKEN"),
    apiRequestsPerMinute: read.integer("API_REQUESTS_PER_MINUTE", 12_000, 1, 10_000_000),
    auth: {
      secret,
      ipHashKey,
      accessTokenSeconds: read.integer("ACCESS_TOKEN_SECONDS", 900, 30, 86_400),
      refreshTokenSeconds: read.integer("REFRESH_TOKEN_SECONDS", 2_592_000, 60, 31_536_000),
      challengeSeconds: read.integer("CHALLENGE_SECONDS", 300, 10, 3_600),
      admins,
      approvers,
      secureCookies: publicUrl.protocol === "https:",
    },
    clicks: {
      maxEnergy: read.integer("CLICK_MAX_ENERGY", 1_000, 1, 1_000_000),
      energyPerSecond: read.integer("CLICK_ENERGY_PER_SECOND", 3, 1, 100_000),
      rewardPerTap: read.amount("CLICK_REWARD", 1n),
    },
    payouts: {
      mode,
      approvalSeconds: read.integer("APPROVAL_SECONDS", 7 * 86_400, 60, 90 * 86_400),
      voucherSeconds: read.integer("VOUCHER_SECONDS", 86_400, 60, 30 * 86_400),
      weiPerCoin: read.amount("WEI_PER_COIN", 10n ** 15n),
      dropsPerCoin: read.amount("DROPS_PER_COIN", 1_000n),
      microRlusdPerCoin: read.amount("MICRO_RLUSD_PER_COIN", 1_000n),
    },
    flare: {
      chainId,
      rpcUrls,
      vaultAddress: vaultAddress !== null && isAddress(vaultAddress) ? getAddress(vaultAddress) : null,
      vaultFromBlock:
        read.optional("FLARE_VAULT_FROM_BLOCK") === null
          ? null
          : read.integer("FLARE_VAULT_FROM_BLOCK", 0, 0, 2 ** 40),
      operatorKey,
      confirmations: read.integer("FLARE_CONFIRMATIONS", 1, 1, 1_000),
      maxFeePerGasWei: read.amount("FLARE_MAX_FEE_PER_GAS_WEI", 2_000n * 10n ** 9n),
      replaceAfterSeconds: read.integer("FLARE_REPLACE_AFTER_SECONDS", 15, 1, 3_600),
      maxBatchSize: read.integer("FLARE_MAX_BATCH_SIZE", 500, 1, 1_000),
      pollMs: read.integer("FLARE_POLL_MS", 50, 10, 60_000),
    },
    xrpl: readXrpl(read, { mode, role }),
  };
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return config;
}

export type DevelopmentAccount = { index: number; address: string; privateKey: string };

let developmentAccounts: readonly DevelopmentAccount[] | undefined;

/** Hardhat's public development accounts, in order. */
export function hardhatWallets(): readonly DevelopmentAccount[] {
  developmentAccounts ??= Array.from({ length: HARDHAT_ACCOUNTS }, (_unused, index) => {
    const wallet = HDNodeWallet.fromPhrase(HARDHAT_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);
    return { index, address: wallet.address, privateKey: wallet.privateKey };
  });
  return developmentAccounts;
}

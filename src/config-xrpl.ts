import { createHash } from "node:crypto";
import { ECDSA, isValidClassicAddress, Wallet as XrplWallet } from "xrpl";
import type { Reader } from "./config-reader.ts";

/** Of the standalone ledger that `npm start` brings; above 1024, so that what is signed for it holds nowhere else. */
export const LOCAL_XRPL_NETWORK_ID = 21_337;

export type XrplConfig = {
  networkId: number;
  urls: readonly string[];
  /** The account that pays. */
  treasury: string;
  /** Where the treasury's history begins for us; null finds it out. */
  treasuryFromLedger: number | null;
  /** Seed of the treasury's regular key, which signs small payouts; null on an api process. */
  workerSeed: string | null;
  /** Issuer of RLUSD; null where RLUSD is not paid. */
  rlusdIssuer: string | null;
  /** Most that a payment may offer, for each signature. */
  maxFeeDrops: bigint;
  /** Ledgers in which a payment that needs no approvals may be included, after the one that it was signed at. */
  ledgerWindow: number;
  /** Ledgers that approvers have to sign a transaction. */
  approvalLedgers: number;
  /** Tickets that are kept ready. */
  tickets: number;
  /** Payments on their way at a time. */
  maxInFlight: number;
  /** How often the network is asked for a new ledger while payouts are on their way; a fifth as often otherwise. */
  pollMs: number;
};

/** The settings of the XRP Ledger's rail; it is off without URLs. */
export function readXrpl(read: Reader, process: { mode: string; role: string }): XrplConfig | null {
  const urls = (read.optional("XRPL_URLS") ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (urls.length === 0 || process.mode !== "onchain") return null;
  for (const url of urls) read.url("XRPL_URLS", url, ["ws:", "wss:"]);
  const networkId = read.integer("XRPL_NETWORK_ID", LOCAL_XRPL_NETWORK_ID, 0, 2 ** 32 - 1);
  const account = (name: string, text: string): string => {
    if (isValidClassicAddress(text)) return text;
    read.faults.push(`${name} is "${text}", which is no classic address of the XRP Ledger`);
    return text;
  };
  const treasury = read.required("XRPL_TREASURY", "the account that pays on the XRP Ledger");
  const rlusdIssuer = read.optional("XRPL_RLUSD_ISSUER");
  const workerSeed = read.optional("XRPL_WORKER_SEED");
  if (workerSeed === null && process.role !== "api") {
    read.faults.push(`XRPL_WORKER_SEED is missing: XRPL_URLS is set and ROLE is ${process.role}`);
  }
  if (workerSeed !== null) readWorkerSeed(read, workerSeed, networkId);
  return {
    networkId,
    urls,
    treasury: treasury === "" ? treasury : account("XRPL_TREASURY", treasury),
    treasuryFromLedger:
      read.optional("XRPL_TREASURY_FROM_LEDGER") === null
        ? null
        : read.integer("XRPL_TREASURY_FROM_LEDGER", 1, 1, 2 ** 32 - 1),
    workerSeed,
    rlusdIssuer: rlusdIssuer === null ? null : account("XRPL_RLUSD_ISSUER", rlusdIssuer),
    maxFeeDrops: read.amount("XRPL_MAX_FEE_DROPS", 5_000n),
    // The ledger's own queue wants at least two ledgers beyond the open one.
    ledgerWindow: read.integer("XRPL_LEDGER_WINDOW", 20, 4, 1_000),
    approvalLedgers: read.integer("XRPL_APPROVAL_LEDGERS", 21_600, 10, 1_000_000),
    tickets: read.integer("XRPL_TICKETS", 60, 1, 200),
    maxInFlight: read.integer("XRPL_MAX_IN_FLIGHT", 50, 1, 200),
    pollMs: read.integer("XRPL_POLL_MS", 500, 10, 60_000),
  };
}

/** The seed is never shown: a fault says only which setting is wrong. */
function readWorkerSeed(read: Reader, seed: string, networkId: number): void {
  try {
    const { address } = XrplWallet.fromSeed(seed);
    const isPublic = Object.values(localXrplAccounts()).some((known) => known.address === address);
    if (isPublic && networkId !== LOCAL_XRPL_NETWORK_ID) {
      read.faults.push(`XRPL_WORKER_SEED is a public development seed, refused on network ${networkId}`);
    }
  } catch {
    read.faults.push("XRPL_WORKER_SEED must be a seed of the XRP Ledger (s…)");
  }
}

export type XrplDevelopmentAccount = { address: string; seed: string };

const XRPL_DEVELOPMENT_NAMES = [
  "treasury",
  "worker",
  "issuer",
  "approver1",
  "approver2",
  "approver3",
  "player",
] as const;

let xrplAccounts:
  | Record<(typeof XRPL_DEVELOPMENT_NAMES)[number] | "genesis", XrplDevelopmentAccount>
  | undefined;

/**
 * Public accounts of the local XRP Ledger: the genesis account that every standalone server begins with, and one for
 * each part that somebody plays. Worth nothing, and refused on every network but the local one.
 */
export function localXrplAccounts(): NonNullable<typeof xrplAccounts> {
  if (xrplAccounts === undefined) {
    const derive = (name: string) => {
      const entropy = createHash("sha256")
        .update(`coinclicker local xrp ledger: ${name}`)
        .digest()
        .subarray(0, 16);
      const wallet = XrplWallet.fromEntropy(entropy, { algorithm: ECDSA.ed25519 });
      if (wallet.seed === undefined) throw new Error(`the development account ${name} has no seed`);
      return { address: wallet.address, seed: wallet.seed };
    };
    xrplAccounts = {
      genesis: { address: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", seed: "snoPBrXtMeMyMHUVTgbuqAfg1SUTb" },
      treasury: derive("treasury"),
      worker: derive("worker"),
      issuer: derive("issuer"),
      approver1: derive("approver1"),
      approver2: derive("approver2"),
      approver3: derive("approver3"),
      player: derive("player"),
    };
  }
  return xrplAccounts;
}

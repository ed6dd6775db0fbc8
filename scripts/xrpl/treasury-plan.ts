import { LOCAL_XRPL_NETWORK_ID, localXrplAccounts } from "../../src/config.ts";
import { AppError } from "../../src/platform/errors.ts";
import { parseXrplAddress } from "../../src/platform/xrpl/address.ts";
import { currencyName, fromLedgerValue, parseAssetRef } from "../../src/platform/xrpl/amount.ts";

/** A currency that the treasury wants to hold, up to a limit. */
export type TrustPlan = { currency: string; issuer: string; limit: string };

/** What the treasury's account is to look like. */
export type TreasuryPlan = {
  treasury: string;
  /** Who approves, one vote each; at least `quorum` of them together can do everything. */
  signers: readonly string[];
  quorum: number;
  /** The worker's key, which pays what needs no approvals. */
  regularKey: string | null;
  trustLines: readonly TrustPlan[];
  /** Tickets that are there in the end. */
  tickets: number;
  /** What the treasury holds at least, where somebody is there to send it. */
  fundDrops: bigint;
  disableMaster: boolean;
};

/** xrpl.org, SignerListSet and TicketCreate. */
const MAX_SIGNERS = 32;
const MAX_TICKETS = 250;
const EXACT_SCALE = 96;

/** Reads `RLUSD.rIssuer:1000000`. */
export function parseTrust(text: string): TrustPlan {
  const colon = text.lastIndexOf(":");
  const ref = parseAssetRef(text.slice(0, Math.max(colon, 0)));
  const limit = text.slice(colon + 1);
  const digits = limit.replace(".", "").replace(/^0+|0+$/g, "").length;
  if (ref.kind !== "issued" || !/^[0-9]+(\.[0-9]+)?$/.test(limit) || digits < 1 || digits > 15)
    throw new AppError(
      "invalid",
      "invalid_trust",
      `"${text}" must name an issued currency and a limit of at most 15 digits, as in RLUSD.rIssuer:1000000`,
    );
  return { currency: ref.currency, issuer: ref.issuer, limit };
}

/** Whether a limit as the ledger writes it is the one that was planned. */
export function isSameLimit(one: string, other: string): boolean {
  return fromLedgerValue(one, EXACT_SCALE).minorUnits === fromLedgerValue(other, EXACT_SCALE).minorUnits;
}

/** Everything that is wrong with a plan before any ledger is asked, in words. */
export function findPlanFaults(plan: TreasuryPlan, networkId: number): string[] {
  const faults: string[] = [];
  const { treasury, signers, quorum, regularKey } = plan;
  for (const [name, address] of [
    ["the treasury", treasury],
    ...signers.map((signer) => ["a signer", signer] as const),
    ...(regularKey === null ? [] : [["the regular key", regularKey] as const]),
  ] as const) {
    const fault = addressFault(address, name);
    if (fault !== null) faults.push(fault);
    else if (networkId !== LOCAL_XRPL_NETWORK_ID && isPublic(address))
      faults.push(`${name} is ${address}, a development account whose key everybody knows`);
  }
  if (new Set(signers).size !== signers.length) faults.push("a signer is named twice");
  if (signers.includes(treasury)) faults.push("the treasury cannot be among its own signers");
  if (signers.length > MAX_SIGNERS)
    faults.push(`there are ${signers.length} signers, at most ${MAX_SIGNERS} fit`);
  if (signers.length > 0 && (quorum < 1 || quorum > signers.length))
    faults.push(`the quorum is ${quorum}, it must be 1 to ${signers.length} of the signers`);
  if (regularKey === treasury) faults.push("the regular key must be another than the treasury's own");
  if (regularKey !== null && signers.includes(regularKey))
    faults.push("the worker's regular key must not be one of the signers: it would approve what it pays");
  for (const { currency, issuer } of plan.trustLines)
    if (issuer === treasury) faults.push(`the treasury cannot trust itself for ${currencyName(currency)}`);
  const lines = plan.trustLines.map(({ currency, issuer }) => `${currency}.${issuer}`);
  if (new Set(lines).size !== lines.length) faults.push("a trust line is named twice");
  if (!Number.isInteger(plan.tickets) || plan.tickets < 0 || plan.tickets > MAX_TICKETS)
    faults.push(`tickets must be 0 to ${MAX_TICKETS}, not ${plan.tickets}`);
  if (plan.disableMaster && (signers.length === 0 || regularKey === null))
    faults.push(
      "the master key is disabled only where signers and a regular key take its place; name both, or keep it",
    );
  return faults;
}

function addressFault(address: string, name: string): string | null {
  try {
    parseXrplAddress(address, name);
    return null;
  } catch (error) {
    if (error instanceof AppError) return `${error.message} (${address.slice(0, 60)})`;
    throw error;
  }
}

function isPublic(address: string): boolean {
  return Object.values(localXrplAccounts()).some((known) => known.address === address);
}

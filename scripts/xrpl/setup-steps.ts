import { AccountSetAsfFlags, TrustSetFlags } from "xrpl";
import { formatUnits } from "../../src/platform/amounts.ts";
import { currencyName } from "../../src/platform/xrpl/amount.ts";
import { isSameLimit, type TreasuryPlan } from "./treasury-plan.ts";
import { isSignerList, type TreasuryState } from "./treasury-state.ts";

/** One transaction that is missing, and what for. */
export type SetupStep = {
  kind: "fund" | "signers" | "regular_key" | "trust" | "tickets" | "disable_master";
  does: string;
  why: string;
  /** What it locks for as long as what it makes exists. */
  reserveDrops: bigint;
  signedBy: "treasury" | "funder";
  /** Without what every transaction has: fee, sequence, expiry. */
  transaction: { TransactionType: string; Account: string } & Record<string, unknown>;
};

export type SetupSteps = {
  steps: SetupStep[];
  /** What stands against beginning. */
  faults: string[];
  /** What is left alone, and why. */
  notes: string[];
};

/** Who is there to sign; null where that is not known, as in a preview. */
export type SetupSigners = { treasuryKey: string | null; funder: string | null };

/** What is missing between a ledger and a plan, in the order in which it is done. Pure. */
export function findSteps(
  plan: TreasuryPlan,
  state: TreasuryState,
  { treasuryKey, funder }: SetupSigners,
  maxFeeDrops: bigint,
): SetupSteps {
  const { account, ledger } = state;
  const increment = ledger.reserveIncrementDrops;
  const faults: string[] = [];
  const notes: string[] = [];
  const Account = plan.treasury;
  const own: SetupStep[] = [];

  if (plan.signers.length > 0 && !isSignerList(plan, state.signerList)) {
    const replaced = state.signerList === null ? "" : `, in place of ${describeList(state.signerList)}`;
    own.push({
      kind: "signers",
      does: `SignerListSet: any ${plan.quorum} of ${plan.signers.join(", ")}${replaced}`,
      why: "payments that need approvals, and every later change of the account, take that many signatures",
      reserveDrops: state.signerList === null ? increment : 0n,
      signedBy: "treasury",
      transaction: {
        TransactionType: "SignerListSet",
        Account,
        SignerQuorum: plan.quorum,
        SignerEntries: plan.signers.map((signer) => ({ SignerEntry: { Account: signer, SignerWeight: 1 } })),
      },
    });
  }
  const present = account?.regularKey ?? null;
  if (plan.regularKey !== null && present !== plan.regularKey) {
    own.push({
      kind: "regular_key",
      does: `SetRegularKey: ${plan.regularKey}${present === null ? "" : `, in place of ${present}`}`,
      why: "the worker pays with it what needs no approvals; it can be replaced without moving the account",
      reserveDrops: 0n,
      signedBy: "treasury",
      transaction: { TransactionType: "SetRegularKey", Account, RegularKey: plan.regularKey },
    });
  }
  for (const [index, { currency, issuer, limit }] of plan.trustLines.entries()) {
    const found = state.limits[index] ?? null;
    if (state.missingIssuers.includes(issuer))
      faults.push(`the issuer ${issuer} of ${currencyName(currency)} does not exist on this network`);
    if (found !== null && isSameLimit(found, limit)) continue;
    own.push({
      kind: "trust",
      does: `TrustSet: ${currencyName(currency)} of ${issuer} up to ${limit}${found === null ? "" : ` instead of ${found}`}`,
      why: "without a trust line the treasury cannot hold the currency that it pays out",
      reserveDrops: found === null ? increment : 0n,
      signedBy: "treasury",
      transaction: {
        TransactionType: "TrustSet",
        Account,
        LimitAmount: { currency, issuer, value: limit },
        // Nobody else's payments may run through the treasury's lines.
        Flags: TrustSetFlags.tfSetNoRipple,
      },
    });
  }
  const tickets = plan.tickets - (account?.tickets ?? 0);
  if (tickets > 0) {
    own.push({
      kind: "tickets",
      does: `TicketCreate: ${tickets}, so that there are ${plan.tickets}`,
      why: "each payment consumes one, so several can be on their way and none can be paid twice",
      reserveDrops: increment * BigInt(tickets),
      signedBy: "treasury",
      transaction: { TransactionType: "TicketCreate", Account, TicketCount: tickets },
    });
  }
  if (plan.disableMaster && account?.masterDisabled !== true) {
    own.push({
      kind: "disable_master",
      does: "AccountSet: disables the master key",
      why: "from then on only the signers together, and the worker's key, can do anything; the seed is worth nothing",
      reserveDrops: 0n,
      signedBy: "treasury",
      transaction: { TransactionType: "AccountSet", Account, SetFlag: AccountSetAsfFlags.asfDisableMaster },
    });
  }

  const steps = keepSignable(own, plan, state, treasuryKey, { faults, notes });
  const objects = BigInt(account?.objects ?? 0) * increment;
  const locked = ledger.reserveBaseDrops + objects + steps.reduce((sum, step) => sum + step.reserveDrops, 0n);
  const needed = steps.length === 0 && account !== null ? 0n : locked + maxFeeDrops * BigInt(steps.length);
  const balance = account?.balanceDrops ?? 0n;
  // Filled only when it does not suffice: fees and payments take from it all the time.
  const wanted = funder === null ? needed : max(needed, plan.fundDrops);
  const missing = account !== null && balance >= needed ? 0n : wanted - balance;
  if (missing > 0n && funder === null)
    faults.push(
      `${plan.treasury} ${account === null ? "does not exist" : `holds ${xrp(account.balanceDrops)} XRP`} and needs ${xrp(needed)} XRP for reserves and fees: send it ${xrp(missing)} XRP or more`,
    );
  if (missing > 0n && funder !== null) {
    steps.unshift({
      kind: "fund",
      does: `Payment: ${xrp(missing)} XRP from ${funder}, so that there are ${xrp(wanted)}`,
      why: "an account exists by the reserve that it holds, and pays fees from what is above",
      reserveDrops: account === null ? ledger.reserveBaseDrops : 0n,
      signedBy: "funder",
      transaction: {
        TransactionType: "Payment",
        Account: funder,
        Destination: plan.treasury,
        Amount: missing.toString(),
      },
    });
  }
  return { steps, faults, notes };
}

/** Leaves out what nobody here can sign, and says so. */
function keepSignable(
  steps: SetupStep[],
  plan: TreasuryPlan,
  { account }: TreasuryState,
  treasuryKey: string | null,
  say: { faults: string[]; notes: string[] },
): SetupStep[] {
  const isMaster = treasuryKey === null || treasuryKey === plan.treasury;
  const isRegular = account?.regularKey !== null && treasuryKey === account?.regularKey;
  const maySign = isRegular || (isMaster && account?.masterDisabled !== true);
  return steps.filter(({ kind, does }) => {
    if (kind === "disable_master" && !isMaster) {
      say.faults.push("only the master key itself can disable the master key: give its seed, or keep it");
      return false;
    }
    if (maySign) return true;
    if (kind === "tickets" && account?.masterDisabled === true)
      say.notes.push("tickets are left to the worker, which makes new ones as it uses them");
    else if (account?.masterDisabled === true)
      say.faults.push(`the master key is disabled, so this takes the signers' signatures: ${does}`);
    else
      say.faults.push(
        `${treasuryKey} is neither ${plan.treasury} nor its regular key and cannot sign for it`,
      );
    return false;
  });
}

function describeList({ quorum, signers }: NonNullable<TreasuryState["signerList"]>): string {
  const names = signers.map(({ account, weight }) => (weight === 1 ? account : `${account} (${weight})`));
  return `${quorum} of ${names.join(", ")}`;
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);

export const xrp = (drops: bigint): string => formatUnits(drops, 6);

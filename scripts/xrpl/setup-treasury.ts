import { deriveAddress, type Wallet } from "xrpl";
import type { XrplClient } from "../../src/platform/xrpl/client.ts";
import { findSteps, type SetupSteps, xrp } from "./setup-steps.ts";
import {
  retryUnavailable,
  sequenceOf,
  submitReliably,
  TransactionFailed,
  untilNothingPends,
} from "./submit-reliably.ts";
import { findPlanFaults, type TreasuryPlan } from "./treasury-plan.ts";
import { hasPlannedKeys, readTreasury, type TreasuryState } from "./treasury-state.ts";

export type { TreasuryPlan } from "./treasury-plan.ts";
export type { TreasuryState } from "./treasury-state.ts";

/** Why nothing, or nothing more, was done. */
export class SetupRefused extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "SetupRefused";
    this.faults = faults;
  }
}

export type SetupOptions = {
  log: (line: string) => void;
  /** The treasury's master key, or its regular key. */
  treasuryWallet: Wallet;
  /** Sends the first XRP, where the treasury has too little. */
  funder?: Wallet | undefined;
  maxFeeDrops?: bigint;
  pollMs?: number;
  /** After each submit; a ledger that closes by command closes here. */
  onSubmitted?: (() => Promise<unknown>) | undefined;
};

export const DEFAULT_MAX_FEE_DROPS = 5_000n;
const DEFAULT_POLL_MS = 1_000;

export type Survey = SetupSteps & { state: TreasuryState };

/** What is there, what is missing and what stands against it; changes nothing. */
export async function surveyTreasury(
  client: XrplClient,
  plan: TreasuryPlan,
  keys: { treasuryWallet?: Wallet | undefined; funder?: Wallet | undefined; maxFeeDrops?: bigint } = {},
): Promise<Survey> {
  const faults = findPlanFaults(plan, client.networkId);
  if (faults.length > 0) throw new SetupRefused(faults);
  const state = await readTreasury(client, plan);
  const signers = { treasuryKey: keyOf(keys.treasuryWallet), funder: keyOf(keys.funder) };
  return { state, ...findSteps(plan, state, signers, keys.maxFeeDrops ?? DEFAULT_MAX_FEE_DROPS) };
}

/**
 * Brings an account to what the plan says, one validated transaction after the other, the master key last. It looks at
 * the ledger anew before each, so that it can be interrupted anywhere and run again: what is there is left alone.
 */
export async function setupTreasury(
  client: XrplClient,
  plan: TreasuryPlan,
  options: SetupOptions,
): Promise<TreasuryState> {
  const { log, treasuryWallet, funder, onSubmitted } = options;
  const maxFeeDrops = options.maxFeeDrops ?? DEFAULT_MAX_FEE_DROPS;
  const pollMs = options.pollMs ?? DEFAULT_POLL_MS;
  const planFaults = findPlanFaults(plan, client.networkId);
  if (planFaults.length > 0) throw new SetupRefused(planFaults);
  const patiently = <T>(read: () => Promise<T>): Promise<T> => retryUnavailable(read, pollMs);
  // In this order: what is still on its way would look as if it were missing, and be done twice.
  const survey = async (): Promise<Survey> => {
    for (const account of [plan.treasury, keyOf(funder)])
      if (account !== null) await untilNothingPends(client, account, { pollMs, onSubmitted });
    return patiently(() => surveyTreasury(client, plan, { treasuryWallet, funder, maxFeeDrops }));
  };
  let found = await survey();
  // Each round takes one off; whatever does not is not looked at forever.
  for (let rounds = found.steps.length + 2; rounds > 0; rounds -= 1) {
    if (found.faults.length > 0) throw new SetupRefused(found.faults);
    const [step] = found.steps;
    if (step === undefined) {
      for (const note of found.notes) log(note);
      log(`${plan.treasury} is as planned.`);
      return found.state;
    }
    if (step.kind === "disable_master" && !(await patiently(() => hasPlannedKeys(client, plan))))
      throw new SetupRefused([
        "the master key stays: the validated ledger does not have the planned signers and regular key, and without them nobody could sign",
      ]);
    log(step.does);
    const wallet = step.signedBy === "funder" && funder !== undefined ? funder : treasuryWallet;
    const { Account } = step.transaction;
    const at = Number(found.state.ledger.index);
    const sequence = await patiently(() => sequenceOf(client, Account, at));
    if (sequence === null) throw new TransactionFailed(`${Account} does not exist and can send nothing`);
    const { ledgerIndex } = await submitReliably(client, step.transaction, {
      wallet,
      maxFeeDrops,
      sequence,
      log,
      pollMs,
      onSubmitted,
    });
    log(`   validated in ledger ${ledgerIndex}`);
    found = await untilSeen(ledgerIndex, survey, pollMs);
  }
  throw new SetupRefused([
    `still missing after every step was done: ${found.steps.map(({ does }) => does).join("; ")}`,
  ]);
}

/** Another server may take over in between that has not seen the last step yet. */
async function untilSeen(
  ledgerIndex: number,
  survey: () => Promise<Survey>,
  pollMs: number,
): Promise<Survey> {
  for (;;) {
    const found = await survey();
    if (found.state.ledger.index >= BigInt(ledgerIndex)) return found;
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

/** What will be done and what each step is for, for people. */
export function describeSurvey(plan: TreasuryPlan, { state, steps, notes }: Survey): string[] {
  const { account, ledger } = state;
  const lines =
    account === null
      ? [`${plan.treasury} does not exist yet (ledger ${ledger.index}).`]
      : [
          `${plan.treasury} in ledger ${ledger.index}: ${xrp(account.balanceDrops)} XRP, ${account.objects} objects, ${account.tickets} of them tickets;`,
          `master key ${account.masterDisabled ? "disabled" : "enabled"}, regular key ${account.regularKey ?? "none"}, ${state.signerList === null ? "no signers" : `${state.signerList.quorum} of ${state.signerList.signers.length} signers`}.`,
        ];
  for (const [index, { does, why, reserveDrops }] of steps.entries()) {
    const locks = reserveDrops === 0n ? "" : ` Locks ${xrp(reserveDrops)} XRP as reserve.`;
    lines.push(`${index + 1}. ${does}`, `   ${why}.${locks}`);
  }
  lines.push(...notes);
  if (steps.length === 0) lines.push("Nothing is missing.");
  else {
    const locked = steps.reduce((sum, step) => sum + step.reserveDrops, 0n);
    lines.push(`${steps.length} transactions; together they lock ${xrp(locked)} XRP more than now.`);
  }
  return lines;
}

/** The address of the key that a wallet signs with, whatever account it signs for. */
const keyOf = (wallet: Wallet | undefined): string | null =>
  wallet === undefined ? null : deriveAddress(wallet.publicKey);

import { LedgerEntry } from "xrpl";
import { type XrplClient, XrplRpcError, type XrplValidated } from "../../src/platform/xrpl/client.ts";
import type { TreasuryPlan } from "./treasury-plan.ts";

/** What one validated ledger says of the treasury. */
export type TreasuryState = {
  ledger: XrplValidated;
  /** Null while the account does not exist. */
  account: {
    balanceDrops: bigint;
    objects: number;
    tickets: number;
    masterDisabled: boolean;
    regularKey: string | null;
  } | null;
  signerList: { quorum: number; signers: { account: string; weight: number }[] } | null;
  /** Limits of the planned trust lines, in the plan's order; null where there is no line. */
  limits: (string | null)[];
  /** Issuers of planned trust lines that do not exist. */
  missingIssuers: string[];
};

type AccountData = {
  Balance: string;
  Flags: number;
  OwnerCount: number;
  TicketCount?: number;
  RegularKey?: string;
};
type SignerListObject = {
  SignerQuorum: number;
  SignerEntries: { SignerEntry: { Account: string; SignerWeight: number } }[];
};
type Ask = <T>(
  command: { command: string } & Record<string, unknown>,
  pick: (result: T) => unknown,
) => Promise<T>;

/** Reads everything that a plan is about from one ledger. */
export async function readTreasury(client: XrplClient, plan: TreasuryPlan): Promise<TreasuryState> {
  const ledger = await client.validated();
  const at = { ledger_index: Number(ledger.index) };
  const { account, signerList } = await readKeys((command) => client.request(command), plan.treasury, at);
  const limits: (string | null)[] = [];
  const missingIssuers: string[] = [];
  for (const { currency, issuer } of plan.trustLines) {
    const found = account === null ? [] : await linesTo(client, plan.treasury, issuer, at);
    limits.push(found.find((line) => line.currency === currency)?.limit ?? null);
    if ((await accountData((command) => client.request(command), issuer, at)) === null)
      missingIssuers.push(issuer);
  }
  return { ledger, account, signerList, limits, missingIssuers };
}

/**
 * Whether signers and regular key are on the ledger as planned. Two servers must agree where two are configured: after
 * the master key is gone there is no way back but these.
 */
export async function hasPlannedKeys(client: XrplClient, plan: TreasuryPlan): Promise<boolean> {
  const at = { ledger_index: Number((await client.validated()).index) };
  const ask: Ask = (command, pick) => client.agreed(command, pick);
  const { account, signerList } = await readKeys(ask, plan.treasury, at);
  return account !== null && account.regularKey === plan.regularKey && isSignerList(plan, signerList);
}

export function isSignerList(plan: TreasuryPlan, found: TreasuryState["signerList"]): boolean {
  return (
    found !== null &&
    found.quorum === plan.quorum &&
    found.signers.length === plan.signers.length &&
    found.signers.every(({ account, weight }) => weight === 1 && plan.signers.includes(account))
  );
}

async function readKeys(
  ask: Ask,
  treasury: string,
  at: { ledger_index: number },
): Promise<Pick<TreasuryState, "account" | "signerList">> {
  const data = await accountData(ask, treasury, at);
  if (data === null) return { account: null, signerList: null };
  const { account_objects } = await ask<{ account_objects: SignerListObject[] }>(
    { command: "account_objects", account: treasury, type: "signer_list", ...at },
    (result) => result.account_objects,
  );
  const [list] = account_objects;
  return {
    account: {
      balanceDrops: BigInt(data.Balance),
      objects: data.OwnerCount,
      tickets: data.TicketCount ?? 0,
      masterDisabled: (data.Flags & LedgerEntry.AccountRootFlags.lsfDisableMaster) !== 0,
      regularKey: data.RegularKey ?? null,
    },
    signerList:
      list === undefined
        ? null
        : {
            quorum: list.SignerQuorum,
            signers: list.SignerEntries.map(({ SignerEntry }) => ({
              account: SignerEntry.Account,
              weight: SignerEntry.SignerWeight,
            })),
          },
  };
}

async function accountData(
  ask: Ask,
  account: string,
  at: { ledger_index: number },
): Promise<AccountData | null> {
  try {
    const answer = await ask<{ account_data: AccountData }>(
      { command: "account_info", account, ...at },
      (result) => result.account_data,
    );
    return answer.account_data;
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
    throw error;
  }
}

type Line = { currency: string; limit: string };

async function linesTo(
  client: XrplClient,
  account: string,
  peer: string,
  at: { ledger_index: number },
): Promise<Line[]> {
  const lines: Line[] = [];
  let marker: unknown;
  do {
    const answer: { lines: Line[]; marker?: unknown } = await client.request({
      command: "account_lines",
      account,
      peer,
      ...(marker === undefined ? {} : { marker }),
      ...at,
    });
    lines.push(...answer.lines);
    marker = answer.marker;
  } while (marker !== undefined);
  return lines;
}

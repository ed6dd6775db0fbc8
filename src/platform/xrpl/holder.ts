import { fromLedgerValue, parseAssetRef } from "./amount.ts";
import type { XrplClient } from "./client.ts";
import { XrplRpcError } from "./errors.ts";

/** Who may sign for an account together: each with a weight, and what has to come together. */
export type SignerList = { quorum: number; weights: ReadonlyMap<string, number> };

/** An account with its signer list, as `account_info` gives them in the validated ledger. */
export type AccountWithSigners = {
  account_data: { RegularKey?: string };
  account_flags: { disableMasterKey: boolean };
  signer_lists?: {
    SignerQuorum: number;
    SignerEntries: { SignerEntry: { Account: string; SignerWeight: number } }[];
  }[];
};

/** null for an account that is not on the ledger. */
export async function readAccountWithSigners(
  client: XrplClient,
  account: string,
): Promise<AccountWithSigners | null> {
  try {
    return await client.request<AccountWithSigners>({
      command: "account_info",
      account,
      signer_lists: true,
      ledger_index: "validated",
    });
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
    throw error;
  }
}

/** Empty for an account that has none, or that is not on the ledger. */
export function signerListOf(account: AccountWithSigners | null): SignerList {
  const [list] = account?.signer_lists ?? [];
  return {
    quorum: list?.SignerQuorum ?? 0,
    weights: new Map(
      list?.SignerEntries.map(({ SignerEntry }) => [SignerEntry.Account, SignerEntry.SignerWeight]) ?? [],
    ),
  };
}

/** What an account holds of an issued currency, in minor units, toward zero; 0 without a trust line. */
export async function readIssuedBalance(
  client: XrplClient,
  account: string,
  holding: { assetRef: string; scale: number },
  ledgerIndex: number | "validated",
): Promise<bigint> {
  const ref = parseAssetRef(holding.assetRef);
  if (ref.kind === "xrp") throw new Error("XRP is no issued currency");
  const { lines } = await client.request<{ lines: { currency: string; balance: string }[] }>({
    command: "account_lines",
    account,
    peer: ref.issuer,
    ledger_index: ledgerIndex,
  });
  const line = lines.find(({ currency }) => currency === ref.currency);
  return line === undefined ? 0n : fromLedgerValue(line.balance, holding.scale).minorUnits;
}

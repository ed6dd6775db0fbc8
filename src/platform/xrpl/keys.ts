import { LedgerEntry } from "xrpl";
import type { XrplClient } from "./client.ts";
import { XrplRpcError } from "./errors.ts";

/** Which keys may sign for an account beside its signer list. */
export type XrplAccountKeys = { masterDisabled: boolean; regularKey: string | null };

export type XrplKeys = {
  /** As the newest validated ledger has them; null for an account that does not exist. */
  keysOf(address: string): Promise<XrplAccountKeys | null>;
};

/** Reads keys each time: a key that was taken back must not sign a minute longer. */
export function createXrplKeys(client: XrplClient): XrplKeys {
  return {
    async keysOf(address) {
      try {
        const { account_data } = await client.request<{
          account_data: { Flags: number; RegularKey?: string };
        }>({ command: "account_info", account: address, ledger_index: "validated" });
        return {
          masterDisabled: (account_data.Flags & LedgerEntry.AccountRootFlags.lsfDisableMaster) !== 0,
          regularKey: account_data.RegularKey ?? null,
        };
      } catch (error) {
        if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
        throw error;
      }
    },
  };
}

export type KeyStanding = "may_sign" | "master_disabled" | "not_a_key";

/**
 * Whether the key of `signer` signs for an account, as rippled decides it for a transaction that one key signs
 * (Transactor::checkSingleSign): the regular key always, the master key unless it is disabled. An account that is not on
 * the ledger yet has its master key and no other.
 */
export function standingOf(account: string, signer: string, keys: XrplAccountKeys | null): KeyStanding {
  if (signer === (keys?.regularKey ?? null)) return "may_sign";
  if (signer !== account) return "not_a_key";
  return keys?.masterDisabled === true ? "master_disabled" : "may_sign";
}

/**
 * The same for one of several signers (Transactor::checkMultiSign), where a disabled master key signs in no case. A
 * signer who is not on the ledger signs with the master key: a phantom signer, as rippled calls it.
 */
export function standingAmongSigners(
  account: string,
  signer: string,
  keys: XrplAccountKeys | null,
): KeyStanding {
  if (signer === account) return keys?.masterDisabled === true ? "master_disabled" : "may_sign";
  return signer === (keys?.regularKey ?? null) ? "may_sign" : "not_a_key";
}

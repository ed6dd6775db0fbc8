import type { EngineResult } from "./engine-results.ts";
import { ACCOUNT_FLAGS, hasFlag } from "./entries.ts";
import { accountIdOf } from "./keylets.ts";
import { keyAddress } from "./signatures.ts";
import type { Signer, TransactionFields } from "./transaction.ts";
import { accountRoot, type LedgerView, signerListOf } from "./view.ts";

/** Whether the keys that signed may sign for the account. That they did sign was seen before. */
export function signAuthority(view: LedgerView, fields: TransactionFields): EngineResult {
  if (fields.SigningPubKey === "") return multiAuthority(view, fields);
  const root = accountRoot(view, fields.Account);
  if (root === undefined) return "terNO_ACCOUNT";
  const signer = keyAddress(fields.SigningPubKey);
  if (signer === root.RegularKey) return "tesSUCCESS";
  if (signer !== fields.Account) return "tefBAD_AUTH";
  return hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey) ? "tefMASTER_DISABLED" : "tesSUCCESS";
}

function multiAuthority(view: LedgerView, fields: TransactionFields): EngineResult {
  const list = signerListOf(view, fields.Account);
  if (list === undefined) return "tefNOT_MULTI_SIGNING";
  const weights = new Map(list.SignerEntries.map(({ SignerEntry: one }) => [one.Account, one.SignerWeight]));
  let sum = 0;
  // Every signer has to be a good one, even when the others are enough.
  for (const { Signer } of inListOrder(fields.Signers ?? [])) {
    const weight = weights.get(Signer.Account);
    if (weight === undefined) return "tefBAD_SIGNATURE";
    const refused = signerRefused(view, Signer);
    if (refused !== null) return refused;
    sum += weight;
  }
  return sum < list.SignerQuorum ? "tefBAD_QUORUM" : "tesSUCCESS";
}

const inListOrder = (signers: Signer[]): Signer[] =>
  signers.toSorted((a, b) => (accountIdOf(a.Signer.Account) < accountIdOf(b.Signer.Account) ? -1 : 1));

function signerRefused(view: LedgerView, signer: Signer["Signer"]): EngineResult | null {
  const root = accountRoot(view, signer.Account);
  const key = keyAddress(signer.SigningPubKey);
  if (key === signer.Account) {
    // A signer need not be an account of the ledger at all.
    const isDisabled = root !== undefined && hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey);
    return isDisabled ? "tefMASTER_DISABLED" : null;
  }
  return root?.RegularKey !== undefined && root.RegularKey === key ? null : "tefBAD_SIGNATURE";
}

import { addToDirectory, removeFromDirectory } from "../engine/directory.ts";
import type { EngineResult } from "../engine/engine-results.ts";
import { ACCOUNT_FLAGS, hasFlag, type SignerEntry } from "../engine/entries.ts";
import { accountIdOf, signerListKey } from "../engine/keylets.ts";
import type { TransactionFields } from "../engine/transaction.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, adjustOwnerCount, reserveDrops, type Sandbox, signerListOf } from "../engine/view.ts";

const MAX_SIGNERS = 32;
/** The list counts as one owned object, however long it is. */
const ONE_OWNER_COUNT = 0x0001_0000;

function sortedEntries(fields: TransactionFields): SignerEntry["SignerEntry"][] {
  return (fields.SignerEntries ?? [])
    .map(({ SignerEntry }) => SignerEntry)
    .sort((a, b) => (accountIdOf(a.Account) < accountIdOf(b.Account) ? -1 : 1));
}

function complaint(fields: TransactionFields, quorum: number): EngineResult {
  const entries = sortedEntries(fields);
  if (entries.length < 1 || entries.length > MAX_SIGNERS) return "temMALFORMED";
  if (new Set(entries.map(({ Account }) => Account)).size < entries.length) return "temBAD_SIGNER";
  let weights = 0;
  for (const { Account, SignerWeight } of entries) {
    if (SignerWeight === 0) return "temBAD_WEIGHT";
    if (Account === fields.Account) return "temBAD_SIGNER";
    weights += SignerWeight;
  }
  return weights < quorum ? "temBAD_QUORUM" : "tesSUCCESS";
}

export function removeSignerList(sandbox: Sandbox, account: string): void {
  const list = signerListOf(sandbox, account);
  if (list === undefined) return;
  const key = signerListKey(account);
  removeFromDirectory(sandbox, account, list.OwnerNode, key, false);
  sandbox.erase(key);
  adjustOwnerCount(sandbox, account, -1);
}

export const signerListSet: Transactor = {
  changesAuthority: () => true,
  preflight(tx) {
    if (hasUnknownFlags(tx)) return "temINVALID_FLAG";
    const quorum = tx.fields.SignerQuorum ?? 0;
    const hasEntries = tx.fields.SignerEntries !== undefined;
    // A quorum of 0 without entries removes the list.
    if (quorum > 0 !== hasEntries) return "temMALFORMED";
    return hasEntries ? complaint(tx.fields, quorum) : "tesSUCCESS";
  },
  preclaim: () => "tesSUCCESS",
  apply({ sandbox, tx: { fields }, priorBalanceDrops }) {
    const { Account } = fields;
    const root = accountRoot(sandbox, Account);
    if (root === undefined) return "terNO_ACCOUNT";
    if (fields.SignerEntries === undefined) {
      if (hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey) && root.RegularKey === undefined) {
        return "tecNO_ALTERNATIVE_KEY";
      }
      removeSignerList(sandbox, Account);
      return "tesSUCCESS";
    }
    removeSignerList(sandbox, Account);
    const owned = accountRoot(sandbox, Account)?.OwnerCount ?? 0;
    if (priorBalanceDrops < reserveDrops(sandbox, owned + 1)) return "tecINSUFFICIENT_RESERVE";
    const key = signerListKey(Account);
    sandbox.set(key, {
      LedgerEntryType: "SignerList",
      Flags: ONE_OWNER_COUNT,
      OwnerNode: addToDirectory(sandbox, Account, key),
      SignerEntries: sortedEntries(fields).map((SignerEntry) => ({ SignerEntry })),
      SignerListID: 0,
      SignerQuorum: fields.SignerQuorum ?? 0,
    });
    adjustOwnerCount(sandbox, Account, 1);
    return "tesSUCCESS";
  },
};

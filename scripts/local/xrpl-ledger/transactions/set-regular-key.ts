import { ACCOUNT_FLAGS, hasFlag, withFlag } from "../engine/entries.ts";
import { keyAddress } from "../engine/signatures.ts";
import type { Transaction } from "../engine/transaction.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, type LedgerView, signerListOf, updateAccount } from "../engine/view.ts";

/** Signed with the master key, it is free once, so that an account without XRP can still change its key. */
function isKeyReset(view: LedgerView, { fields }: Transaction): boolean {
  const root = accountRoot(view, fields.Account);
  return (
    root !== undefined &&
    keyAddress(fields.SigningPubKey) === fields.Account &&
    !hasFlag(root.Flags, ACCOUNT_FLAGS.passwordSpent)
  );
}

export const setRegularKey: Transactor = {
  baseFeeDrops: (view, tx) => (isKeyReset(view, tx) ? 0n : view.fees.baseFeeDrops),
  changesAuthority: () => true,
  preflight(tx) {
    if (hasUnknownFlags(tx)) return "temINVALID_FLAG";
    return tx.fields.RegularKey === tx.fields.Account ? "temBAD_REGKEY" : "tesSUCCESS";
  },
  preclaim: () => "tesSUCCESS",
  apply({ sandbox, tx }) {
    const { Account, RegularKey } = tx.fields;
    const root = accountRoot(sandbox, Account);
    if (root === undefined) return "terNO_ACCOUNT";
    if (RegularKey === undefined && hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey)) {
      if (signerListOf(sandbox, Account) === undefined) return "tecNO_ALTERNATIVE_KEY";
    }
    const Flags = isKeyReset(sandbox, tx) ? withFlag(root.Flags, ACCOUNT_FLAGS.passwordSpent) : root.Flags;
    updateAccount(sandbox, Account, { RegularKey, Flags });
    return "tesSUCCESS";
  },
};

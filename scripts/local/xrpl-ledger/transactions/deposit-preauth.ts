import { addToDirectory, removeFromDirectory } from "../engine/directory.ts";
import type { DepositPreauth } from "../engine/entries.ts";
import { depositPreauthKey } from "../engine/keylets.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, adjustOwnerCount, reserveDrops, type Sandbox } from "../engine/view.ts";
import { NO_ACCOUNT } from "./amounts.ts";

export const depositPreauth: Transactor = {
  preflight(tx) {
    if (hasUnknownFlags(tx)) return "temINVALID_FLAG";
    const { Account, Authorize, Unauthorize } = tx.fields;
    if ((Authorize === undefined) === (Unauthorize === undefined)) return "temMALFORMED";
    if ((Authorize ?? Unauthorize) === NO_ACCOUNT) return "temINVALID_ACCOUNT_ID";
    return Authorize === Account ? "temCANNOT_PREAUTH_SELF" : "tesSUCCESS";
  },
  preclaim(view, { fields: { Account, Authorize, Unauthorize } }) {
    if (Authorize !== undefined) {
      if (accountRoot(view, Authorize) === undefined) return "tecNO_TARGET";
      if (view.get(depositPreauthKey(Account, Authorize)) !== undefined) return "tecDUPLICATE";
    } else if (Unauthorize !== undefined) {
      if (view.get(depositPreauthKey(Account, Unauthorize)) === undefined) return "tecNO_ENTRY";
    }
    return "tesSUCCESS";
  },
  apply({ sandbox, tx: { fields }, priorBalanceDrops }) {
    const { Account, Authorize, Unauthorize } = fields;
    if (Unauthorize !== undefined) {
      removeDepositPreauth(sandbox, Account, Unauthorize);
      return "tesSUCCESS";
    }
    const owned = accountRoot(sandbox, Account)?.OwnerCount ?? 0;
    if (priorBalanceDrops < reserveDrops(sandbox, owned + 1)) return "tecINSUFFICIENT_RESERVE";
    const key = depositPreauthKey(Account, Authorize ?? NO_ACCOUNT);
    sandbox.set(key, {
      LedgerEntryType: "DepositPreauth",
      Account,
      Authorize: Authorize ?? NO_ACCOUNT,
      Flags: 0,
      OwnerNode: addToDirectory(sandbox, Account, key),
    });
    adjustOwnerCount(sandbox, Account, 1);
    return "tesSUCCESS";
  },
};

export function removeDepositPreauth(sandbox: Sandbox, account: string, authorized: string): void {
  const key = depositPreauthKey(account, authorized);
  const entry = sandbox.get(key) as DepositPreauth | undefined;
  if (entry === undefined) throw new Error(`${account} has not authorized ${authorized}`);
  removeFromDirectory(sandbox, account, entry.OwnerNode, key, false);
  sandbox.erase(key);
  adjustOwnerCount(sandbox, account, -1);
}

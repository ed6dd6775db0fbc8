import { ownedKeys } from "../engine/directory.ts";
import { ACCOUNT_FLAGS, hasFlag, withoutFlag } from "../engine/entries.ts";
import { accountKey, ownerDirectoryKey } from "../engine/keylets.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, updateAccount } from "../engine/view.ts";
import { NO_ACCOUNT } from "./amounts.ts";
import { removeDepositPreauth } from "./deposit-preauth.ts";
import { depositRefused } from "./payment.ts";
import { removeSignerList } from "./signer-list-set.ts";
import { consumeTicket } from "./ticket-create.ts";

/** Long enough that no transaction of the account can be replayed after it was made again. */
const LEDGERS_TO_WAIT = 255;

export const accountDelete: Transactor = {
  /** It costs an object's reserve: it frees one account of everybody's ledger. */
  baseFeeDrops: (view) => view.fees.reserveIncrementDrops,
  changesAuthority: () => true,
  preflight(tx) {
    if (hasUnknownFlags(tx)) return "temINVALID_FLAG";
    return tx.fields.Account === tx.fields.Destination ? "temDST_IS_SRC" : "tesSUCCESS";
  },
  preclaim(view, { fields }) {
    const destination = fields.Destination ?? NO_ACCOUNT;
    const target = accountRoot(view, destination);
    const root = accountRoot(view, fields.Account);
    if (root === undefined) return "terNO_ACCOUNT";
    if (target === undefined) return "tecNO_DST";
    const needsTag = hasFlag(target.Flags, ACCOUNT_FLAGS.requireDestinationTag);
    if (needsTag && fields.DestinationTag === undefined) return "tecDST_TAG_NEEDED";
    if (depositRefused(view, destination, fields.Account)) return "tecNO_PERMISSION";
    if (root.Sequence + LEDGERS_TO_WAIT > view.ledgerIndex) return "tecTOO_SOON";
    for (const key of ownedKeys(view, fields.Account)) {
      if (view.get(key)?.LedgerEntryType === "RippleState") return "tecHAS_OBLIGATIONS";
    }
    return "tesSUCCESS";
  },
  apply({ sandbox, tx: { fields }, deliver }) {
    const { Account } = fields;
    const destination = fields.Destination ?? NO_ACCOUNT;
    for (const key of [...ownedKeys(sandbox, Account)]) {
      const entry = sandbox.get(key);
      if (entry?.LedgerEntryType === "Ticket") consumeTicket(sandbox, Account, entry.TicketSequence);
      else if (entry?.LedgerEntryType === "SignerList") removeSignerList(sandbox, Account);
      else if (entry?.LedgerEntryType === "DepositPreauth") {
        removeDepositPreauth(sandbox, Account, entry.Authorize);
      }
    }
    const [root, target] = [accountRoot(sandbox, Account), accountRoot(sandbox, destination)];
    if (root === undefined || target === undefined) return "terNO_ACCOUNT";
    // Tickets leave an empty directory behind.
    if (sandbox.get(ownerDirectoryKey(Account)) !== undefined) sandbox.erase(ownerDirectoryKey(Account));
    sandbox.erase(accountKey(Account));
    updateAccount(sandbox, destination, {
      Balance: String(BigInt(target.Balance) + BigInt(root.Balance)),
      Flags: withoutFlag(target.Flags, ACCOUNT_FLAGS.passwordSpent),
    });
    deliver(root.Balance);
    return "tesSUCCESS";
  },
};

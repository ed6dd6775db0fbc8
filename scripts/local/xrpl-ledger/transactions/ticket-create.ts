import { addToDirectory, removeFromDirectory } from "../engine/directory.ts";
import { ticketKey } from "../engine/keylets.ts";
import { sequenceUse } from "../engine/transaction.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import {
  accountRoot,
  adjustOwnerCount,
  reserveDrops,
  type Sandbox,
  ticketOf,
  updateAccount,
} from "../engine/view.ts";

/** In one transaction, and in all for one account. */
const MAX_TICKETS = 250;

export const ticketCreate: Transactor = {
  preflight(tx) {
    if (hasUnknownFlags(tx)) return "temINVALID_FLAG";
    const count = tx.fields.TicketCount ?? 0;
    return count < 1 || count > MAX_TICKETS ? "temINVALID_COUNT" : "tesSUCCESS";
  },
  preclaim(view, { fields }) {
    const held = accountRoot(view, fields.Account)?.TicketCount ?? 0;
    const used = sequenceUse(fields).kind === "ticket" ? 1 : 0;
    return held + (fields.TicketCount ?? 0) - used > MAX_TICKETS ? "tecDIR_FULL" : "tesSUCCESS";
  },
  apply({ sandbox, tx: { fields }, priorBalanceDrops }) {
    const root = accountRoot(sandbox, fields.Account);
    if (root === undefined) return "terNO_ACCOUNT";
    const count = fields.TicketCount ?? 0;
    if (priorBalanceDrops < reserveDrops(sandbox, root.OwnerCount + count)) return "tecINSUFFICIENT_RESERVE";
    for (let at = 0; at < count; at++) {
      const sequence = root.Sequence + at;
      const key = ticketKey(fields.Account, sequence);
      sandbox.set(key, {
        LedgerEntryType: "Ticket",
        Account: fields.Account,
        Flags: 0,
        OwnerNode: addToDirectory(sandbox, fields.Account, key),
        TicketSequence: sequence,
      });
    }
    adjustOwnerCount(sandbox, fields.Account, count);
    updateAccount(sandbox, fields.Account, {
      TicketCount: (root.TicketCount ?? 0) + count,
      // The tickets' numbers are taken from the account's own.
      Sequence: root.Sequence + count,
    });
    return "tesSUCCESS";
  },
};

/** Uses a ticket up. Whoever calls has seen that it is there. */
export function consumeTicket(sandbox: Sandbox, account: string, sequence: number): void {
  const ticket = ticketOf(sandbox, account, sequence);
  const root = accountRoot(sandbox, account);
  if (ticket === undefined || root === undefined) throw new Error(`ticket ${sequence} of ${account} is gone`);
  const key = ticketKey(account, sequence);
  removeFromDirectory(sandbox, account, ticket.OwnerNode, key, true);
  sandbox.erase(key);
  const left = (root.TicketCount ?? 0) - 1;
  updateAccount(sandbox, account, { TicketCount: left === 0 ? undefined : left });
  adjustOwnerCount(sandbox, account, -1);
}

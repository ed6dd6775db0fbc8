import {
  accountInfo,
  accountLines,
  accountObjects,
  depositAuthorized,
  gatewayBalances,
  ledgerEntry,
} from "./commands-account.ts";
import { ledger, ledgerAccept, ledgerClosed, ledgerCurrent } from "./commands-ledger.ts";
import { feature, fee, ping } from "./commands-server.ts";
import { serverInfo, serverState } from "./commands-server-info.ts";
import { submitBlob, submitMultisigned } from "./commands-submit.ts";
import { accountTx, transactionEntry, tx } from "./commands-transaction.ts";
import type { Command } from "./request.ts";
import { RpcError } from "./rpc-error.ts";

export const COMMANDS: Record<string, Command> = {
  account_info: accountInfo,
  account_lines: accountLines,
  account_objects: accountObjects,
  account_tx: accountTx,
  deposit_authorized: depositAuthorized,
  feature,
  fee,
  gateway_balances: gatewayBalances,
  ledger,
  ledger_accept: ledgerAccept,
  ledger_closed: ledgerClosed,
  ledger_current: ledgerCurrent,
  ledger_entry: ledgerEntry,
  ping,
  server_info: serverInfo,
  server_state: serverState,
  sign: () => {
    throw new RpcError("notSupported");
  },
  submit: submitBlob,
  submit_multisigned: submitMultisigned,
  transaction_entry: transactionEntry,
  tx,
};

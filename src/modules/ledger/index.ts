export { LedgerError, requirePosted, transferRefused } from "./errors.ts";
export { createLedger, type Ledger } from "./ledger.ts";
export { postTransfers } from "./post-transfers.ts";
export {
  classifyResult,
  firstFailure,
  TRANSFER_RESULTS,
  type TransferOutcome,
  type TransferResult,
} from "./results.ts";
export {
  type AccountKey,
  type Asset,
  accountIds,
  assets,
  type Balance,
  balancesOf,
  type LedgerBreak,
  type StatementEntry,
  type StatementQuery,
  statementOf,
  type TrialBalance,
} from "./store.ts";
export type {
  PendingTransfer,
  PostedTransfer,
  PostPendingTransfer,
  Transfer,
  VoidPendingTransfer,
} from "./transfer.ts";
export { createLedgerWriter, type LedgerWriter, type LedgerWriterOptions } from "./writer.ts";

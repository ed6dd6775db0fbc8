import { unreachable } from "../../platform/errors.ts";

/** Every result that `ledger_post` gives a transfer; what they mean is said at `classifyResult` and in the errors. */
export const TRANSFER_RESULTS = [
  "posted",
  "exists",
  "insufficient_funds",
  "balance_overflow",
  "amount_not_positive",
  "amount_too_large",
  "accounts_not_different",
  "debit_account_not_found",
  "credit_account_not_found",
  "assets_differ",
  "pending_not_found",
  "pending_not_pending",
  "pending_already_posted",
  "pending_already_voided",
  "pending_expired",
  "exceeds_pending_amount",
  "exists_with_different_kind",
  "exists_with_different_pending",
  "exists_with_different_debit",
  "exists_with_different_credit",
  "exists_with_different_amount",
  "exists_with_different_expiry",
  "exists_with_different_linked",
  "exists_with_different_cause",
  "exists_with_different_ref",
  "linked_transfer_failed",
  "linked_chain_open",
] as const;

export type TransferResult = (typeof TRANSFER_RESULTS)[number];

export type TransferOutcome = { id: string; result: TransferResult };

const KNOWN: ReadonlySet<string> = new Set(TRANSFER_RESULTS);

export function isTransferResult(text: string): text is TransferResult {
  return KNOWN.has(text);
}

/**
 * `success`: the transfer is in the ledger. `retryable`: it is not, and the same transfer may succeed later, when
 * balances or other transfers have changed. `final`: the same transfer will never succeed.
 */
export function classifyResult(result: TransferResult): "success" | "retryable" | "final" {
  switch (result) {
    case "posted":
    case "exists":
      return "success";
    case "insufficient_funds":
    case "balance_overflow":
    case "debit_account_not_found":
    case "credit_account_not_found":
    case "pending_not_found":
    case "linked_transfer_failed":
      return "retryable";
    case "amount_not_positive":
    case "amount_too_large":
    case "accounts_not_different":
    case "assets_differ":
    case "pending_not_pending":
    case "pending_already_posted":
    case "pending_already_voided":
    case "pending_expired":
    case "exceeds_pending_amount":
    case "exists_with_different_kind":
    case "exists_with_different_pending":
    case "exists_with_different_debit":
    case "exists_with_different_credit":
    case "exists_with_different_amount":
    case "exists_with_different_expiry":
    case "exists_with_different_linked":
    case "exists_with_different_cause":
    case "exists_with_different_ref":
    case "linked_chain_open":
      return "final";
    default:
      return unreachable(result);
  }
}

/** The first failure that explains the others: a `linked_transfer_failed` only when there is nothing else. */
export function firstFailure(outcomes: readonly TransferOutcome[]): TransferOutcome | undefined {
  const failed = outcomes.filter((outcome) => classifyResult(outcome.result) !== "success");
  return failed.find((outcome) => outcome.result !== "linked_transfer_failed") ?? failed[0];
}

import { AppError, type ErrorKind, InvariantError, unreachable } from "../../platform/errors.ts";
import { classifyResult, firstFailure, type TransferOutcome, type TransferResult } from "./results.ts";

/** A refusal by the ledger; `code` is the failed transfer's result, or `ledger_unavailable`, `unknown_account`, … */
export class LedgerError extends AppError {
  /** Whether the same transfers may succeed later. Sending them again is always safe: ids make it so. */
  readonly retryable: boolean;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    options: { retryable: boolean; details?: Record<string, unknown>; cause?: unknown },
  ) {
    super(kind, code, message, {
      ...(options.details === undefined ? {} : { details: options.details }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
      ...(kind === "unavailable" ? { retryAfterSeconds: 1 } : {}),
    });
    this.name = "LedgerError";
    this.retryable = options.retryable;
  }
}

/** Throws unless every transfer is in the ledger now; the error is the failure that explains the others. */
export function requirePosted(outcomes: readonly TransferOutcome[]): void {
  const failure = firstFailure(outcomes);
  if (failure !== undefined) throw transferRefused(failure);
}

export function transferRefused(outcome: TransferOutcome): LedgerError {
  const [kind, message] = refusal(outcome.result);
  return new LedgerError(kind, outcome.result, message, {
    retryable: classifyResult(outcome.result) === "retryable",
    details: { transferId: outcome.id },
  });
}

/** The database cannot be reached. `written` says what is known of the transfers that the caller submitted. */
export function ledgerUnavailable(written: "no" | "unknown", cause?: unknown): LedgerError {
  return new LedgerError(
    "unavailable",
    "ledger_unavailable",
    written === "no"
      ? "the ledger is not available and nothing was written: try again"
      : "the ledger was lost while it was writing: try again with the same ids to learn what it wrote",
    { retryable: true, details: { written }, cause },
  );
}

export function ledgerOverloaded(queued: number): LedgerError {
  return new LedgerError(
    "unavailable",
    "ledger_overloaded",
    "the ledger has more waiting than it can write soon, nothing was written: try again",
    { retryable: true, details: { queued } },
  );
}

export function unknownAccount(owner: string, asset: string): LedgerError {
  return new LedgerError(
    "not_found",
    "unknown_account",
    `there is no account of ${owner} in ${asset}: only player accounts open by themselves`,
    { retryable: false, details: { owner, asset } },
  );
}

export function unknownAsset(assets: readonly string[], cause: unknown): LedgerError {
  return new LedgerError("not_found", "unknown_asset", "an asset is not one that the ledger keeps", {
    retryable: false,
    details: { assets },
    cause,
  });
}

/** Which HTTP kind a failed transfer is, and in one sentence what was wrong and what would be right. */
function refusal(result: TransferResult): [kind: ErrorKind, message: string] {
  switch (result) {
    case "insufficient_funds":
      return [
        "unprocessable",
        "the account has less available than the amount: use at most its available balance",
      ];
    case "balance_overflow":
      return ["unprocessable", "the balance would have more than 38 digits: use a smaller amount"];
    case "amount_not_positive":
      return ["invalid", "the amount must be greater than zero"];
    case "amount_too_large":
      return ["invalid", "the amount must have at most 38 digits"];
    case "accounts_not_different":
      return ["invalid", "a transfer needs two different accounts"];
    case "debit_account_not_found":
      return ["not_found", "the account to take from does not exist: open it first"];
    case "credit_account_not_found":
      return ["not_found", "the account to give to does not exist: open it first"];
    case "assets_differ":
      return [
        "invalid",
        "both accounts must be of one asset: exchange through house accounts in a linked group",
      ];
    case "pending_not_found":
      return ["not_found", "there is no transfer of that pending id to resolve"];
    case "pending_not_pending":
      return [
        "conflict",
        "the transfer to resolve is not a pending one: only pending transfers are resolved",
      ];
    case "pending_already_posted":
      return ["conflict", "the pending transfer has been posted: it is resolved once"];
    case "pending_already_voided":
      return ["conflict", "the pending transfer has been voided: it is resolved once"];
    case "pending_expired":
      return ["conflict", "the pending transfer has expired: make a new one"];
    case "exceeds_pending_amount":
      return ["unprocessable", "the amount is more than the pending transfer holds: post at most that"];
    case "exists_with_different_kind":
    case "exists_with_different_pending":
    case "exists_with_different_debit":
    case "exists_with_different_credit":
    case "exists_with_different_amount":
    case "exists_with_different_expiry":
    case "exists_with_different_linked":
    case "exists_with_different_cause":
    case "exists_with_different_ref":
      return [
        "conflict",
        `a transfer with this id exists with a different ${result.slice("exists_with_different_".length)}: another transfer needs another id`,
      ];
    case "linked_transfer_failed":
      return ["conflict", "a transfer of the same linked group failed, so none of the group was written"];
    case "linked_chain_open":
      return ["invalid", "the last transfer must not be linked: a group ends at one that is not"];
    case "posted":
    case "exists":
      throw new InvariantError(`${result} is no refusal`);
    default:
      return unreachable(result);
  }
}

import { AppError } from "../../platform/errors.ts";

export function payoutNotFound(payoutId: string): AppError {
  return new AppError("not_found", "payout_not_found", "there is no payout with this id", {
    details: { payoutId },
  });
}

export function nothingToSign(payoutId: string, why: string): AppError {
  return new AppError(
    "conflict",
    "nothing_to_sign",
    `this payout has nothing that an approver could sign: ${why}`,
    {
      details: { payoutId },
    },
  );
}

export function notPendingApproval(payoutId: string, status: string): AppError {
  return new AppError(
    "conflict",
    "not_pending_approval",
    `the payout is ${status}; approvals are given and taken back while it is pending_approval, or approved and in no batch`,
    { details: { payoutId, status } },
  );
}

export function notRejectable(payoutId: string, status: string): AppError {
  return new AppError(
    "conflict",
    "not_rejectable",
    `the payout is ${status}; it can be rejected while it is requested or pending_approval`,
    { details: { payoutId, status } },
  );
}

export function approvalExpired(payoutId: string, validUntil: Date): AppError {
  return new AppError(
    "conflict",
    "approval_expired",
    `approvals for this payout were possible until ${validUntil.toISOString()}; it has to be requested anew`,
    { details: { payoutId, validUntil: validUntil.toISOString() } },
  );
}

export function proposerCannotApprove(payoutId: string, proposer: string): AppError {
  return new AppError(
    "forbidden",
    "proposer_cannot_approve",
    "you proposed this payout; other approvers have to approve it",
    { details: { payoutId, proposer } },
  );
}

export function alreadyApproved(payoutId: string, approver: string): AppError {
  return new AppError("conflict", "already_approved", "your signature for this payout is already held", {
    details: { payoutId, approver },
  });
}

export function notAnApprover(address: string | null, where: "configuration" | "chain"): AppError {
  const message =
    where === "chain"
      ? "the chain does not list you as an approver, so your signature would not count there; the vault's owner, or the treasury's signer list, has to name you"
      : "only a configured approver's session may do this";
  return new AppError("forbidden", "not_an_approver", message, { details: { address, where } });
}

export function malformedSignature(fault: string): AppError {
  return new AppError("invalid", "malformed_signature", `signature is not one of an account's key: ${fault}`);
}

export function wrongSigner(expected: string, recovered: string): AppError {
  return new AppError(
    "unprocessable",
    "wrong_signer",
    `the signature is of approver ${recovered}, but this session is ${expected}; each approver submits their own`,
    { details: { expected, recovered } },
  );
}

/** Recovery gives some address for any payload, so another key and another payload look the same from here. */
export function wrongPayload(expected: string, digest: string, recovered: string | null): AppError {
  return new AppError(
    "unprocessable",
    "wrong_payload",
    "the signature is not yours over this payout: sign exactly its typedData with eth_signTypedData_v4, from your session's address",
    { details: { expected, digest, recovered } },
  );
}

export function contractRefusedSignature(contract: string, digest: string): AppError {
  return new AppError(
    "unprocessable",
    "wrong_payload",
    "your contract account does not accept the signature over this payout (ERC-1271 isValidSignature): sign exactly its typedData",
    { details: { expected: contract, digest } },
  );
}

export function chainUnavailable(why: string): AppError {
  return new AppError(
    "unavailable",
    "chain_unavailable",
    "the signature is not that of your account's own key, and the chain cannot be asked now whether your account is a contract that accepts it; try again shortly",
    { details: { why }, retryAfterSeconds: 5 },
  );
}

export function tooLate(payoutId: string, status: string): AppError {
  return new AppError(
    "conflict",
    "too_late",
    `the payout is ${status}: it was handed to settlement and approvals can no longer be taken back`,
    { details: { payoutId, status } },
  );
}

export function notApprovedByYou(payoutId: string, approver: string): AppError {
  return new AppError("not_found", "not_approved_by_you", "you have no standing approval on this payout", {
    details: { payoutId, approver },
  });
}

/** Settlement binds a ticket and offers the transaction; until then there is nothing to sign. */
export function payloadNotReady(payoutId: string, status: string): AppError {
  return new AppError(
    "conflict",
    "payload_not_ready",
    status === "pending_approval"
      ? "the transaction to sign is being prepared: it needs a free ticket of the treasury; try again shortly"
      : `the payout is ${status}, so there is no transaction to sign any more`,
    { details: { payoutId, status }, retryAfterSeconds: 5 },
  );
}

/** What was signed has ended meanwhile; another one is on offer. */
export function payloadReplaced(payoutId: string): AppError {
  return new AppError(
    "conflict",
    "wrong_payload",
    "what you signed was replaced meanwhile; read the approval again and sign what it shows now",
    { details: { payoutId } },
  );
}

/** `code` says which check a share did not pass. */
export function shareRefused(code: string, why: string): AppError {
  const kind = code === "malformed_share" ? "invalid" : "unprocessable";
  return new AppError(
    kind,
    code,
    `${why}; sign exactly its transaction for multi-signing with your own account`,
  );
}

/** Approvals are counted by people: two wallets of one account are one. */
export function alreadyApprovedByAccount(payoutId: string, account: string): AppError {
  return new AppError(
    "conflict",
    "already_approved",
    "another wallet of your account has approved this payout; a second approval has to come from somebody else",
    { details: { payoutId, account } },
  );
}

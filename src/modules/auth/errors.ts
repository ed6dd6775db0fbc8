import { AppError } from "../../platform/errors.ts";
import type { Role } from "./session.ts";
import type { Chain } from "./wallet-address.ts";
import type { XrplFault } from "./xrpl-signature.ts";

const SIGN_IN = "sign in again";

/** What a challenge was given out for. */
export type Purpose = "sign_in" | "link";

const ASK: Record<Purpose, string> = {
  sign_in: "POST auth/wallet-challenge",
  link: "POST auth/wallets/challenge",
};

const PROOF_FORMS: Record<Chain, string> = {
  flare: "{signature} with 0x",
  xrpl: "{signature, publicKey} in hex without 0x, or {blob}",
};

export const tokenMissing = () =>
  new AppError(
    "unauthenticated",
    "token_missing",
    "this needs a session: send `Authorization: Bearer <token>` or the cookie that signing in set",
  );

export const tokenInvalid = (cause?: unknown) =>
  new AppError("unauthenticated", "token_invalid", `the token is not one that we issued; ${SIGN_IN}`, {
    cause,
  });

export const tokenExpired = () =>
  new AppError(
    "unauthenticated",
    "token_expired",
    "the token has expired; get a new one with POST auth/refresh, or sign in again",
  );

export const sessionEnded = () =>
  new AppError("unauthenticated", "session_ended", `the session of this token has ended; ${SIGN_IN}`);

export const sessionExpired = () =>
  new AppError("unauthenticated", "session_expired", `the session was not refreshed in time; ${SIGN_IN}`);

export const refreshTokenReused = () =>
  new AppError(
    "unauthenticated",
    "refresh_token_reused",
    `this refresh token was used before, so somebody else may hold it: the session has been ended; ${SIGN_IN}`,
  );

export const roleRequired = (required: readonly Role[], actual: readonly Role[]) =>
  new AppError(
    "forbidden",
    "role_required",
    `this needs the role ${required.join(" or ")}; the session has ${actual.join(", ")}`,
    { details: { required: [...required], actual: [...actual] } },
  );

export const crossOriginRefused = (origin: string) =>
  new AppError(
    "forbidden",
    "cross_origin_refused",
    `a cookie signs only requests that come from ${origin} (Origin or Sec-Fetch-Site must say so); other clients send a bearer token`,
    { details: { expectedOrigin: origin } },
  );

export const messageMalformed = (purpose: Purpose, cause?: unknown) =>
  new AppError(
    "invalid",
    "message_malformed",
    `message must be the text that ${ASK[purpose]} returned, unchanged`,
    { cause },
  );

export const proofMalformed = (chain: Chain, field: string) =>
  new AppError(
    "invalid",
    "proof_malformed",
    `${field} must be what a wallet of ${chain} returns: ${PROOF_FORMS[chain]}`,
    { details: { field, chain } },
  );

export const chainNotConfigured = (chain: Chain) =>
  new AppError(
    "invalid",
    "chain_not_configured",
    `this server has no chain "${chain}"; sign in with a wallet of a chain that GET config lists`,
    { details: { chain } },
  );

export type Mismatch = { field: string; expected?: string | number; received?: string | number };

export const messageMismatch = (purpose: Purpose, mismatches: readonly Mismatch[]) =>
  new AppError(
    "unauthenticated",
    "message_mismatch",
    `the message is not the one that we gave out: ${mismatches.map((m) => m.field).join(", ")} differ${mismatches.length === 1 ? "s" : ""}; sign the text that ${ASK[purpose]} returned, unchanged`,
    { details: { mismatches: [...mismatches] } },
  );

export const challengeUnknown = (purpose: Purpose) =>
  new AppError(
    "unauthenticated",
    "challenge_unknown",
    `no challenge with this nonce is open; ask for a new one with ${ASK[purpose]}`,
  );

export const challengeUsed = (purpose: Purpose) =>
  new AppError(
    "unauthenticated",
    "challenge_used",
    `this challenge was used before, and each is good once; ask for a new one with ${ASK[purpose]}`,
  );

export const challengeExpired = (purpose: Purpose, expiredAt: Date) =>
  new AppError(
    "unauthenticated",
    "challenge_expired",
    `this challenge expired at ${expiredAt.toISOString()}; ask for a new one with ${ASK[purpose]}`,
  );

export const signatureInvalid = (address: string, why: string, details: Record<string, unknown> = {}) =>
  new AppError("unauthenticated", "signature_invalid", `the signature is not ${address}'s: ${why}`, {
    details: { address, ...details },
  });

const XRPL_FAULTS: Record<XrplFault, string> = {
  wrong_signature: "it is no valid signature of this message by the key that it names",
  blob_malformed: "the blob is not the canonical serialization of a signed object",
  blob_is_transaction:
    "the blob is a transaction, which never signs anybody in; sign a SignIn without TransactionType",
  blob_multi_signed: "the blob is multi-signed; one key has to sign it",
  blob_of_another_account: "the blob's Account is another one",
  blob_without_message: "the blob's only memo must hold the whole message as MemoData, in hex",
};

export const xrplProofInvalid = (account: string, fault: XrplFault) =>
  signatureInvalid(account, XRPL_FAULTS[fault], { reason: fault });

export const xrplKeyRefused = (account: string, signer: string, standing: "master_disabled" | "not_a_key") =>
  signatureInvalid(
    account,
    standing === "master_disabled"
      ? "the account's master key is disabled on the ledger; sign with its regular key"
      : `${signer}'s key signed this message, and on the ledger that is not a key of the account`,
    { reason: standing },
  );

export const chainUnavailable = (cause: unknown) =>
  new AppError(
    "unavailable",
    "chain_unavailable",
    "the chain that knows which keys this wallet has does not answer now; the challenge stays open, try again shortly",
    { cause, retryAfterSeconds: 2 },
  );

export const demoCannotLink = () =>
  new AppError(
    "forbidden",
    "demo_cannot_link",
    "a demo session has no wallet that could answer for another; sign in with a wallet first",
  );

export const walletLinkedAlready = (address: string) =>
  new AppError(
    "conflict",
    "wallet_linked_already",
    `${address} is a wallet of this account already; GET auth/wallets lists them`,
    { details: { address } },
  );

export const walletBelongsToAnother = (address: string) =>
  new AppError(
    "conflict",
    "wallet_belongs_to_another",
    `${address} is a wallet of another player, and a wallet is one player's; link one that has not signed in here`,
    { details: { address } },
  );

export const tooManyWallets = (most: number) =>
  new AppError("conflict", "too_many_wallets", `an account has at most ${most} wallets; unlink one first`, {
    details: { most },
  });

export const walletNotLinked = (address: string) =>
  new AppError(
    "not_found",
    "wallet_not_linked",
    `${address} is no wallet of this account; GET auth/wallets lists them`,
    { details: { address } },
  );

export const firstWalletStays = (address: string) =>
  new AppError(
    "conflict",
    "first_wallet_stays",
    `${address} is the account's first wallet, by which it is known for good; unlink another`,
    { details: { address } },
  );

export const walletInUse = (address: string) =>
  new AppError(
    "conflict",
    "wallet_in_use",
    `${address} is the wallet that this session signed in with; sign in with another and unlink it from there`,
    { details: { address } },
  );

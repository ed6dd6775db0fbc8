import { formatUnits } from "../../platform/amounts.ts";
import { AppError, InvariantError } from "../../platform/errors.ts";
import { type CancelRefusal, type PayoutStatus, TRANSITIONS } from "./state.ts";

/** An asset as refusals speak of it. */
type AssetUnits = { code: string; scale: number };

function units(amount: bigint, asset: AssetUnits): string {
  return `${formatUnits(amount, asset.scale)} ${asset.code}`;
}

export function unknownAsset(asset: string, known: readonly string[]): AppError {
  return new AppError(
    "invalid",
    "unknown_asset",
    `there is no asset "${asset}"; there are ${known.join(", ")}`,
    {
      details: { asset, known },
    },
  );
}

export function unsupportedPair(
  asset: string,
  payAs: string,
  supported: readonly { asset: string; payAs: string }[],
): AppError {
  const pairs = supported.map((pair) => `${pair.asset} as ${pair.payAs}`).join(", ");
  return new AppError(
    "invalid",
    "unsupported_pair",
    `${asset} cannot be paid as ${payAs}; possible: ${pairs}`,
    {
      details: { asset, payAs, supported },
    },
  );
}

export function amountTooSmall(amount: bigint, min: bigint, asset: AssetUnits): AppError {
  return new AppError("unprocessable", "amount_too_small", `the least that is paid is ${units(min, asset)}`, {
    details: { asset: asset.code, amount: amount.toString(), min: min.toString() },
  });
}

export function amountTooLarge(amount: bigint, max: bigint, asset: AssetUnits): AppError {
  return new AppError(
    "unprocessable",
    "amount_too_large",
    `this would be more than one payout can carry (${units(max, asset)}); split it`,
    { details: { asset: asset.code, amount: amount.toString(), max: max.toString() } },
  );
}

export function reservedAddress(address: string): AppError {
  return new AppError(
    "unprocessable",
    "reserved_address",
    "to is an address that the chain keeps for itself (a precompile or system contract); nobody could spend what it gets",
    { details: { to: address } },
  );
}

export function payeeIsVault(address: string): AppError {
  return new AppError(
    "unprocessable",
    "payee_is_vault",
    "to is the account that pays; name the address of a payee",
    {
      details: { to: address },
    },
  );
}

/** The chain itself would refuse the payment; `problem.code` says why, in the rail's own words. */
export function payeeRefused(to: string, problem: { code: string; message: string }): AppError {
  return new AppError("unprocessable", problem.code, problem.message, { details: { to } });
}

export function tagOnlyOnXrpl(): AppError {
  return new AppError(
    "invalid",
    "tag_only_on_xrpl",
    "destinationTag belongs to addresses of the XRP Ledger; leave it out for an EVM address",
  );
}

export function noWalletOnRail(rail: string, asset: string): AppError {
  return new AppError(
    "unprocessable",
    "no_wallet_on_rail",
    `${asset} is paid on ${rail}, where your account has no wallet: give to, or link a wallet there first`,
    { details: { rail, asset } },
  );
}

export function railHasNoClaims(rail: string): AppError {
  return new AppError(
    "unprocessable",
    "rail_has_no_claims",
    `payouts on ${rail} are sent, not claimed: leave out delivery`,
    { details: { rail } },
  );
}

export function addressDenied(address: string): AppError {
  return new AppError(
    "forbidden",
    "address_denied",
    "payouts to or for this address are blocked; ask an operator",
    {
      details: { address },
    },
  );
}

export function demoHasNoAddress(): AppError {
  return new AppError(
    "unprocessable",
    "demo_has_no_address",
    "a demo session's payouts never leave the demo, so leave out to and delivery; sign in with a wallet to be paid",
  );
}

export function staysOnLedger(): AppError {
  return new AppError(
    "unprocessable",
    "stays_on_ledger",
    "payouts stay on your ledger account here, so leave out to and delivery, or give your own wallet",
  );
}

export function notOnChainHere(asset: string, mode: string): AppError {
  return new AppError(
    "unprocessable",
    "not_on_chain_here",
    `${asset} cannot be paid out to a chain here (payout mode ${mode}); your balance stays as it is`,
    { details: { asset, mode } },
  );
}

export function claimNeedsNoApproval(required: number, of: number): AppError {
  return new AppError(
    "unprocessable",
    "claim_needs_no_approval",
    `delivery "claim" is for amounts that need no approval; this one needs ${required} of ${of}, so leave delivery at "push"`,
    { details: { required } },
  );
}

export function tooFewApprovers(required: number, of: number): AppError {
  return new AppError(
    "unavailable",
    "too_few_approvers",
    `this amount needs ${required} approvals, but only ${of} approvers are configured; ask for less, or an operator to add some`,
    { details: { required, of } },
  );
}

export function insufficientFunds(asset: AssetUnits, wanted: bigint, available: bigint): AppError {
  return new AppError(
    "unprocessable",
    "insufficient_funds",
    `this needs ${units(wanted, asset)}, but ${units(available, asset)} are available`,
    { details: { asset: asset.code, amount: wanted.toString(), available: available.toString() } },
  );
}

export function treasuryShort(asset: AssetUnits): AppError {
  return new AppError(
    "unavailable",
    "treasury_short",
    `the rewards account does not hold enough ${asset.code} for this now; ask for less, or again later`,
    { details: { asset: asset.code } },
  );
}

export function dailyCapReached(
  whose: "player" | "asset",
  asset: AssetUnits,
  cap: bigint,
  remaining: bigint,
): AppError {
  const subject = whose === "player" ? "you may take out" : "may leave in all";
  return new AppError(
    "unprocessable",
    `${whose}_daily_cap`,
    `${units(cap, asset)} a day (UTC) is what ${subject}; ${units(remaining, asset)} are left today`,
    { details: { asset: asset.code, cap: cap.toString(), remaining: remaining.toString() } },
  );
}

export function railPaused(rail: string, reason: string): AppError {
  return new AppError(
    "unavailable",
    "rail_paused",
    `payouts on ${rail} are paused: ${reason}; try again later`,
    {
      details: { rail, reason },
      retryAfterSeconds: 60,
    },
  );
}

export function policyMissing(asset: string): AppError {
  return new AppError(
    "unavailable",
    "policy_missing",
    `no payout policy is set for ${asset} yet; ask an operator`,
    {
      details: { asset },
    },
  );
}

export function unknownRecipient(address: string): AppError {
  return new AppError(
    "unprocessable",
    "unknown_recipient",
    "payouts stay on the ledger here, so to must be the wallet of a player who has signed in",
    { details: { to: address } },
  );
}

/** Also for a payout of somebody else: whether it exists is not theirs to know. */
export function payoutNotFound(payoutId: string): AppError {
  return new AppError("not_found", "payout_not_found", "there is no payout with this id among yours", {
    details: { payoutId },
  });
}

export function notConfirmed(payoutId: string, status: PayoutStatus): AppError {
  return new AppError(
    "conflict",
    "payout_not_confirmed",
    `the payout is ${status}; a receipt exists once it is confirmed, or credited by the vault`,
    { details: { payoutId, status } },
  );
}

export function cannotCancel(payoutId: string, status: PayoutStatus, why: CancelRefusal): AppError {
  return new AppError("conflict", why, cancelText(status, why), { details: { payoutId, status } });
}

function cancelText(status: PayoutStatus, why: CancelRefusal): string {
  switch (why) {
    case "voucher_outstanding":
      return "its voucher was given out and could still be claimed; what is not claimed comes back after its deadline";
    case "payout_under_way":
      return `the payout is ${status}: it is in a batch already and can no longer be cancelled`;
    case "payout_final":
      return `the payout is ${status}; there is nothing left to cancel`;
  }
}

export function notAClaim(payoutId: string): AppError {
  return new AppError(
    "conflict",
    "not_a_claim",
    'this payout is sent to you (delivery "push"); only one requested with delivery "claim" has a voucher',
    { details: { payoutId } },
  );
}

export function voucherUnavailable(payoutId: string, status: PayoutStatus): AppError {
  const why =
    status === "requested" ? "its waiting time is not over; ask again later" : "it needs no voucher any more";
  return new AppError("conflict", "voucher_unavailable", `the payout is ${status}: ${why}`, {
    details: { payoutId, status },
  });
}

export function voucherExpired(payoutId: string, validUntil: Date): AppError {
  return new AppError(
    "conflict",
    "voucher_expired",
    `its voucher held until ${validUntil.toISOString()}; once the chain shows that it was not claimed, the money comes back`,
    { details: { payoutId, validUntil: validUntil.toISOString() } },
  );
}

export function vouchersNotSigned(): AppError {
  return new AppError(
    "unavailable",
    "vouchers_not_signed_here",
    "this server holds no key to sign vouchers with; ask again later",
  );
}

/** Somebody else was faster, or the caller is wrong about where the payout stands. Nothing was changed. */
export function payoutStateConflict(
  payoutId: string,
  status: PayoutStatus,
  wanted: { from?: PayoutStatus; to: PayoutStatus },
): AppError {
  const expected =
    wanted.from === undefined
      ? `${status} goes to ${TRANSITIONS[status].join(", ") || "nothing"}`
      : `it should be ${wanted.from}`;
  return new AppError(
    "conflict",
    "payout_state_conflict",
    `the payout is ${status} and cannot become ${wanted.to}: ${expected}`,
    { details: { payoutId, status, to: wanted.to } },
  );
}

export function missingPayouts(ids: readonly string[]): InvariantError {
  return new InvariantError(`payouts ${ids.slice(0, 5).join(", ")} do not exist`);
}

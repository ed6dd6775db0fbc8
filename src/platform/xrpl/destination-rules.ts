import { LedgerEntry } from "xrpl";
import { formatUnits } from "../amounts.ts";
import { currencyName, fromLedgerValue, type XrplAssetRef } from "./amount.ts";

/** Why a payment would not arrive, and who can change it. */
export type PayeeProblem = { code: string; effect: "payee" | "later" | "operator"; message: string };

export type XrplPayment = {
  from: string;
  to: { address: string; tag: number | null };
  asset: XrplAssetRef;
  /** Minor units. */
  amount: bigint;
  scale: number;
};

/** What is read of an account's `account_data`. */
export type AccountRoot = {
  Account: string;
  Balance: string;
  Flags: number;
  RegularKey?: string;
  TransferRate?: number;
  AMMID?: string;
  VaultID?: string;
  LoanBrokerID?: string;
};

/** One entry of `account_lines`: flags and limits without `peer` are the account's own. Flags are left out when false. */
export type TrustLine = {
  account: string;
  currency: string;
  balance: string;
  limit: string;
  no_ripple_peer?: boolean;
  peer_authorized?: boolean;
  freeze?: boolean;
  freeze_peer?: boolean;
  deep_freeze?: boolean;
  deep_freeze_peer?: boolean;
  /** In billionths; 0 is face value. */
  quality_in?: number;
};

/** Fine enough for every value of the ledger (the smallest exponent is -96), so that nothing is rounded. */
const EXACT_SCALE = 96;
const FACE_VALUE = 1_000_000_000;

/** What the payee's account itself says about a payment; null when nothing stands against it. */
export function findAccountProblem(
  { from, to, asset, amount }: XrplPayment,
  account: AccountRoot | null,
  reserveBaseDrops: bigint,
): PayeeProblem | null {
  const { address, tag } = to;
  if (account === null) {
    if (asset.kind === "issued")
      return payee(
        "destination_not_found",
        `${address} does not exist on the XRP Ledger: fund it with ${xrp(reserveBaseDrops)} XRP or more, open a trust line for ${currencyName(asset.currency)}, then ask again`,
      );
    if (amount < reserveBaseDrops)
      return payee(
        "destination_unfunded",
        `${address} does not exist on the XRP Ledger yet and ${xrp(amount)} XRP is too little to create it: it takes ${xrp(reserveBaseDrops)} XRP at once; ask for that much, or fund the account first`,
      );
    return null;
  }
  if (account.AMMID ?? account.VaultID ?? account.LoanBrokerID)
    return payee(
      "destination_is_pseudo_account",
      `${address} belongs to a market maker, vault or lending pool of the ledger and takes no payments; give an account of your own`,
    );
  if (has(account, LedgerEntry.AccountRootFlags.lsfRequireDestTag) && tag === null)
    return payee(
      "destination_tag_required",
      `${address} takes payments only with a destination tag; give the tag that your exchange or wallet shows beside the address`,
    );
  if (asset.kind === "xrp" && has(account, LedgerEntry.AccountRootFlags.lsfDisallowXRP))
    return payee(
      "destination_disallows_xrp",
      `${address} asks not to be sent XRP (DisallowXRP); clear that flag, or give another account`,
    );
  if (
    asset.kind === "issued" &&
    has(account, LedgerEntry.AccountRootFlags.lsfGlobalFreeze) &&
    from !== asset.issuer &&
    address !== asset.issuer
  )
    return payee(
      "destination_frozen",
      `${address} has frozen every currency on its own account (Global Freeze); clear that flag, then ask again`,
    );
  return null;
}

/**
 * Whether deposit authorization must be asked about. rippled lets any payment of XRP up to the base reserve reach an
 * account that holds no more than it, so that nobody can lock himself out (`Payment.cpp`, "dstReserve").
 */
export function needsDepositAuthorization(
  { asset, amount }: XrplPayment,
  account: AccountRoot,
  reserveBaseDrops: bigint,
): boolean {
  if (!has(account, LedgerEntry.AccountRootFlags.lsfDepositAuth)) return false;
  return asset.kind === "issued" || amount > reserveBaseDrops || BigInt(account.Balance) > reserveBaseDrops;
}

export function depositNotAuthorized({ from, to }: XrplPayment): PayeeProblem {
  return payee(
    "deposit_not_authorized",
    `${to.address} takes deposits only from accounts that it has authorized; authorize ${from} (DepositPreauth), or turn deposit authorization off`,
  );
}

/** The issuer's account, the sender's line to it and the payee's; null where there is none. */
export type Lines = { issuer: AccountRoot | null; own: TrustLine | null; theirs: TrustLine | null };

/**
 * Whether an issued currency gets from one holder to another through its issuer, or from the issuer itself. The rules
 * are those of rippled's `DirectStep.cpp` and `StepChecks.h`: a payment in one step, from or to the issuer, ignores
 * freezes, and a line that only the issuer has frozen still receives.
 */
export function findLineProblem(payment: XrplPayment, { issuer, own, theirs }: Lines): PayeeProblem | null {
  const { asset, from, to } = payment;
  if (asset.kind === "xrp") return null;
  const name = currencyName(asset.currency);
  const isFromIssuer = from === asset.issuer;
  if (issuer === null)
    return operator("issuer_not_found", `the issuer ${asset.issuer} of ${name} does not exist`);
  if (!isFromIssuer && own === null)
    return operator(
      "treasury_line_missing",
      `${from} has no trust line for ${name} and so nothing to pay with`,
    );
  if (to.address === asset.issuer) return null;
  if (theirs === null)
    return payee(
      "trust_line_missing",
      `${to.address} has no trust line for ${name}: open one to ${asset.issuer} with a limit of at least ${formatUnits(payment.amount, payment.scale)}, then ask again`,
    );
  if (!isFromIssuer) {
    const stopped = findStop(payment, { issuer: asset.issuer, name }, issuer, own, theirs);
    if (stopped !== null) return stopped;
  }
  if (
    has(issuer, LedgerEntry.AccountRootFlags.lsfRequireAuth) &&
    theirs.peer_authorized !== true &&
    fromLedgerValue(theirs.balance, EXACT_SCALE).minorUnits === 0n
  )
    return payee(
      "trust_line_not_authorized",
      `the issuer ${asset.issuer} of ${name} has not authorized ${to.address} to hold it; ask the issuer to`,
    );
  const quality = theirs.quality_in ?? 0;
  if (quality !== 0 && quality < FACE_VALUE)
    return payee(
      "trust_line_quality",
      `${to.address} values incoming ${name} below its face value (QualityIn), so an exact amount cannot arrive; set QualityIn to 0`,
    );
  return findRoomProblem(payment, name, theirs);
}

/** What stops a currency on its way through the issuer. */
function findStop(
  { from, to }: XrplPayment,
  { issuer: issuerName, name }: { issuer: string; name: string },
  issuer: AccountRoot,
  own: TrustLine | null,
  theirs: TrustLine,
): PayeeProblem | null {
  if (has(issuer, LedgerEntry.AccountRootFlags.lsfGlobalFreeze))
    return later(
      "issuer_frozen",
      `the issuer ${issuerName} has frozen all ${name}; nothing moves until it unfreezes it`,
    );
  if (own?.freeze_peer === true || own?.deep_freeze_peer === true || own?.deep_freeze === true)
    return operator(
      "treasury_line_frozen",
      `the trust line of ${from} for ${name} is frozen; ask the issuer`,
    );
  if (theirs.freeze === true || theirs.deep_freeze === true)
    return payee(
      "trust_line_frozen",
      `${to.address} has frozen its own trust line for ${name}; unfreeze it, then ask again`,
    );
  if (theirs.deep_freeze_peer === true)
    return payee(
      "trust_line_frozen",
      `the issuer ${issuerName} has frozen the trust line of ${to.address} for ${name} in both directions; ask the issuer`,
    );
  if (own?.no_ripple_peer === true && theirs.no_ripple_peer === true) {
    const message = `the issuer ${issuerName} lets no ${name} pass between ${from} and ${to.address} (No Ripple on both trust lines)`;
    return has(issuer, LedgerEntry.AccountRootFlags.lsfDefaultRipple)
      ? payee(
          "trust_line_no_ripple",
          `${message}; remove your trust line and open it again, or ask the issuer`,
        )
      : operator("trust_line_no_ripple", `${message}; the issuer must enable Default Ripple`);
  }
  const rate = issuer.TransferRate ?? 0;
  if (rate > FACE_VALUE)
    return operator(
      "issuer_charges_transfers",
      `the issuer ${issuerName} charges for transfers of ${name} (TransferRate ${rate}), which an exact payment does not cover`,
    );
  return null;
}

function findRoomProblem(
  { to, amount, scale }: XrplPayment,
  name: string,
  { limit, balance }: TrustLine,
): PayeeProblem | null {
  const held = fromLedgerValue(balance, EXACT_SCALE).minorUnits;
  const room = fromLedgerValue(limit, EXACT_SCALE).minorUnits - held;
  const unit = 10n ** BigInt(EXACT_SCALE - scale);
  const missing = amount * unit - room;
  if (missing <= 0n) return null;
  // Rounded up: a limit that is raised by what is written here suffices.
  const more = formatUnits((missing + unit - 1n) / unit, scale);
  return payee(
    "trust_limit_too_low",
    `the trust line of ${to.address} for ${name} has a limit of ${limit} and holds ${balance}, so ${formatUnits(amount, scale)} does not fit: raise the limit by at least ${more}, then ask again`,
  );
}

export const payee = (code: string, message: string): PayeeProblem => ({ code, effect: "payee", message });
export const later = (code: string, message: string): PayeeProblem => ({ code, effect: "later", message });
export const operator = (code: string, message: string): PayeeProblem => ({
  code,
  effect: "operator",
  message,
});

const xrp = (drops: bigint): string => formatUnits(drops, 6);

export const has = ({ Flags }: AccountRoot, flag: number): boolean => (Flags & flag) !== 0;

import type { EngineResult } from "../engine/engine-results.ts";
import { ACCOUNT_FLAGS, type Amount, hasFlag, withoutFlag } from "../engine/entries.ts";
import { compareIssued, parseIssued } from "../engine/issued-amount.ts";
import { accountKey, depositPreauthKey } from "../engine/keylets.ts";
import { isToken, type Transaction, type TransactionFields } from "../engine/transaction.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, type LedgerView, reserveDrops, updateAccount } from "../engine/view.ts";
import {
  BAD_CURRENCY,
  isPartial,
  isPositive,
  maxSource,
  NO_ACCOUNT,
  PARTIAL_PAYMENT,
  sameAsset,
  sameCurrency,
} from "./amounts.ts";
import { sendTokens } from "./token-payment.ts";

const NO_DIRECT = 0x0001_0000;
const LIMIT_QUALITY = 0x0004_0000;

/** A deposit that `owner` has not allowed. Everybody may pay themselves. */
export function depositRefused(view: LedgerView, owner: string, source: string): boolean {
  const root = accountRoot(view, owner);
  if (root === undefined || !hasFlag(root.Flags, ACCOUNT_FLAGS.depositAuth) || owner === source) return false;
  return view.get(depositPreauthKey(owner, source)) === undefined;
}

const isRippling = (fields: TransactionFields): boolean =>
  fields.Paths !== undefined || fields.SendMax !== undefined || isToken(fields.Amount);

const exceeds = (a: Amount, b: Amount): boolean =>
  isToken(a) && isToken(b) ? compareIssued(parseIssued(a.value), parseIssued(b.value)) > 0 : false;

function preflight(tx: Transaction): EngineResult {
  const { fields } = tx;
  if (hasUnknownFlags(tx, NO_DIRECT | PARTIAL_PAYMENT | LIMIT_QUALITY)) return "temINVALID_FLAG";
  const flags = fields.Flags ?? 0;
  const amount = fields.Amount ?? "0";
  const most = maxSource(fields, amount);
  // Multi-purpose tokens are amounts of a third kind, which this ledger does not have.
  if ([amount, most].some((one) => typeof one === "object" && !isToken(one))) return "temUNKNOWN";
  const xrpDirect = !isToken(amount) && !isToken(most);
  if (fields.Destination === undefined || fields.Destination === NO_ACCOUNT) return "temDST_NEEDED";
  if (fields.SendMax !== undefined && !isPositive(most)) return "temBAD_AMOUNT";
  if (!isPositive(amount)) return "temBAD_AMOUNT";
  if ([amount, most].some((one) => isToken(one) && one.currency === BAD_CURRENCY)) return "temBAD_CURRENCY";
  if (fields.Account === fields.Destination && sameCurrency(most, amount) && fields.Paths === undefined) {
    return "temREDUNDANT";
  }
  if (xrpDirect && fields.SendMax !== undefined) return "temBAD_SEND_XRP_MAX";
  if (xrpDirect && fields.Paths !== undefined) return "temBAD_SEND_XRP_PATHS";
  if (xrpDirect && isPartial(fields)) return "temBAD_SEND_XRP_PARTIAL";
  if (xrpDirect && hasFlag(flags, LIMIT_QUALITY)) return "temBAD_SEND_XRP_LIMIT";
  if (xrpDirect && hasFlag(flags, NO_DIRECT)) return "temBAD_SEND_XRP_NO_DIRECT";
  if (fields.DeliverMin !== undefined) {
    if (!isPartial(fields) || !isPositive(fields.DeliverMin)) return "temBAD_AMOUNT";
    if (!sameAsset(fields.DeliverMin, amount) || exceeds(fields.DeliverMin, amount)) return "temBAD_AMOUNT";
  }
  return "tesSUCCESS";
}

function preclaim(view: LedgerView, { fields }: Transaction): EngineResult {
  const amount = fields.Amount ?? "0";
  const destination = accountRoot(view, fields.Destination ?? NO_ACCOUNT);
  if (destination === undefined) {
    if (isToken(amount)) return "tecNO_DST";
    if (BigInt(amount) < view.fees.reserveBaseDrops) return "tecNO_DST_INSUF_XRP";
  } else if (
    hasFlag(destination.Flags, ACCOUNT_FLAGS.requireDestinationTag) &&
    fields.DestinationTag === undefined
  ) {
    return "tecDST_TAG_NEEDED";
  }
  return "tesSUCCESS";
}

export const payment: Transactor = {
  preflight,
  preclaim,
  maxSpendDrops({ fields }) {
    const most = fields.SendMax ?? fields.Amount ?? "0";
    return isToken(most) ? 0n : BigInt(most);
  },
  apply(context) {
    const { sandbox, tx, priorBalanceDrops } = context;
    const { fields } = tx;
    const destination = fields.Destination ?? NO_ACCOUNT;
    if (accountRoot(sandbox, destination) === undefined) {
      sandbox.set(accountKey(destination), {
        LedgerEntryType: "AccountRoot",
        Account: destination,
        Balance: "0",
        Flags: 0,
        OwnerCount: 0,
        Sequence: sandbox.ledgerIndex,
      });
    }
    if (isRippling(fields)) {
      if (depositRefused(sandbox, destination, fields.Account)) return "tecNO_PERMISSION";
      return sendTokens(context);
    }
    const amountDrops = BigInt(fields.Amount as string);
    const feeDrops = BigInt(fields.Fee);
    const source = accountRoot(sandbox, fields.Account);
    const reserve = reserveDrops(sandbox, source?.OwnerCount ?? 0);
    // The fee may come out of the reserve.
    const kept = reserve > feeDrops ? reserve : feeDrops;
    if (priorBalanceDrops < amountDrops + kept) return "tecUNFUNDED_PAYMENT";
    const target = accountRoot(sandbox, destination);
    if (source === undefined || target === undefined) return "terNO_ACCOUNT";
    // An account that allows nobody must still be able to get out of its reserve.
    const isRescue =
      amountDrops <= sandbox.fees.reserveBaseDrops && BigInt(target.Balance) <= sandbox.fees.reserveBaseDrops;
    if (!isRescue && depositRefused(sandbox, destination, fields.Account)) return "tecNO_PERMISSION";
    updateAccount(sandbox, fields.Account, { Balance: String(BigInt(source.Balance) - amountDrops) });
    updateAccount(sandbox, destination, {
      Balance: String(BigInt(target.Balance) + amountDrops),
      Flags: withoutFlag(target.Flags, ACCOUNT_FLAGS.passwordSpent),
    });
    return "tesSUCCESS";
  },
};

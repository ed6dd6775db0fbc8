import type { EngineResult } from "../engine/engine-results.ts";
import {
  ACCOUNT_FLAGS,
  hasFlag,
  LINE_FLAGS,
  type RippleState,
  withFlag,
  withoutFlag,
} from "../engine/entries.ts";
import { parseIssued } from "../engine/issued-amount.ts";
import { lineKey } from "../engine/keylets.ts";
import { isToken } from "../engine/transaction.ts";
import { type ApplyContext, hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, adjustOwnerCount, reserveDrops, trustLine } from "../engine/view.ts";
import { BAD_CURRENCY, NO_ACCOUNT } from "./amounts.ts";
import { balanceFor, createLine, deleteLine, limitField, needsReserve, sideOf } from "./trust-lines.ts";

const SET_AUTH = 0x0001_0000;
const SET_NO_RIPPLE = 0x0002_0000;
const CLEAR_NO_RIPPLE = 0x0004_0000;
const SET_FREEZE = 0x0010_0000;
const CLEAR_FREEZE = 0x0020_0000;
const KNOWN_FLAGS = SET_AUTH | SET_NO_RIPPLE | CLEAR_NO_RIPPLE | SET_FREEZE | CLEAR_FREEZE;

/** The first two lines of an account are free of reserve. */
const FREE_LINES = 2;

export const trustSet: Transactor = {
  preflight(tx) {
    if (hasUnknownFlags(tx, KNOWN_FLAGS)) return "temINVALID_FLAG";
    const limit = tx.fields.LimitAmount;
    if (!isToken(limit)) return "temBAD_LIMIT";
    if (limit.currency === BAD_CURRENCY) return "temBAD_CURRENCY";
    if (parseIssued(limit.value).mantissa < 0n) return "temBAD_LIMIT";
    if (limit.issuer === NO_ACCOUNT) return "temDST_NEEDED";
    // Rates other than 1 on a line are not part of this ledger.
    if (tx.fields.QualityIn !== undefined || tx.fields.QualityOut !== undefined) return "temUNKNOWN";
    return "tesSUCCESS";
  },
  preclaim(view, { fields }) {
    const limit = fields.LimitAmount;
    const root = accountRoot(view, fields.Account);
    if (!isToken(limit) || root === undefined) return "terNO_ACCOUNT";
    const setsAuth = hasFlag(fields.Flags ?? 0, SET_AUTH);
    if (setsAuth && !hasFlag(root.Flags, ACCOUNT_FLAGS.requireAuthorization)) return "tefNO_AUTH_REQUIRED";
    if (limit.issuer === fields.Account) return "temDST_IS_SRC";
    const peer = accountRoot(view, limit.issuer);
    if (peer === undefined) return "tecNO_DST";
    if (hasFlag(peer.Flags, ACCOUNT_FLAGS.disallowIncomingTrustline)) {
      if (trustLine(view, fields.Account, limit.issuer, limit.currency) === undefined)
        return "tecNO_PERMISSION";
    }
    return "tesSUCCESS";
  },
  apply(context) {
    const limit = context.tx.fields.LimitAmount;
    if (!isToken(limit)) return "temBAD_LIMIT";
    const { Account, Flags = 0 } = context.tx.fields;
    const line = trustLine(context.sandbox, Account, limit.issuer, limit.currency);
    if (line !== undefined) return changeLine(context, line);
    const isNothing = parseIssued(limit.value).mantissa === 0n && !hasFlag(Flags, SET_AUTH);
    if (isNothing) return "tecNO_LINE_REDUNDANT";
    if (!affordsLine(context)) return "tecNO_LINE_INSUF_RESERVE";
    createLine(context.sandbox, {
      account: Account,
      peer: limit.issuer,
      currency: limit.currency,
      limit: parseIssued(limit.value),
      isAuthorized: hasFlag(Flags, SET_AUTH),
      hasNoRipple: hasFlag(Flags, SET_NO_RIPPLE) && !hasFlag(Flags, CLEAR_NO_RIPPLE),
      isFrozen: hasFlag(Flags, SET_FREEZE) && !hasFlag(Flags, CLEAR_FREEZE),
    });
    return "tesSUCCESS";
  },
};

function affordsLine({ sandbox, tx, priorBalanceDrops }: ApplyContext, owned?: number): boolean {
  const count = owned ?? accountRoot(sandbox, tx.fields.Account)?.OwnerCount ?? 0;
  return count < FREE_LINES || priorBalanceDrops >= reserveDrops(sandbox, count + 1);
}

function changeLine(context: ApplyContext, line: RippleState): EngineResult {
  const { sandbox, tx } = context;
  const { Account, Flags = 0, LimitAmount: limit } = tx.fields;
  if (!isToken(limit)) return "temBAD_LIMIT";
  const root = accountRoot(sandbox, Account);
  const side = sideOf(Account, limit.issuer);
  const bits = LINE_FLAGS[side];
  let flags = line.Flags;
  if (hasFlag(Flags, SET_NO_RIPPLE) && !hasFlag(Flags, CLEAR_NO_RIPPLE)) {
    if (balanceFor(line, Account, limit.issuer).mantissa < 0n) return "tecNO_PERMISSION";
    flags = withFlag(flags, bits.noRipple);
  } else if (hasFlag(Flags, CLEAR_NO_RIPPLE) && !hasFlag(Flags, SET_NO_RIPPLE)) {
    flags = withoutFlag(flags, bits.noRipple);
  }
  const mayFreeze = !hasFlag(root?.Flags ?? 0, ACCOUNT_FLAGS.noFreeze);
  if (hasFlag(Flags, SET_FREEZE) && !hasFlag(Flags, CLEAR_FREEZE) && mayFreeze) {
    flags = withFlag(flags, bits.freeze);
  } else if (hasFlag(Flags, CLEAR_FREEZE) && !hasFlag(Flags, SET_FREEZE)) {
    flags = withoutFlag(flags, bits.freeze);
  }
  if (hasFlag(Flags, SET_AUTH)) flags = withFlag(flags, bits.auth);
  let changed: RippleState = {
    ...line,
    Flags: flags,
    [limitField(side)]: { ...line[limitField(side)], value: limit.value },
  };
  const owned = root?.OwnerCount ?? 0;
  let takesReserve = false;
  for (const each of ["low", "high"] as const) {
    const owner = changed[limitField(each)].issuer;
    const needs = needsReserve(sandbox, changed, each);
    const has = hasFlag(changed.Flags, LINE_FLAGS[each].reserve);
    if (needs && !has) {
      adjustOwnerCount(sandbox, owner, 1);
      changed = { ...changed, Flags: withFlag(changed.Flags, LINE_FLAGS[each].reserve) };
      if (each === side) takesReserve = true;
    } else if (!needs && has) {
      adjustOwnerCount(sandbox, owner, -1);
      changed = { ...changed, Flags: withoutFlag(changed.Flags, LINE_FLAGS[each].reserve) };
    }
  }
  const key = lineKey(Account, limit.issuer, limit.currency);
  sandbox.set(key, changed);
  const isDefault = !needsReserve(sandbox, changed, "low") && !needsReserve(sandbox, changed, "high");
  if (isDefault) deleteLine(sandbox, key, changed);
  else if (takesReserve && !affordsLine(context, owned)) return "tecINSUF_RESERVE_LINE";
  return "tesSUCCESS";
}

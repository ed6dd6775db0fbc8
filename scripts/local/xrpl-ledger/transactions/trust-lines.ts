import { addToDirectory, removeFromDirectory } from "../engine/directory.ts";
import {
  ACCOUNT_FLAGS,
  hasFlag,
  LINE_FLAGS,
  type RippleState,
  withFlag,
  withoutFlag,
} from "../engine/entries.ts";
import {
  formatIssued,
  type IssuedAmount,
  negate,
  parseIssued,
  subtractIssued,
} from "../engine/issued-amount.ts";
import { addressOf, isHigh, lineKey } from "../engine/keylets.ts";
import { accountRoot, adjustOwnerCount, type LedgerView, type Sandbox, trustLine } from "../engine/view.ts";

/** Stands for "no issuer" in the balance of a line, which belongs to both sides. */
const LINE_ISSUER = addressOf(`${"00".repeat(19)}01`);

type Side = "low" | "high";
export const sideOf = (account: string, peer: string): Side => (isHigh(account, peer) ? "high" : "low");
const other = (side: Side): Side => (side === "low" ? "high" : "low");

export const limitField = (side: Side): "LowLimit" | "HighLimit" =>
  side === "low" ? "LowLimit" : "HighLimit";

/** What `account` holds of `peer`; negative when it owes. */
export function balanceFor(line: RippleState, account: string, peer: string): IssuedAmount {
  const balance = parseIssued(line.Balance.value);
  return isHigh(account, peer) ? negate(balance) : balance;
}

/** How much `account` lets `peer` owe it. */
export const limitFor = (line: RippleState, account: string, peer: string): IssuedAmount =>
  parseIssued(line[limitField(sideOf(account, peer))].value);

export const lineFlag = (
  line: RippleState,
  account: string,
  peer: string,
  flag: keyof (typeof LINE_FLAGS)["low"],
): boolean => hasFlag(line.Flags, LINE_FLAGS[sideOf(account, peer)][flag]);

export type NewLine = {
  account: string;
  peer: string;
  currency: string;
  limit: IssuedAmount;
  isAuthorized: boolean;
  hasNoRipple: boolean;
  isFrozen: boolean;
};

export function createLine(sandbox: Sandbox, line: NewLine): void {
  const { account, peer, currency } = line;
  const key = lineKey(account, peer, currency);
  const side = sideOf(account, peer);
  const [low, high] = side === "low" ? [account, peer] : [peer, account];
  const LowNode = addToDirectory(sandbox, low, key);
  const HighNode = addToDirectory(sandbox, high, key);
  let flags: number = LINE_FLAGS[side].reserve;
  if (line.isAuthorized) flags = withFlag(flags, LINE_FLAGS[side].auth);
  if (line.hasNoRipple) flags = withFlag(flags, LINE_FLAGS[side].noRipple);
  if (line.isFrozen) flags = withFlag(flags, LINE_FLAGS[side].freeze);
  // The other side did not ask for this line, so it gets what that account has as its default.
  const peerFlags = accountRoot(sandbox, peer)?.Flags ?? 0;
  if (!hasFlag(peerFlags, ACCOUNT_FLAGS.defaultRipple))
    flags = withFlag(flags, LINE_FLAGS[other(side)].noRipple);
  const limitOf = (owner: string): { currency: string; issuer: string; value: string } => ({
    currency,
    issuer: owner,
    value: owner === account ? formatIssued(line.limit) : "0",
  });
  sandbox.set(key, {
    LedgerEntryType: "RippleState",
    Balance: { currency, issuer: LINE_ISSUER, value: "0" },
    Flags: flags,
    LowLimit: limitOf(low),
    HighLimit: limitOf(high),
    LowNode,
    HighNode,
  });
  adjustOwnerCount(sandbox, account, 1);
}

export function deleteLine(sandbox: Sandbox, key: string, line: RippleState): void {
  removeFromDirectory(sandbox, line.LowLimit.issuer, line.LowNode, key, false);
  removeFromDirectory(sandbox, line.HighLimit.issuer, line.HighNode, key, false);
  sandbox.erase(key);
}

/** Whether a side has anything on the line that differs from its default, and so has to keep a reserve for it. */
export function needsReserve(view: LedgerView, line: RippleState, side: Side): boolean {
  const owner = line[limitField(side)].issuer;
  const defaultRipple = hasFlag(accountRoot(view, owner)?.Flags ?? 0, ACCOUNT_FLAGS.defaultRipple);
  const ripples = !hasFlag(line.Flags, LINE_FLAGS[side].noRipple);
  const balance = parseIssued(line.Balance.value).mantissa;
  return (
    ripples !== defaultRipple ||
    hasFlag(line.Flags, LINE_FLAGS[side].freeze) ||
    parseIssued(line[limitField(side)].value).mantissa !== 0n ||
    (side === "low" ? balance > 0n : balance < 0n)
  );
}

/** Moves tokens over one line. The line goes when nothing is left on it and nobody keeps a reserve for it. */
export function credit(
  sandbox: Sandbox,
  from: string,
  to: string,
  currency: string,
  amount: IssuedAmount,
): void {
  const line = trustLine(sandbox, from, to, currency);
  if (line === undefined) throw new Error(`no line for ${currency} between ${from} and ${to}`);
  const key = lineKey(from, to, currency);
  const side = sideOf(from, to);
  const before = balanceFor(line, from, to);
  const after = subtractIssued(before, amount);
  const lowBalance = side === "low" ? after : negate(after);
  let changed: RippleState = { ...line, Balance: { ...line.Balance, value: formatIssued(lowBalance) } };
  const isSpent = before.mantissa > 0n && after.mantissa <= 0n;
  if (isSpent && hasFlag(line.Flags, LINE_FLAGS[side].reserve) && !needsReserve(sandbox, changed, side)) {
    adjustOwnerCount(sandbox, from, -1);
    changed = { ...changed, Flags: withoutFlag(changed.Flags, LINE_FLAGS[side].reserve) };
    if (after.mantissa === 0n && !hasFlag(changed.Flags, LINE_FLAGS[other(side)].reserve)) {
      sandbox.set(key, changed);
      deleteLine(sandbox, key, changed);
      return;
    }
  }
  sandbox.set(key, changed);
}

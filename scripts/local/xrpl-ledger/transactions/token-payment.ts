import type { EngineResult } from "../engine/engine-results.ts";
import { ACCOUNT_FLAGS, hasFlag } from "../engine/entries.ts";
import {
  addIssued,
  compareIssued,
  formatIssued,
  type IssuedAmount,
  parseIssued,
  scaleIssued,
  smallerIssued,
  ZERO,
} from "../engine/issued-amount.ts";
import { isToken } from "../engine/transaction.ts";
import type { ApplyContext } from "../engine/transactor.ts";
import { accountRoot, type LedgerView, trustLine } from "../engine/view.ts";
import { isPartial, maxSource } from "./amounts.ts";
import { balanceFor, credit, limitFor, lineFlag } from "./trust-lines.ts";

const RATE_ONE = 1_000_000_000n;

/** One line of the way, from whoever gives to whoever takes. */
type Step = {
  from: string;
  to: string;
  /** What `to` can receive over the line. */
  most: IssuedAmount;
  /** What has to come in for 10^9 to go out: the issuer's transfer fee. */
  rate: bigint;
};

/** From sender to receiver through the issuers; each account once. */
function wayOf(source: string, sendIssuer: string, amountIssuer: string, destination: string): string[] {
  const way = [source];
  if (sendIssuer !== source) way.push(sendIssuer);
  if (amountIssuer !== way.at(-1) && amountIssuer !== destination) way.push(amountIssuer);
  if (way.at(-1) !== destination) way.push(destination);
  return way;
}

function stepOf(view: LedgerView, way: string[], at: number, currency: string): Step | null {
  const [before, from, to] = [way[at - 1], way[at], way[at + 1]];
  if (from === undefined || to === undefined) return null;
  const [giver, taker] = [accountRoot(view, from), accountRoot(view, to)];
  const line = trustLine(view, from, to, currency);
  if (giver === undefined || taker === undefined || line === undefined) return null;
  const isOnlyStep = way.length === 2;
  // A frozen holder may still give back to the issuer, and get from it, directly.
  if (!isOnlyStep && hasFlag(taker.Flags, ACCOUNT_FLAGS.globalFreeze)) return null;
  if (!isOnlyStep && lineFlag(line, to, from, "freeze")) return null;
  if (before !== undefined) {
    const incoming = trustLine(view, before, from, currency);
    if (incoming === undefined) return null;
    if (lineFlag(incoming, from, before, "noRipple") && lineFlag(line, from, to, "noRipple")) return null;
  }
  const held = balanceFor(line, from, to);
  const needsAuth = hasFlag(giver.Flags, ACCOUNT_FLAGS.requireAuthorization);
  if (needsAuth && !lineFlag(line, from, to, "auth") && held.mantissa === 0n) return null;
  const redeems = held.mantissa > 0n;
  const most = redeems ? held : addIssued(limitFor(line, to, from), held);
  if (most.mantissa <= 0n) return null;
  const incoming = before === undefined ? undefined : trustLine(view, before, from, currency);
  const wasRedeemed =
    incoming !== undefined && before !== undefined && balanceFor(incoming, before, from).mantissa > 0n;
  const rate = !redeems && wasRedeemed ? BigInt(giver.TransferRate ?? RATE_ONE) : RATE_ONE;
  return { from, to, most, rate };
}

/**
 * Payments of tokens over trust lines, as far as issuers and their holders need them. There are no offers in this ledger, so a
 * payment that would change one currency into another finds no way, as it would on any ledger with empty books.
 */
export function sendTokens({ sandbox, tx, deliver }: ApplyContext): EngineResult {
  const { fields } = tx;
  const wanted = fields.Amount ?? "0";
  const sendMax = maxSource(fields, wanted);
  if (!isToken(wanted) || !isToken(sendMax) || wanted.currency !== sendMax.currency) return "tecPATH_DRY";
  const { currency } = wanted;
  const way = wayOf(fields.Account, sendMax.issuer, wanted.issuer, fields.Destination ?? "");
  const steps: Step[] = [];
  for (let at = 0; at < way.length - 1; at++) {
    const step = stepOf(sandbox, way, at, currency);
    if (step === null) return "tecPATH_DRY";
    steps.push(step);
  }
  const amount = parseIssued(wanted.value);
  const budget = parseIssued(sendMax.value);
  const flows = backwards(steps, amount, budget) ?? forwards(steps, amount, budget);
  const delivered = flows.at(-1) ?? ZERO;
  if (delivered.mantissa <= 0n) return "tecPATH_DRY";
  if (compareIssued(delivered, amount) < 0) {
    if (!isPartial(fields)) return "tecPATH_PARTIAL";
    const least = fields.DeliverMin;
    if (isToken(least) && compareIssued(delivered, parseIssued(least.value)) < 0) return "tecPATH_PARTIAL";
    deliver({ ...wanted, value: formatIssued(delivered) });
  }
  for (const [at, step] of steps.entries()) {
    credit(sandbox, step.from, step.to, currency, flows[at] ?? ZERO);
  }
  return "tesSUCCESS";
}

/** From what shall arrive to what has to be sent; null when some line or the budget does not carry it. */
function backwards(steps: Step[], amount: IssuedAmount, budget: IssuedAmount): IssuedAmount[] | null {
  const flows: IssuedAmount[] = [];
  let out = amount;
  for (const step of steps.toReversed()) {
    if (compareIssued(out, step.most) > 0) return null;
    flows.unshift(out);
    out = scaleIssued(out, step.rate, RATE_ONE, "up");
  }
  return compareIssued(out, budget) > 0 ? null : flows;
}

/** As much as the lines and the budget carry: what a partial payment delivers. */
function forwards(steps: Step[], amount: IssuedAmount, budget: IssuedAmount): IssuedAmount[] {
  // What a later line cannot take must not be sent in the first place.
  let narrowest = amount;
  for (const step of steps.toReversed()) {
    narrowest = smallerIssued(narrowest, step.most);
    narrowest = scaleIssued(narrowest, step.rate, RATE_ONE, "up");
  }
  let incoming = smallerIssued(narrowest, budget);
  return steps.map((step) => {
    const passed = scaleIssued(incoming, RATE_ONE, step.rate, "down");
    incoming = smallerIssued(passed, step.most);
    return incoming;
  });
}

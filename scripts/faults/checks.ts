import type { Seen } from "./feed-client.ts";

/** A payout as the database has it. Amounts are in the asset's minor unit. */
export type Booked = {
  id: string;
  rail: string;
  number: string | null;
  to: string;
  amount: bigint;
  status: string;
};

/** What a chain itself says that it did with a number. */
export type OnChain = {
  rail: string;
  number: string;
  to: string;
  amount: bigint;
  how: "paid" | "credited" | "closed";
  tx: string;
};

export type Batch = {
  id: string;
  rail: string;
  status: string;
  firstNumber: bigint;
  size: number;
  total: bigint;
  members: number;
  membersTotal: bigint;
};

/** What a rail holds and owes by the ledger's word and by the chain's. */
export type Holding = { what: string; ledger: bigint; chain: bigint };
export type PayeeBalance = { to: string; rail: string; balance: bigint };
export type Acknowledged = { what: string; acknowledged: unknown; found: unknown };
export type ClickTotal = { account: string; acknowledged: bigint; counted: bigint; rewarded: bigint };
/** Where a hash chain stood when it was looked at, and what it says of that place now; null when it has none. */
export type Witnessed = { chain: string; position: string; hash: string; now: string | null };

const ENDS_PAID = ["confirmed", "credited"];
const ENDS_UNPAID = ["rejected", "expired", "cancelled", "failed"];

/** Every asset's accounts sum to zero. */
export function checkLedgerSums(sums: readonly { asset: string; sum: bigint }[]): string[] {
  if (sums.length === 0) return ["the ledger has no assets"];
  return sums.filter(({ sum }) => sum !== 0n).map(({ asset, sum }) => `${asset} sums to ${sum}, not to 0`);
}

/** By the chains' own word: no number twice, whatever the database believes. */
export function checkPaidOnce(payments: readonly OnChain[]): string[] {
  return [...Map.groupBy(payments, ({ rail, number }) => `${rail} number ${number}`)]
    .filter(([, same]) => same.length > 1)
    .map(
      ([which, same]) => `${which} was consumed ${same.length} times: ${same.map(({ tx }) => tx).join(", ")}`,
    );
}

/** Ledger = chain, payout by payout: the same numbers, payees, amounts and ends on both sides. */
export function checkBookedAsPaid(booked: readonly Booked[], payments: readonly OnChain[]): string[] {
  const differences: string[] = [];
  const byNumber = new Map(payments.map((payment) => [`${payment.rail}:${payment.number}`, payment]));
  for (const payout of booked) {
    const key = `${payout.rail}:${payout.number}`;
    const paid = byNumber.get(key);
    byNumber.delete(key);
    const name = `payout ${payout.id} (${payout.rail} number ${payout.number})`;
    if (ENDS_PAID.includes(payout.status)) {
      const how = payout.status === "confirmed" ? "paid" : "credited";
      if (paid === undefined) differences.push(`${name} is ${payout.status}, the chain knows nothing of it`);
      else if (paid.how !== how || paid.amount !== payout.amount || !sameAddress(paid.to, payout.to))
        differences.push(
          `${name} is ${payout.status}: ${payout.amount} to ${payout.to}; the chain ${paid.how} ${paid.amount} to ${paid.to} in ${paid.tx}`,
        );
    } else if (ENDS_UNPAID.includes(payout.status)) {
      if (paid !== undefined && paid.how !== "closed")
        differences.push(`${name} is ${payout.status}, the chain ${paid.how} ${paid.amount} in ${paid.tx}`);
    } else differences.push(`${name} is still ${payout.status}`);
  }
  for (const { rail, number, how, amount, to, tx } of byNumber.values())
    differences.push(
      `${rail} number ${number} was ${how} (${amount} to ${to} in ${tx}); the database has no such payout`,
    );
  return differences;
}

/** Batches = ledger: what a batch says that it paid is what its members are, and none is left open. */
export function checkBatches(batches: readonly Batch[], payments: readonly OnChain[]): string[] {
  const consumed = new Set(payments.map(({ rail, number }) => `${rail}:${number}`));
  return batches.flatMap((batch) => {
    const name = `batch ${batch.id} of ${batch.rail}`;
    if (batch.status === "dissolved") return [];
    if (batch.status !== "resolved") return [`${name} is still ${batch.status}`];
    const numbers = Array.from({ length: batch.size }, (_unused, index) => batch.firstNumber + BigInt(index));
    const unpaid = numbers.filter((number) => !consumed.has(`${batch.rail}:${number}`));
    return [
      ...(batch.members !== batch.size || batch.membersTotal !== batch.total
        ? [
            `${name} is ${batch.size} payouts of ${batch.total}, its members are ${batch.members} of ${batch.membersTotal}`,
          ]
        : []),
      ...(unpaid.length > 0 ? [`${name} is resolved, the chain has not consumed ${unpaid.join(", ")}`] : []),
    ];
  });
}

/** Ledger = chain in sum, to the minor unit. */
export function checkHoldings(holdings: readonly Holding[]): string[] {
  if (holdings.length === 0) return ["nothing was compared"];
  return holdings
    .filter(({ ledger, chain }) => ledger !== chain)
    .map(({ what, ledger, chain }) => `${what}: the ledger says ${ledger}, the chain ${chain}`);
}

/** Payees of these runs have nothing else, so what they have is what they were paid; `booked` are all payouts. */
export function checkPayees(booked: readonly Booked[], balances: readonly PayeeBalance[]): string[] {
  const owed = new Map<string, bigint>();
  for (const { rail, to, amount, status } of booked) {
    const key = `${rail}:${to.toLowerCase()}`;
    owed.set(key, (owed.get(key) ?? 0n) + (status === "confirmed" ? amount : 0n));
  }
  const found = new Map(balances.map(({ rail, to, balance }) => [`${rail}:${to.toLowerCase()}`, balance]));
  return [...owed]
    .filter(([payee, amount]) => found.get(payee) !== amount)
    .map(([payee, amount]) => `${payee} was to get ${amount} and has ${found.get(payee) ?? "nobody looked"}`);
}

/** What was acknowledged is there, as it was acknowledged: asked for again, it gets the same answer. */
export function checkAcknowledged(all: readonly Acknowledged[]): string[] {
  return all
    .filter(({ acknowledged, found }) => canonical(acknowledged) !== canonical(found))
    .map(
      ({ what, acknowledged, found }) =>
        `${what} was answered ${canonical(acknowledged)}, now ${canonical(found)}`,
    );
}

/** Every tap that was acknowledged counts once, in the count and in the ledger, and no other does. */
export function checkClickTotals(totals: readonly ClickTotal[]): string[] {
  return totals
    .filter(({ acknowledged, counted, rewarded }) => acknowledged !== counted || counted !== rewarded)
    .map(
      ({ account, acknowledged, counted, rewarded }) =>
        `${account} had ${acknowledged} taps acknowledged; ${counted} are counted, ${rewarded} rewarded`,
    );
}

/** A client saw every event of its channel once and in order; `published` are those after its first look. */
export function checkFeed(seen: Seen, published: readonly bigint[]): string[] {
  const expected = published.filter((id) => id > seen.from);
  const differences = seen.resets.map((reset) => `${seen.client} lost its place: ${reset}`);
  const times = new Map<bigint, number>();
  for (const id of seen.ids) times.set(id, (times.get(id) ?? 0) + 1);
  const missing = expected.filter((id) => !times.has(id));
  const twice = [...times].filter(([, count]) => count > 1).map(([id]) => id);
  const known = new Set(expected);
  const strange = [...times.keys()].filter((id) => !known.has(id));
  const behind = seen.ids.find((id, index) => index > 0 && id < (seen.ids[index - 1] ?? 0n));
  if (missing.length > 0) differences.push(`${seen.client} missed ${some(missing)} of ${seen.channel}`);
  if (twice.length > 0)
    differences.push(`${seen.client} saw ${some(twice)} of ${seen.channel} more than once`);
  if (strange.length > 0)
    differences.push(`${seen.client} saw ${some(strange)}, which ${seen.channel} has not`);
  if (behind !== undefined) differences.push(`${seen.client} saw ${behind} of ${seen.channel} out of order`);
  return differences;
}

/** Hash chains hold, account by account and link by link, by the product's own recomputation. */
export function checkHistory(breaks: readonly { chain: string; at: string; reason: string }[]): string[] {
  return breaks.map(({ chain, at, reason }) => `the ${chain} is broken at ${at}: ${reason}`);
}

/** And they are the chains that were seen while it happened: one that was made anew would hold in itself, too. */
export function checkWitnessed(heads: readonly Witnessed[]): string[] {
  return heads
    .filter(({ hash, now }) => hash !== now)
    .map(
      ({ chain, position, hash, now }) => `the ${chain} had ${hash} at ${position}, now ${now ?? "nothing"}`,
    );
}

/** Nothing stands still and nothing differs by the product's own reconciliation. */
export function checkRails(
  rails: readonly { rail: string; paused: string | null; drift: string | null }[],
): string[] {
  if (rails.length === 0) return ["no rail has a state"];
  return rails.flatMap(({ rail, paused, drift }) => [
    ...(paused === null ? [] : [`${rail} is paused: ${paused}`]),
    ...(drift === null ? [] : [`${rail} differs: ${drift}`]),
  ]);
}

function some(ids: readonly bigint[]): string {
  return `${ids.length} event(s) (${ids.slice(0, 5).join(", ")}${ids.length > 5 ? ", …" : ""})`;
}

function sameAddress(a: string, b: string): boolean {
  return a.startsWith("0x") ? a.toLowerCase() === b.toLowerCase() : a === b;
}

/** JSON with sorted keys and amounts in full. */
function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return inner.toString();
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? "nothing";
}

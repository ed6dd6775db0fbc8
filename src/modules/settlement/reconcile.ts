import { encodeNumber, lastCounter, type Series } from "../payouts/index.ts";
import { noteReconciled } from "./events-store.ts";
import { booksOf, checkedBelow, knownNumbers, setCheckedBelow } from "./payouts-store.ts";
import type { RailAsset, Settling } from "./settling.ts";

/** One difference between the books and the chain, in words; `kind` says which rule it breaks. */
export type Drift = {
  kind: "vault_deficit" | "owed_differs" | "unknown_numbers" | "missing_numbers";
  message: string;
  asset: string;
  details: Record<string, string>;
};

const SERIES: readonly Series[] = ["push", "signed", "claim"];

/** Numbers compared in one pass for each series: 16 words of the vault's bitmap. */
const NUMBERS_AT_ONCE = 4_096n;

/** How far beyond the last number that was given out a restored database is looked for. */
const NUMBERS_BEYOND = 256n;

/**
 * Compares the ledger with the vault at one final block up to which every event is stored: what lies in the vault,
 * what it owes, and which numbers it has consumed where the chain keeps them (where not, every payment in its history
 * was compared with its payout when it was applied). More in the vault than the ledger knows is no drift: anybody may
 * send it coins. Any other difference stops the rail.
 */
export async function reconcile(settling: Settling, block: bigint): Promise<Drift[]> {
  const drifts: Drift[] = [];
  for (const asset of settling.assets) {
    drifts.push(...(await compareMoney(settling, asset, block)));
    if (settling.rail.consumedNumbers === null) continue;
    for (const series of SERIES) drifts.push(...(await compareNumbers(settling, asset.code, series, block)));
  }
  const found = drifts.length === 0 ? null : { block: block.toString(), drifts };
  await noteReconciled(settling.db.pool, settling.rail.name, {
    at: settling.clock.now(),
    block,
    drift: found,
  });
  const [first] = drifts;
  if (first !== undefined) await settling.pause(first.message, { block: block.toString(), drifts });
  await settling.reached("reconciled");
  return drifts;
}

async function compareMoney(settling: Settling, asset: RailAsset, block: bigint): Promise<Drift[]> {
  const [books, chain] = await Promise.all([
    booksOf(settling.db.pool, settling.rail.name, asset),
    settling.rail.holdings(asset.assetRef, block),
  ]);
  const drifts: Drift[] = [];
  if (chain.balance < books.balance) {
    drifts.push({
      kind: "vault_deficit",
      message: `the vault holds ${books.balance - chain.balance} of ${asset.code} less than the ledger says`,
      asset: asset.code,
      details: { ledger: books.balance.toString(), vault: chain.balance.toString() },
    });
  }
  if (chain.owed !== books.owed) {
    drifts.push({
      kind: "owed_differs",
      message: `the vault owes ${chain.owed} of ${asset.code} to payees, the ledger says ${books.owed}`,
      asset: asset.code,
      details: { ledger: books.owed.toString(), vault: chain.owed.toString() },
    });
  }
  return drifts;
}

async function compareNumbers(
  settling: Settling,
  asset: string,
  series: Series,
  block: bigint,
): Promise<Drift[]> {
  const { rail, db } = settling;
  const first = encodeNumber(series, asset, 1n);
  const given = await lastCounter(db.pool, { rail: rail.name, series, asset });
  const from = (await checkedBelow(db.pool, rail.name, series, asset)) ?? first;
  const end = first + given + NUMBERS_BEYOND;
  const to = end < from + NUMBERS_AT_ONCE ? end : from + NUMBERS_AT_ONCE;
  const numbers = Array.from(
    { length: Number.parseInt((to - from).toString(), 10) },
    (_unused, i) => from + BigInt(i),
  );
  const onChain = (await rail.consumedNumbers?.(numbers, block)) ?? new Set<bigint>();
  const known = await knownNumbers(db.pool, rail.name, { from, to: to - 1n });
  const unknown = numbers.filter((number) => onChain.has(number) && !known.consumed.has(number));
  const missing = numbers.filter((number) => known.consumed.has(number) && !onChain.has(number));
  // Bits are never cleared, so what both sides agree on for good need not be read again.
  const unsettled = numbers.find(
    (number) =>
      !(onChain.has(number) && known.consumed.has(number)) &&
      !(known.givenUp.has(number) && !onChain.has(number)),
  );
  const settled = unsettled ?? to;
  if (settled > from) await setCheckedBelow(db.pool, rail.name, { series, asset, number: settled });
  const drifts: Drift[] = [];
  if (unknown.length > 0) {
    drifts.push({
      kind: "unknown_numbers",
      message: `the vault has consumed ${unknown.length} number(s) of ${asset} that the database does not know as paid or closed; the first is ${unknown[0]}`,
      asset,
      details: { series, numbers: list(unknown), givenOut: given.toString() },
    });
  }
  if (missing.length > 0) {
    drifts.push({
      kind: "missing_numbers",
      message: `the database holds ${missing.length} number(s) of ${asset} as paid or closed that the vault has not consumed; the first is ${missing[0]}`,
      asset,
      details: { series, numbers: list(missing) },
    });
  }
  return drifts;
}

function list(numbers: readonly bigint[]): string {
  return numbers.slice(0, 20).join(", ") + (numbers.length > 20 ? ", …" : "");
}

import type { Payout, PayoutTransition } from "../../src/modules/payouts/index.ts";
import { canTransition, endedUnpaid } from "../../src/modules/payouts/state.ts";
import { PAYOUT_COLUMNS } from "../../src/modules/payouts/store.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { derivedId } from "../../src/platform/ids.ts";
import { ledgerFaults } from "./world.ts";

type Movement = {
  id: string;
  kind: string;
  amount: bigint;
  pending_id: string | null;
  debit: string;
  credit: string;
};

/**
 * Everything that must hold of all payouts at any moment between transactions, read from the tables alone. Gives what
 * does not hold: nothing, when the books are right.
 */
export async function faultsInBooks(db: Database): Promise<string[]> {
  const payouts = (await db.pool.query<Payout>(`SELECT ${PAYOUT_COLUMNS} FROM payouts ORDER BY id`)).rows;
  const transitions = (
    await db.pool.query<PayoutTransition>(
      `SELECT payout_id AS "payoutId", version, from_status AS "from", to_status AS "to"
       FROM payout_transitions ORDER BY payout_id, version`,
    )
  ).rows;
  const movements = (
    await db.pool.query<Movement & { ref: string }>(
      `SELECT t.id, t.kind, t.amount, t.pending_id, t.ref, d.owner AS debit, c.owner AS credit
       FROM transfers t JOIN accounts d ON d.id = t.debit_account JOIN accounts c ON c.id = t.credit_account
       WHERE t.ref LIKE 'payout:%'`,
    )
  ).rows;
  const historyOf = Map.groupBy(transitions, (step) => step.payoutId);
  const movesOf = Map.groupBy(movements, (movement) => movement.ref.slice("payout:".length));
  const faults = (await ledgerFaults(db)).map((fault) => `ledger: ${JSON.stringify(fault, String)}`);
  for (const payout of payouts) {
    faults.push(...faultsInHistory(payout, historyOf.get(payout.id) ?? []));
    faults.push(...faultsInMoney(payout, movesOf.get(payout.id) ?? []));
  }
  faults.push(...(await faultsInNumbers(db)), ...(await faultsInUsage(db, payouts)));
  return faults;
}

function faultsInHistory(payout: Payout, history: readonly PayoutTransition[]): string[] {
  const faults: string[] = [];
  let status: Payout["status"] | null = null;
  for (const [i, step] of history.entries()) {
    if (step.version !== i + 1) faults.push(`version ${i + 1} of ${payout.id} has no record`);
    if (step.from !== status) faults.push(`${payout.id} went on from ${step.from}, but was ${status}`);
    if (status !== null && !canTransition(status, step.to))
      faults.push(`${payout.id}: ${status} → ${step.to}`);
    status = step.to;
  }
  if (status !== payout.status || history.length !== payout.version) {
    faults.push(
      `${payout.id} is ${payout.status} v${payout.version}, recorded as ${status} v${history.length}`,
    );
  }
  return faults;
}

/** What each payout must have moved by now, told independently of how the code gets there. */
function expectedMovements(payout: Payout, wasCredited: boolean): string[] {
  const player = `player:${payout.playerId}`;
  const taken =
    payout.funding === "exchange" ? [{ from: player, to: "house:exchange", amount: payout.spentAmount }] : [];
  const payer = payout.funding === "balance" ? player : "house:rewards";
  const line = (kind: string, leg: { from: string; to: string; amount: bigint }) =>
    `${kind} ${leg.from} ${leg.to} ${leg.amount}`;
  if (payout.source === "demo") return taken.map((leg) => line("posted", leg));
  const left = {
    from: payer,
    to: payout.source === "server" ? player : "house:external",
    amount: payout.amount,
  };
  if (payout.source === "server") return [...taken, left].map((leg) => line("posted", leg));
  const held = [...taken, left].map((leg) => line("pending", leg));
  if (endedUnpaid(payout.status))
    return [...held, ...[...taken, left].map((leg) => line("void_pending", leg))];
  if (wasCredited) {
    const owed = { from: payer, to: "house:credited", amount: payout.amount };
    const pulled = { from: "house:credited", to: "house:external", amount: payout.amount };
    return [
      ...held,
      ...taken.map((leg) => line("post_pending", leg)),
      line("void_pending", left),
      line("posted", owed),
      ...(payout.status === "confirmed" ? [line("posted", pulled)] : []),
    ];
  }
  if (payout.status === "confirmed")
    return [...held, ...[...taken, left].map((leg) => line("post_pending", leg))];
  return held;
}

function faultsInMoney(payout: Payout, movements: readonly Movement[]): string[] {
  const wasCredited = movements.some((movement) => movement.credit === "house:credited");
  if ((payout.status === "credited") !== wasCredited && payout.status !== "confirmed") {
    return [`${payout.id} is ${payout.status}, but the vault owes it: ${wasCredited}`];
  }
  const expected = expectedMovements(payout, wasCredited).sort();
  const actual = movements.map(({ kind, debit, credit, amount }) => `${kind} ${debit} ${credit} ${amount}`);
  const faults: string[] = [];
  if (JSON.stringify(actual.sort()) !== JSON.stringify(expected)) {
    faults.push(`${payout.id} (${payout.status}) moved ${actual.join("; ")}, not ${expected.join("; ")}`);
  }
  const first = movements.find((movement) => movement.kind === "pending");
  if (first !== undefined && !movements.some(({ id }) => id === derivedId("payout-hold", payout.id, "0"))) {
    faults.push(`${payout.id} holds money under an id that a repetition would not find`);
  }
  return faults;
}

async function faultsInNumbers(db: Database): Promise<string[]> {
  const { rows } = await db.pool.query<{ series: string; given: bigint; last: bigint; next: bigint }>(
    `SELECT c.series, c.next,
            (SELECT count(*) FROM payouts p WHERE p.series = c.series AND p.asset = c.asset) AS given,
            (SELECT coalesce(max(number & 1099511627775), 0) FROM payouts p WHERE p.series = c.series AND p.asset = c.asset) AS last
     FROM payout_number_counters c`,
  );
  return rows
    .filter((row) => row.given !== row.last || row.next !== row.last + 1n)
    .map((row) => `${row.series}: ${row.given} numbers up to ${row.last}, the next is ${row.next}`);
}

async function faultsInUsage(db: Database, payouts: readonly Payout[]): Promise<string[]> {
  const expected = new Map<string, bigint>();
  const add = (key: string, amount: bigint) => expected.set(key, (expected.get(key) ?? 0n) + amount);
  for (const payout of payouts) {
    if (payout.source === "demo" || endedUnpaid(payout.status)) continue;
    const day = payout.createdAt.toISOString().slice(0, 10);
    add(`${payout.asset} ${day} *`, payout.amount);
    if (payout.funding !== "rewards") add(`${payout.asset} ${day} ${payout.playerId}`, payout.amount);
  }
  const { rows } = await db.pool.query<{ key: string; amount: bigint }>(
    "SELECT asset || ' ' || day || ' ' || subject AS key, amount FROM payout_usage WHERE amount <> 0",
  );
  const faults = rows
    .filter((row) => expected.get(row.key) !== row.amount)
    .map((row) => `usage of ${row.key} is ${row.amount}, not ${expected.get(row.key) ?? 0n}`);
  return rows.length === expected.size ? faults : [...faults, `${rows.length} usages, not ${expected.size}`];
}

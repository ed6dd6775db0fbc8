import { randomUUID } from "node:crypto";
import fc from "fast-check";
import {
  accountIds,
  postTransfers,
  type Transfer,
  type TransferResult,
} from "../../src/modules/ledger/index.ts";
import { callLedgerPost, encodeTransfers, toOutcomes } from "../../src/modules/ledger/post-transfers.ts";
import { accountBreaks, chainBreaks, trialBalance } from "../../src/modules/ledger/store.ts";
import {
  type Database,
  isSerializationFailure,
  isUniqueViolation,
  type Tx,
} from "../../src/platform/db/index.ts";
import { derivedId } from "../../src/platform/ids.ts";

export const why = { cause: "test", ref: "test:1" };

/** A player's account; every call another player unless one is named. */
export async function playerAccount(
  db: Database,
  asset = "COIN",
  player: string = randomUUID(),
): Promise<bigint> {
  const [id] = await accountIds(db.pool, [{ owner: `player:${player}`, asset }]);
  if (id === undefined) throw new Error("accountIds answered nothing");
  return id;
}

export async function houseAccount(db: Database, purpose: string, asset = "COIN"): Promise<bigint> {
  const [id] = await accountIds(db.pool, [{ owner: `house:${purpose}`, asset }]);
  if (id === undefined) throw new Error("accountIds answered nothing");
  return id;
}

/** An account of this test's own that may go below zero. */
export async function sourceAccount(db: Database, asset = "COIN"): Promise<bigint> {
  const { rows } = await db.pool.query<{ id: bigint }>(
    "INSERT INTO accounts (owner, asset, allow_negative) VALUES ($1, $2, true) RETURNING id",
    [`house:test-${randomUUID()}`, asset],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("the account was not inserted");
  return id;
}

/** Posts in a transaction of its own and gives the bare results. */
export async function post(db: Database, transfers: readonly Transfer[]): Promise<TransferResult[]> {
  const outcomes = await db.transaction((tx) => postTransfers(tx, transfers));
  return outcomes.map((outcome) => outcome.result);
}

/** As the writer does first: bare results, or `taken` when an id was not new; then nothing was written. */
export async function postExpectingNew(
  db: Database,
  transfers: readonly Transfer[],
): Promise<TransferResult[] | "taken"> {
  try {
    const results = await callLedgerPost(db.pool, encodeTransfers(transfers), null, true);
    return toOutcomes(transfers, results).map((outcome) => outcome.result);
  } catch (error) {
    if (isUniqueViolation(error)) return "taken";
    throw error;
  }
}

/** As callers do: run again what PostgreSQL says did nothing. */
export async function withRetries<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (!isUniqueViolation(error) && !isSerializationFailure(error)) throw error;
    }
  }
}

export async function balance(
  db: Database,
  account: bigint,
): Promise<{ posted: bigint; held: bigint; version: bigint }> {
  const { rows } = await db.pool.query<{ posted: bigint; held: bigint; version: bigint }>(
    "SELECT posted, held, version FROM accounts WHERE id = $1",
    [account],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`no account ${account}`);
  return row;
}

/** Everything that must hold whatever happened: empty when it does. */
export async function brokenInvariants(db: Database): Promise<unknown[]> {
  const unbalanced = (await trialBalance(db.pool)).filter((row) => row.difference !== 0n);
  const overdrawn = await db.pool.query(
    "SELECT id FROM accounts WHERE held < 0 OR NOT allow_negative AND posted < held",
  );
  const doubled = await db.pool.query(
    "SELECT pending_id FROM transfers WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1",
  );
  const lateHolds = await db.pool.query(
    `SELECT p.id FROM transfers p FULL JOIN expiring_holds h ON h.pending_id = p.id
      WHERE (h.pending_id IS NOT NULL)
            <> coalesce(p.expires_at IS NOT NULL AND NOT EXISTS (SELECT FROM transfers r WHERE r.pending_id = p.id), false)`,
  );
  return [
    ...unbalanced,
    ...overdrawn.rows,
    ...doubled.rows,
    ...lateHolds.rows,
    ...(await chainBreaks(db.pool)),
    ...(await accountBreaks(db.pool)),
  ];
}

export const PAST = new Date("2020-01-01T00:00:00.000Z");
export const FUTURE = new Date("2100-01-01T00:00:00.000Z");

/**
 * Batches over few accounts and few ids, so that they collide in every way. Accounts are places in a list and ids are
 * numbers until `bind` makes them a run's own.
 */
export function batchesOver(accountCount: number): fc.Arbitrary<Transfer[][]> {
  const idUpTo = (max: number) => fc.integer({ min: 0, max }).map(String);
  const id = idUpTo(40);
  const pendingId = idUpTo(5);
  const account = fc.bigInt({ min: 0n, max: BigInt(accountCount - 1) });
  const amount = fc.oneof(
    { weight: 16, arbitrary: fc.bigInt({ min: 1n, max: 30n }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, -5n, 10n ** 38n - 1n, 10n ** 38n) },
  );
  const common = {
    id,
    cause: fc.oneof(
      { weight: 12, arbitrary: fc.constant("test") },
      { weight: 1, arbitrary: fc.constant('o"th\\er, {}') },
    ),
    ref: fc.oneof(
      { weight: 12, arbitrary: fc.constant("test:1") },
      { weight: 1, arbitrary: fc.constant("") },
    ),
    linked: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  };
  const movement = { ...common, debit: account, credit: account, amount };
  const transfer: fc.Arbitrary<Transfer> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("posted" as const), ...movement }) },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          kind: fc.constant("pending" as const),
          ...movement,
          id: idUpTo(6),
          expiresAt: fc.constantFrom(PAST, FUTURE),
        },
        { requiredKeys: ["kind", "id", "debit", "credit", "amount", "cause", "ref"] },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.record(
        { kind: fc.constant("post_pending" as const), ...common, pendingId, amount },
        { requiredKeys: ["kind", "id", "pendingId", "cause", "ref"] },
      ),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("void_pending" as const), ...common, pendingId }),
    },
  );
  const drawn: fc.Arbitrary<Transfer | Echo> = fc.oneof(
    { weight: 3, arbitrary: transfer },
    {
      weight: 1,
      arbitrary: fc.record({
        back: fc.integer({ min: 1, max: 12 }),
        change: fc.oneof(fc.constant(null), fc.constantFrom("amount", "cause", "ref", "linked", "expiry")),
      }),
    },
  );
  return fc
    .array(fc.array(drawn, { minLength: 1, maxLength: 8, size: "max" }), {
      minLength: 1,
      maxLength: 14,
      size: "max",
    })
    .map(resolveEchoes);
}

/** An earlier transfer once more, as it was or with one part changed. */
type Echo = { back: number; change: "amount" | "cause" | "ref" | "linked" | "expiry" | null };

function resolveEchoes(batches: readonly (readonly (Transfer | Echo)[])[]): Transfer[][] {
  const earlier: Transfer[] = [];
  return batches.map((batch) =>
    batch.flatMap((one) => {
      const transfer = "back" in one ? echoOf(earlier.at(-one.back), one.change) : one;
      if (transfer === undefined) return [];
      earlier.push(transfer);
      return [transfer];
    }),
  );
}

function echoOf(transfer: Transfer | undefined, change: Echo["change"]): Transfer | undefined {
  if (transfer === undefined || change === null) return transfer;
  if (change === "cause" || change === "ref") return { ...transfer, [change]: "changed" };
  if (change === "linked") return { ...transfer, linked: transfer.linked !== true };
  if (change === "expiry")
    return transfer.kind === "pending" ? { ...transfer, expiresAt: new Date(PAST.getTime() + 1) } : transfer;
  return transfer.kind === "void_pending" ? transfer : { ...transfer, amount: (transfer.amount ?? 0n) + 1n };
}

/** Batches that only move money, most of it between new ids: what the ledger has a shorter way for. */
export function plainBatchesOver(accountCount: number): fc.Arbitrary<Transfer[][]> {
  const account = fc.bigInt({ min: 0n, max: BigInt(accountCount - 1) });
  const transfer: fc.Arbitrary<Transfer> = fc.record({
    kind: fc.constant("posted" as const),
    id: fc.integer({ min: 0, max: 300 }).map(String),
    debit: account,
    credit: account,
    amount: fc.bigInt({ min: 1n, max: 60n }),
    cause: fc.constant("test"),
    ref: fc.constant("test:1"),
  });
  return fc.array(fc.array(transfer, { minLength: 1, maxLength: 8, size: "max" }), {
    minLength: 1,
    maxLength: 14,
    size: "max",
  });
}

export function bind(
  batches: readonly Transfer[][],
  accounts: readonly bigint[],
  salt: string,
): Transfer[][] {
  const id = (name: string): string => derivedId("ledger-test", salt, name);
  const account = (place: bigint): bigint => accounts[Number(place)] ?? 0n;
  return batches.map((batch) =>
    batch.map((one) =>
      "pendingId" in one
        ? { ...one, id: id(one.id), pendingId: id(one.pendingId) }
        : { ...one, id: id(one.id), debit: account(one.debit), credit: account(one.credit) },
    ),
  );
}

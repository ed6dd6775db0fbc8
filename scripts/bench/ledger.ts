import { randomInt, randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { accountIds, createLedgerWriter, requirePosted } from "../../src/modules/ledger/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { type Contender, compare, measure, target, withDurableDatabase } from "./harness.ts";
import { showLimits } from "./ledger/limits.ts";

export const name = "ledger";
export const describe =
  "transfers: group commit against one transaction per transfer and against bare set-based writes";

const ACCOUNTS = 10_000;
const FUNDS = 10n ** 15n;

/** `hot`: every transfer takes from one account, as click rewards do. */
type Pick = () => [debit: number, credit: number];

const random: Pick = () => {
  const debit = randomInt(ACCOUNTS);
  return [debit, (debit + 1 + randomInt(ACCOUNTS - 1)) % ACCOUNTS];
};
const hot: Pick = () => [0, 1 + randomInt(ACCOUNTS - 1)];

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    const ids = await openFundedAccounts(db);
    await createBaselines(db, ids);
    for (const [shape, pick] of [
      ["random accounts", random],
      ["one hot account", hot],
    ] as const) {
      for (const callers of [1, 8, 64, 512]) {
        const [, ours, bare] = await compare({
          title: `${callers} callers, ${shape}`,
          callers,
          contenders: [
            transactionPerTransfer(db, ids, pick),
            groupCommit(db, ids, pick),
            bareSetBased(db, ids, pick),
          ],
        });
        if (ours === undefined || bare === undefined) throw new Error("a contender was not measured");
        if (callers === 64) {
          target(`64 callers, ${shape}, of one transaction per transfer`, ours.ratio, pick === hot ? 12 : 5);
        }
        if (callers === 512) {
          target(`512 callers, ${shape}, of bare set-based writes`, ours.perSecond / bare.perSecond, 0.5);
        }
      }
    }
    for (const callers of [8, 64, 512]) {
      const contenders = [
        { ...groupCommit(db, ids, random), name: "random accounts" },
        { ...groupCommit(db, ids, hot), name: "one hot account" },
      ];
      const [, onHot] = await compare({ title: `${callers} callers, ours`, callers, contenders, runs: 3 });
      if (onHot === undefined) throw new Error("a contender was not measured");
      target(`${callers} callers, one hot account of random accounts`, onHot.ratio, 1);
      for (const contender of callers === 8 ? [] : contenders) {
        await showLimits(db, `${callers} callers, ${contender.name}: what limits`, () =>
          measure(contender, callers, 2),
        );
      }
    }
    console.log(
      "\nThe callers are in this process, beside the writer: what it uses is the load's and the writer's.",
    );
  });
}

async function openFundedAccounts(db: Database): Promise<bigint[]> {
  const [issuance, ...players] = await accountIds(db.pool, [
    { owner: "house:issuance", asset: "COIN" },
    ...Array.from({ length: ACCOUNTS }, (_unused, i) => ({ owner: `player:bench-${i}`, asset: "COIN" })),
  ]);
  if (issuance === undefined) throw new Error("no account of house:issuance");
  const writer = createLedgerWriter({ db, log: createLogger({ level: "error" }) });
  await Promise.all(
    players.map(async (credit) =>
      requirePosted(
        await writer.submit([
          {
            kind: "posted",
            id: randomUUID(),
            debit: issuance,
            credit,
            amount: FUNDS,
            cause: "funding",
            ref: "bench",
          },
        ]),
      ),
    ),
  );
  await writer.close();
  return players;
}

/** The product: every rule, every hash. */
function groupCommit(db: Database, ids: readonly bigint[], pick: Pick): Contender {
  const writer = createLedgerWriter({ db, log: createLogger({ level: "error" }) });
  return {
    name: "CoinClicker's LedgerWriter",
    async operation() {
      const [debit, credit] = pick();
      requirePosted(
        await writer.submit([
          {
            kind: "posted",
            id: randomUUID(),
            debit: ids[debit] ?? 0n,
            credit: ids[credit] ?? 0n,
            amount: 1n,
            cause: "bench",
            ref: "bench:transfer",
          },
        ]),
      );
    },
  };
}

/**
 * The plain ledger keeps the same rows as ours, under the same constraints and indexes, without the chain; the bare one
 * only what moved, with the indexes that a statement needs.
 */
async function createBaselines(db: Database, ids: readonly bigint[]): Promise<void> {
  await db.pool.query(`
    CREATE TABLE plain_accounts (LIKE accounts INCLUDING ALL) WITH (fillfactor = 60);
    CREATE TABLE plain_transfers (LIKE transfers INCLUDING ALL);
    CREATE SEQUENCE plain_seq;
    CREATE TABLE bare_accounts (id bigint PRIMARY KEY, balance numeric(38,0) NOT NULL) WITH (fillfactor = 60);
    CREATE TABLE bare_transfers (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, debit bigint NOT NULL,
      credit bigint NOT NULL, amount numeric(38,0) NOT NULL, cause text NOT NULL, ref text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON bare_transfers (debit, seq);
    CREATE INDEX ON bare_transfers (credit, seq)`);
  await db.pool.query("INSERT INTO plain_accounts SELECT * FROM accounts WHERE id = ANY ($1)", [ids]);
  await db.pool.query("INSERT INTO bare_accounts SELECT unnest($1::bigint[]), $2", [ids, FUNDS]);
  await db.pool.query("VACUUM ANALYZE accounts, plain_accounts, bare_accounts");
}

/** What most code does: a transaction for each transfer that locks, checks, inserts and updates. */
function transactionPerTransfer(db: Database, ids: readonly bigint[], pick: Pick): Contender {
  return {
    name: "one transaction per transfer",
    async operation() {
      const [debitIndex, creditIndex] = pick();
      const debit = ids[debitIndex] ?? 0n;
      const credit = ids[creditIndex] ?? 0n;
      await db.transaction(async (tx) => {
        const { rows } = await tx.query<{ id: bigint; posted: bigint; held: bigint; version: bigint }>({
          name: "plain_lock",
          text: "SELECT id, posted, held, version FROM plain_accounts WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE",
          values: [debit, credit],
        });
        const from = rows.find((row) => row.id === debit);
        const to = rows.find((row) => row.id === credit);
        if (from === undefined || to === undefined || from.posted - from.held < 1n)
          throw new Error("refused");
        await tx.query({
          name: "plain_insert",
          text: `INSERT INTO plain_transfers (seq, debit_account, credit_account, debit_version, credit_version, created_at,
                   id, linked, kind, amount, debit_previous, debit_current, debit_held_previous, debit_held_current,
                   credit_previous, credit_current, credit_held, cause, ref)
                 VALUES (nextval('plain_seq'), $1, $2, $3, $4, now(), $5, false, 'posted', 1, $6, $7, $8, $8, $9, $10, $11,
                         'bench', 'bench:transfer')`,
          values: [
            debit,
            credit,
            from.version + 1n,
            to.version + 1n,
            randomUUID(),
            from.posted,
            from.posted - 1n,
            from.held,
            to.posted,
            to.posted + 1n,
            to.held,
          ],
        });
        await tx.query({
          name: "plain_update",
          text: `UPDATE plain_accounts SET posted = posted + CASE id WHEN $1 THEN -1 ELSE 1 END, version = version + 1
                  WHERE id IN ($1, $2)`,
          values: [debit, credit],
        });
      });
    },
  };
}

/** The least that could be durable: the same group commit, one insert and one update a batch, nothing checked. */
function bareSetBased(db: Database, ids: readonly bigint[], pick: Pick): Contender {
  type Waiting = { debit: bigint; credit: bigint; done: PromiseWithResolvers<void> };
  const queue: Waiting[] = [];
  let draining = false;
  async function drain(): Promise<void> {
    const client = await db.pool.connect();
    for (await turn(); queue.length > 0; await turn()) {
      const batch = queue.splice(0, 1_000);
      await client.query({
        name: "bare_write",
        text: `WITH t AS MATERIALIZED (
                 SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS t (id, debit, credit)
               ), inserted AS (
                 INSERT INTO bare_transfers (id, debit, credit, amount, cause, ref)
                 SELECT id, debit, credit, 1, 'bench', 'bench:transfer' FROM t
               )
               UPDATE bare_accounts a SET balance = a.balance + d.delta
                 FROM (SELECT account, sum(delta) AS delta
                         FROM (SELECT debit AS account, -1 AS delta FROM t UNION ALL SELECT credit, 1 FROM t) AS moves
                        GROUP BY account) AS d
                WHERE a.id = d.account`,
        values: [
          `{${batch.map(() => randomUUID()).join(",")}}`,
          `{${batch.map((one) => one.debit).join(",")}}`,
          `{${batch.map((one) => one.credit).join(",")}}`,
        ],
      });
      for (const { done } of batch) done.resolve();
    }
    client.release();
    draining = false;
  }
  return {
    name: "bare set-based writes",
    async operation() {
      const [debit, credit] = pick();
      const done = Promise.withResolvers<void>();
      queue.push({ debit: ids[debit] ?? 0n, credit: ids[credit] ?? 0n, done });
      if (!draining) {
        draining = true;
        drain().catch((error: unknown) => {
          for (const one of queue.splice(0)) one.done.reject(error);
        });
      }
      await done.promise;
    },
  };
}

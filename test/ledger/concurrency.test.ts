import { randomInt, randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  createLedgerWriter,
  postTransfers,
  type Transfer,
  type TransferOutcome,
} from "../../src/modules/ledger/index.ts";
import { createDatabase } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import {
  balance,
  batchesOver,
  bind,
  brokenInvariants,
  playerAccount,
  post,
  sourceAccount,
  why,
  withRetries,
} from "./kit.ts";

const db = await createTestDatabase();
// As another process would be: a pool and a writer of its own.
const other = createDatabase({ url: db.url, maxConnections: 6, log: silentLog });
const writers = [
  createLedgerWriter({ db, log: silentLog }),
  createLedgerWriter({ db: other, log: silentLog }),
];
afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.close()));
  await other.close();
});

class Abandoned extends Error {}

/** Posts as one of several kinds of caller; null when the caller rolled back. */
async function postAs(caller: number, batch: Transfer[]): Promise<TransferOutcome[] | null> {
  const writer = writers[caller % 2];
  const pool = caller % 2 === 0 ? db : other;
  if (caller % 3 === 0 && writer !== undefined && batch.at(-1)?.linked !== true) return writer.submit(batch);
  try {
    return await withRetries(pool, async (tx) => {
      const outcomes = await postTransfers(tx, batch);
      if (caller % 3 === 1 && randomInt(4) === 0) throw new Abandoned();
      return outcomes;
    });
  } catch (error) {
    if (error instanceof Abandoned) return null;
    throw error;
  }
}

describe("many clients of two processes at once", () => {
  it("keep every invariant under any interleaving, and replaying what they wrote changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batchesOver(7), { minLength: 6, maxLength: 6 }), async (symbolic) => {
        const source = await sourceAccount(db);
        const players = [await playerAccount(db), await playerAccount(db), await playerAccount(db)];
        const accounts = [source, ...players, ...players];
        const salt = randomUUID();
        const clients = symbolic.map((batches) => bind(batches, accounts, salt));

        const answers = await Promise.all(
          clients.map(async (batches, caller) => {
            const outcomes: (TransferOutcome[] | null)[] = [];
            for (const batch of batches) outcomes.push(await postAs(caller, batch));
            return outcomes;
          }),
        );

        const posted = answers.flat(2).filter((outcome) => outcome?.result === "posted");
        const ids = posted.map((outcome) => outcome?.id ?? "");
        expect(new Set(ids).size, "an id is posted once, whoever sends it").toBe(ids.length);
        const { rows } = await db.pool.query<{ id: string }>(
          "SELECT id FROM transfers WHERE debit_account = ANY ($1) AND kind <> 'expire_pending'",
          [accounts],
        );
        expect(rows.map((row) => row.id).sort(), "what was answered as posted is what is there").toEqual(
          ids.sort(),
        );

        const before = await Promise.all(accounts.map((id) => balance(db, id)));
        for (const [caller, batches] of clients.entries()) {
          for (const [i, batch] of batches.entries()) {
            const outcomes = answers[caller]?.[i];
            if (outcomes === null || outcomes === undefined) continue;
            const succeeded = batch.filter((_transfer, j) =>
              ["posted", "exists"].includes(outcomes[j]?.result ?? ""),
            );
            expect(await post(other, succeeded)).toEqual(succeeded.map(() => "exists"));
          }
        }
        expect(await Promise.all(accounts.map((id) => balance(db, id)))).toEqual(before);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 15_000 },
    );
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("spend a balance only once", async () => {
    const [source, player, shop] = [
      await sourceAccount(db),
      await playerAccount(db),
      await playerAccount(db),
    ];
    await post(db, [
      { kind: "posted", id: randomUUID(), debit: source, credit: player, amount: 100n, ...why },
    ]);
    const results = await Promise.all(
      Array.from({ length: 24 }, (_unused, i) =>
        post(i % 2 === 0 ? db : other, [
          {
            kind: i % 3 === 0 ? "pending" : "posted",
            id: randomUUID(),
            debit: player,
            credit: shop,
            amount: 10n,
            ...why,
          },
        ]),
      ),
    );
    expect(results.flat().filter((result) => result === "posted")).toHaveLength(10);
    expect(results.flat().filter((result) => result === "insufficient_funds")).toHaveLength(14);
  });

  it("resolve a pending transfer once, by whichever comes first", async () => {
    const [source, player] = [await sourceAccount(db), await playerAccount(db)];
    for (let round = 0; round < 10; round += 1) {
      const pendingId = randomUUID();
      await post(db, [{ kind: "pending", id: pendingId, debit: source, credit: player, amount: 5n, ...why }]);
      const results = await Promise.all(
        Array.from({ length: 8 }, (_unused, i) =>
          post(i % 2 === 0 ? db : other, [
            { kind: i % 3 === 0 ? "void_pending" : "post_pending", id: randomUUID(), pendingId, ...why },
          ]),
        ),
      );
      expect(results.flat().filter((result) => result === "posted")).toHaveLength(1);
    }
    expect((await balance(db, source)).held).toBe(0n);
  });

  it("never deadlock, however their accounts are ordered", async () => {
    const accounts = await Promise.all(Array.from({ length: 6 }, () => sourceAccount(db)));
    const pick = (): bigint => accounts[randomInt(accounts.length)] ?? 0n;
    // Without retries: a deadlock would be thrown as 40P01.
    await Promise.all(
      Array.from({ length: 8 }, async (_unused, client) => {
        for (let round = 0; round < 25; round += 1) {
          const batch = Array.from({ length: 4 }, (): Transfer => {
            const debit = pick();
            const credit = accounts.find((id) => id !== debit) ?? 0n;
            const [from, to] = randomInt(2) === 0 ? [debit, credit] : [credit, debit];
            return { kind: "posted", id: randomUUID(), debit: from, credit: to, amount: 1n, ...why };
          });
          expect(await post(client % 2 === 0 ? db : other, batch)).toEqual(batch.map(() => "posted"));
        }
      }),
    );
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("that use one id for different accounts at once get one posted and one refused", async () => {
    const source = await sourceAccount(db);
    const [a, b] = [await sourceAccount(db), await sourceAccount(db)];
    const [c, d] = [await playerAccount(db), await playerAccount(db)];
    for (let round = 0; round < 10; round += 1) {
      const id = randomUUID();
      const send = (debit: bigint, credit: bigint) =>
        withRetries(round % 2 === 0 ? db : other, (tx) =>
          postTransfers(tx, [{ kind: "posted", id, debit, credit, amount: 1n, ...why }]),
        );
      const outcomes = await Promise.all([
        send(a, c),
        send(b, d),
        writers[0]?.submit([{ kind: "posted", id, debit: source, credit: d, amount: 1n, ...why }]),
      ]);
      expect(
        outcomes
          .flat()
          .map((outcome) => outcome?.result)
          .sort(),
      ).toEqual([
        expect.stringMatching(/^exists_with_different_/),
        expect.stringMatching(/^exists_with_different_/),
        "posted",
      ]);
    }
  });
});

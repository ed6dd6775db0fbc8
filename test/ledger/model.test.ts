import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLedger, type Transfer } from "../../src/modules/ledger/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import {
  balance,
  batchesOver,
  bind,
  brokenInvariants,
  houseAccount,
  plainBatchesOver,
  playerAccount,
  post,
  postExpectingNew,
  sourceAccount,
  why,
} from "./kit.ts";
import { LedgerModel } from "./model.ts";

const db = await createTestDatabase();
const ledger = createLedger({ db, log: silentLog });
const NOW = new Date("2026-06-01T00:00:00Z");
const UNKNOWN = 9_000_000_000n;
/** How many `openAccounts` gives. */
const ACCOUNTS = 16;

/** Funded accounts of a run's own: two assets, one that may go below zero, one that does not exist. */
async function openAccounts(): Promise<{ accounts: bigint[]; model: LedgerModel }> {
  const source = await sourceAccount(db);
  const players = [await playerAccount(db), await playerAccount(db), await playerAccount(db)];
  const other = await playerAccount(db, "FLR");
  const model = new LedgerModel(
    new Map([
      [source, { asset: "COIN", allowNegative: true }],
      ...players.map((id) => [id, { asset: "COIN", allowNegative: false }] as const),
      [other, { asset: "FLR", allowNegative: false }],
    ]),
    NOW,
  );
  const funding = players.map(
    (credit): Transfer => ({ kind: "posted", id: randomUUID(), debit: source, credit, amount: 40n, ...why }),
  );
  expect(await post(db, funding)).toEqual(model.post(funding));
  // Players are drawn more often, so that most transfers could succeed.
  return {
    accounts: [source, source, ...players, ...players, ...players, ...players, other, UNKNOWN],
    model,
  };
}

describe("the ledger against its model", () => {
  it("gives every transfer the model's result and every account the model's balance, and replays change nothing", async () => {
    await fc.assert(
      fc.asyncProperty(batchesOver(ACCOUNTS), async (symbolic) => {
        const { accounts, model } = await openAccounts();
        const batches = bind(symbolic, accounts, randomUUID());
        const written: Transfer[][] = [];
        for (const [i, batch] of batches.entries()) {
          const expected = model.post(batch);
          expect(await post(db, batch)).toEqual(expected);
          written.push(batch.filter((_transfer, j) => expected[j] === "posted" || expected[j] === "exists"));
          if (i % 5 === 4) expect(await ledger.expireDue()).toBe(model.expire());
        }
        const check = async (): Promise<void> => {
          for (const [id, { posted, held, version }] of model.accounts) {
            expect(await balance(db, id)).toEqual({ posted, held, version });
          }
        };
        await check();
        for (const batch of written) {
          expect(await post(db, batch)).toEqual(batch.map(() => "exists"));
        }
        await check();
        // What this run leaves due would be released by the next one.
        await ledger.expireDue();
      }),
      { numRuns: 150, interruptAfterTimeLimit: 12_000 },
    );
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("gives plain transfers the same results whether their ids are expected to be new or not", async () => {
    await fc.assert(
      fc.asyncProperty(plainBatchesOver(5), async (symbolic) => {
        const { accounts, model } = await openAccounts();
        // Some that is held must stay, and a hold must not be lost by what moves beside it.
        const [source, , first] = accounts;
        if (source === undefined || first === undefined) throw new Error("too few accounts were opened");
        const hold: Transfer[] = [
          { kind: "pending", id: randomUUID(), debit: first, credit: source, amount: 15n, ...why },
        ];
        expect(await post(db, hold)).toEqual(model.post(hold));
        const seen = new Set<string>();
        for (const batch of bind(symbolic, accounts.slice(1, 6), randomUUID())) {
          const posted = batch.filter((one) => one.kind === "posted" && one.debit !== one.credit);
          if (posted.length === 0) continue;
          const ids = new Set(posted.map((one) => one.id));
          const isTaken = ids.size < posted.length || ids.intersection(seen).size > 0;
          const answer = await postExpectingNew(db, posted);
          if (answer === "taken") expect(isTaken).toBe(true);
          const expected = model.post(posted);
          expect(answer === "taken" ? await post(db, posted) : answer).toEqual(expected);
          for (const [i, { id }] of posted.entries()) if (expected[i] === "posted") seen.add(id);
        }
        for (const [id, { posted, held, version }] of model.accounts) {
          expect(await balance(db, id)).toEqual({ posted, held, version });
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 4_000 },
    );
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("knows the seeded accounts, all of which sum to zero", async () => {
    await post(db, [
      {
        kind: "posted",
        id: randomUUID(),
        debit: await houseAccount(db, "external", "FLR"),
        credit: await houseAccount(db, "rewards", "FLR"),
        amount: 10n ** 24n,
        ...why,
      },
    ]);
    expect(await ledger.trialBalance()).toMatchObject([
      { asset: "COIN", difference: 0n },
      { asset: "FLR", difference: 0n },
      { asset: "XRP", difference: 0n },
    ]);
    expect(await ledger.verifyChain()).toEqual([]);
  });
});

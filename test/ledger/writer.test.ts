import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import {
  createLedgerWriter,
  LedgerError,
  type PostedTransfer,
  postTransfers,
  type TransferOutcome,
} from "../../src/modules/ledger/index.ts";
import { createDatabase } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { balance, brokenInvariants, playerAccount, post, sourceAccount, why } from "./kit.ts";
import { startLossyProxy } from "./proxy.ts";

const db = await createTestDatabase();
const writer = createLedgerWriter({ db, log: silentLog });
const source = await sourceAccount(db);
const player = await playerAccount(db);
afterAll(() => writer.close());

function reward(amount = 1n, more: Partial<PostedTransfer> = {}): PostedTransfer {
  return { kind: "posted", id: randomUUID(), debit: source, credit: player, amount, ...why, ...more };
}

const results = (outcomes: readonly TransferOutcome[]): string[] => outcomes.map((outcome) => outcome.result);

async function commitsOf(ids: readonly string[]): Promise<number> {
  const { rows } = await db.pool.query<{ commits: number }>(
    "SELECT count(DISTINCT seq >> 16)::int AS commits FROM transfers WHERE id = ANY ($1::uuid[])",
    [ids],
  );
  return rows[0]?.commits ?? 0;
}

describe("group commit", () => {
  it("gives each of many callers its own results and shares commits between them", async () => {
    const poor = await playerAccount(db);
    const submissions = Array.from({ length: 200 }, (_unused, i) =>
      i % 10 === 0
        ? [reward(1n, { debit: poor, credit: source })]
        : [reward(), { ...reward(), linked: true }, reward()],
    );
    const answers = await Promise.all(submissions.map((transfers) => writer.submit(transfers)));
    for (const [i, outcomes] of answers.entries()) {
      expect(outcomes.map((outcome) => outcome.id)).toEqual(submissions[i]?.map((transfer) => transfer.id));
      expect(results(outcomes)).toEqual(
        i % 10 === 0 ? ["insufficient_funds"] : ["posted", "posted", "posted"],
      );
    }
    expect(await commitsOf(submissions.flat().map((transfer) => transfer.id))).toBeLessThanOrEqual(3);
  });

  it("keeps a submission in one batch, also when the batch before it is full", async () => {
    const small = createLedgerWriter({ db, log: silentLog, maxBatch: 5 });
    const submissions = Array.from({ length: 9 }, () => [reward(), reward(), reward()]);
    await Promise.all(submissions.map((transfers) => small.submit(transfers)));
    for (const transfers of submissions) {
      expect(await commitsOf(transfers.map((transfer) => transfer.id))).toBe(1);
    }
    await expect(small.submit(Array.from({ length: 6 }, () => reward()))).rejects.toThrow(RangeError);
    await small.close();
  });

  it("answers replays among new transfers, as they come and long after", async () => {
    const fresh = createLedgerWriter({ db, log: silentLog });
    const emptied = await playerAccount(db);
    const replayed = [reward(5n, { credit: emptied }), reward(5n, { debit: emptied, credit: source })];
    expect(results(await fresh.submit(replayed))).toEqual(["posted", "posted"]);
    const [, spent] = replayed;
    const changed = replayed.map((one) => ({ ...one, ref: "another" }));
    const poor = reward(1n, { debit: emptied, credit: source });
    for (let round = 0; round < 3; round += 1) {
      // Each in a batch of its own, and then all in one. What is refused for want of funds may be an old transfer too.
      if (spent !== undefined) expect(results(await fresh.submit([spent]))).toEqual(["exists"]);
      const together = await Promise.all([[reward()], replayed, changed, [poor]].map((t) => fresh.submit(t)));
      expect(together.map(results)).toEqual([
        ["posted"],
        ["exists", "exists"],
        ["exists_with_different_ref", "exists_with_different_ref"],
        ["insufficient_funds"],
      ]);
      // Enough batches for the writer to expect new ids again.
      for (let i = 0; i < 40; i += 1) expect(results(await fresh.submit([reward()]))).toEqual(["posted"]);
    }
    await fresh.close();
  });

  it("refuses an open group, which would take another caller's transfer for its end", async () => {
    await expect(writer.submit([reward(1n, { linked: true })])).rejects.toMatchObject({
      code: "linked_chain_open",
    });
  });

  it("fails only the caller whose transfers cannot be read", async () => {
    const bad = [reward(1n, { id: "not-a-uuid" })];
    const worse = [reward(1n, { ref: "nul \u0000 byte" })];
    const answers = await Promise.allSettled(
      [[reward()], bad, [reward(), reward()], worse, [reward()]].map((t) => writer.submit(t)),
    );
    expect(answers.map((answer) => answer.status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });

  it("answers what was submitted before close, and refuses what comes after", async () => {
    const closing = createLedgerWriter({ db, log: silentLog });
    const early = Array.from({ length: 30 }, () => closing.submit([reward()]));
    const closed = closing.close();
    await expect(closing.submit([reward()])).rejects.toMatchObject({
      code: "ledger_unavailable",
      details: { written: "no" },
    });
    await closed;
    expect((await Promise.all(early)).flatMap(results)).toEqual(early.map(() => "posted"));
  });

  it("refuses what it could not write soon, as retryable", async () => {
    const busy = createLedgerWriter({ db, log: silentLog, maxQueued: 3 });
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => busy.submit([reward()])));
    expect(answers.map((answer) => answer.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect((answers[4] as PromiseRejectedResult).reason).toMatchObject({
      code: "ledger_overloaded",
      retryable: true,
    });
    await busy.close();
  });
});

describe("faults", () => {
  it("a write whose answer is lost is answered as it would have been", async () => {
    const proxy = await startLossyProxy(db.url);
    const remote = createDatabase({ url: proxy.url, maxConnections: 2, log: silentLog });
    const remoteWriter = createLedgerWriter({ db: remote, log: silentLog });
    const old = reward();
    expect(results(await remoteWriter.submit([old]))).toEqual(["posted"]);

    const lost = proxy.loseNextAnswer();
    const fresh = [reward(), reward()];
    const answers = await Promise.all([
      remoteWriter.submit([old]),
      remoteWriter.submit([...fresh, ...fresh]),
      remoteWriter.submit([reward(1n, { debit: player, credit: source, amount: 10n ** 30n })]),
    ]);
    await lost;
    expect(answers.map(results)).toEqual([
      ["exists"],
      ["posted", "posted", "exists", "exists"],
      ["insufficient_funds"],
    ]);
    expect(await commitsOf(fresh.map((transfer) => transfer.id))).toBe(1);
    await remoteWriter.close();
    await remote.close();
    await proxy.close();
  });

  it("a write that stays lost is said to be unknown, and the same ids tell later", async () => {
    const proxy = await startLossyProxy(db.url);
    const remote = createDatabase({ url: proxy.url, maxConnections: 2, log: silentLog });
    const remoteWriter = createLedgerWriter({ db: remote, log: silentLog, resolveForMs: 200 });
    await remoteWriter.submit([reward()]);
    const lost = proxy.loseNextAnswer().then(() => proxy.refuse(true));
    const transfer = reward();
    const answer = await remoteWriter.submit([transfer]).catch((error: unknown) => error);
    await lost;
    expect(answer).toBeInstanceOf(LedgerError);
    expect(answer).toMatchObject({
      kind: "unavailable",
      code: "ledger_unavailable",
      retryable: true,
      details: { written: "unknown" },
    });
    await expect(remoteWriter.submit([reward()])).rejects.toMatchObject({
      code: "ledger_unavailable",
      details: { written: "no" },
    });
    proxy.refuse(false);
    expect(results(await remoteWriter.submit([transfer, reward()]))).toEqual(["exists", "posted"]);
    await remoteWriter.close();
    await remote.close();
    await proxy.close();
  });

  it("backends killed under load lose no acknowledged transfer and double none", async () => {
    const account = await playerAccount(db);
    const acknowledged: string[] = [];
    const answers: string[] = [];
    let running = true;
    const clients = Array.from({ length: 24 }, async () => {
      while (running) {
        const transfer = reward(1n, { credit: account });
        const outcomes = await writer.submit([transfer]).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "ledger_unavailable" });
          return [];
        });
        for (const outcome of outcomes) {
          answers.push(outcome.result);
          acknowledged.push(outcome.id);
        }
      }
    });
    let killed = 0;
    while (killed < 5) {
      await sleep(60);
      const { rows } = await db.pool.query<{ killed: number }>(
        `SELECT count(pg_terminate_backend(pid))::int AS killed FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%ledger_post(%'`,
      );
      killed += rows[0]?.killed ?? 0;
    }
    running = false;
    await Promise.all(clients);

    expect(new Set(answers)).toEqual(new Set(["posted"]));
    const { rows } = await db.pool.query<{ id: string }>(
      "SELECT id FROM transfers WHERE credit_account = $1",
      [account],
    );
    const present = new Set(rows.map((row) => row.id));
    expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    expect(present.size).toBe(rows.length);
    expect((await balance(db, account)).posted).toBe(BigInt(rows.length));
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("a database that is not there is a retryable refusal, at once", async () => {
    const nowhere = createDatabase({
      url: "postgresql://nobody@127.0.0.1:1/none",
      maxConnections: 1,
      log: silentLog,
    });
    const lonely = createLedgerWriter({ db: nowhere, log: silentLog });
    await expect(lonely.submit([reward()])).rejects.toMatchObject({
      kind: "unavailable",
      code: "ledger_unavailable",
      retryable: true,
      details: { written: "no" },
    });
    await lonely.close();
    await nowhere.close();
  });

  it("a transaction that holds an account delays the batch, and its rollback leaves nothing", async () => {
    const held = reward();
    const rolledBack = db.transaction(async (tx) => {
      await postTransfers(tx, [held]);
      await sleep(50);
      throw new Error("the caller changed its mind");
    });
    await sleep(10);
    const behind = reward();
    const [first, second] = await Promise.allSettled([rolledBack, writer.submit([behind])]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
    expect(await post(db, [{ ...held, amount: 2n }, behind])).toEqual(["posted", "exists"]);
  });
});

import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  accountIds,
  assets,
  balancesOf,
  classifyResult,
  createLedger,
  type PendingTransfer,
  type PostedTransfer,
  postTransfers,
  requirePosted,
  statementOf,
  TRANSFER_RESULTS,
  type Transfer,
  transferRefused,
} from "../../src/modules/ledger/index.ts";
import { AppError } from "../../src/platform/errors.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { balance, brokenInvariants, FUTURE, PAST, playerAccount, post, sourceAccount, why } from "./kit.ts";

const db = await createTestDatabase();
const source = await sourceAccount(db);
const otherSource = await sourceAccount(db);
const flrSource = await sourceAccount(db, "FLR");

const posted = (
  debit: bigint,
  credit: bigint,
  amount: bigint,
  more: Partial<PostedTransfer> = {},
): PostedTransfer => ({
  kind: "posted",
  id: randomUUID(),
  debit,
  credit,
  amount,
  ...why,
  ...more,
});

const pending = (
  debit: bigint,
  credit: bigint,
  amount: bigint,
  more: Partial<PendingTransfer> = {},
): PendingTransfer => ({
  ...posted(debit, credit, amount),
  kind: "pending",
  ...more,
});

async function fundedPlayer(amount: bigint): Promise<bigint> {
  const player = await playerAccount(db);
  expect(await post(db, [posted(source, player, amount)])).toEqual(["posted"]);
  return player;
}

describe("idempotence", () => {
  it("gives a replayed transfer `exists`, also when it could not be posted now", async () => {
    const player = await fundedPlayer(10n);
    const spend = posted(player, source, 10n);
    expect(await post(db, [spend])).toEqual(["posted"]);
    expect(await post(db, [spend, spend])).toEqual(["exists", "exists"]);
    expect((await balance(db, player)).posted).toBe(0n);
  });

  it("says which part of a taken id differs, before anything else is checked", async () => {
    const player = await fundedPlayer(100n);
    const hold = pending(player, source, 10n, { expiresAt: FUTURE });
    const posting: Transfer = {
      kind: "post_pending",
      id: randomUUID(),
      pendingId: hold.id,
      amount: 10n,
      ...why,
    };
    expect(await post(db, [hold, posting])).toEqual(["posted", "posted"]);
    const differing: [Transfer, string][] = [
      [{ ...hold, kind: "posted" }, "kind"],
      [{ ...hold, debit: otherSource }, "debit"],
      [{ ...hold, credit: otherSource }, "credit"],
      [{ ...hold, credit: 9_000_000_000n }, "credit"],
      [{ ...hold, amount: 0n }, "amount"],
      [{ ...hold, expiresAt: new Date(FUTURE.getTime() + 1) }, "expiry"],
      [{ ...hold, cause: "other" }, "cause"],
      [{ ...hold, ref: "other" }, "ref"],
      [{ ...posting, pendingId: randomUUID() }, "pending"],
      [{ ...posting, amount: 9n }, "amount"],
    ];
    for (const [transfer, part] of differing) {
      expect(await post(db, [transfer])).toEqual([`exists_with_different_${part}`]);
    }
    expect(await post(db, [{ ...hold, linked: true }, posted(source, player, 1n)])).toEqual([
      "exists_with_different_linked",
      "linked_transfer_failed",
    ]);
    // No amount means all of it, which is what was posted.
    const { amount: _all, ...withoutAmount } = posting;
    expect(await post(db, [withoutAmount])).toEqual(["exists"]);
  });

  it("keeps nothing of a refused transfer, so that its id can be used again", async () => {
    const player = await fundedPlayer(5n);
    const spend = posted(player, source, 6n);
    expect(await post(db, [spend, posted(source, player, 1n), spend])).toEqual([
      "insufficient_funds",
      "posted",
      "posted",
    ]);
  });
});

describe("holds", () => {
  it("take from what is available and not from what is posted", async () => {
    const player = await fundedPlayer(100n);
    const hold = pending(player, source, 70n);
    expect(await post(db, [hold, posted(player, source, 31n), posted(player, source, 30n)])).toEqual([
      "posted",
      "insufficient_funds",
      "posted",
    ]);
    expect(await balance(db, player)).toMatchObject({ posted: 70n, held: 70n });
  });

  it("post in part and give the rest back", async () => {
    const player = await fundedPlayer(100n);
    const hold = pending(player, source, 70n);
    expect(
      await post(db, [
        hold,
        { kind: "post_pending", id: randomUUID(), pendingId: hold.id, amount: 20n, ...why },
      ]),
    ).toEqual(["posted", "posted"]);
    expect(await balance(db, player)).toMatchObject({ posted: 80n, held: 0n });
  });

  it("void and move elsewhere in one linked group", async () => {
    const player = await fundedPlayer(100n);
    const elsewhere = await playerAccount(db);
    const hold = pending(player, source, 100n);
    await post(db, [hold]);
    expect(
      await post(db, [
        { kind: "void_pending", id: randomUUID(), pendingId: hold.id, linked: true, ...why },
        posted(player, elsewhere, 100n),
      ]),
    ).toEqual(["posted", "posted"]);
    expect(await balance(db, elsewhere)).toMatchObject({ posted: 100n, held: 0n });
  });

  it("are resolved once", async () => {
    const player = await fundedPlayer(100n);
    const [first, second] = [pending(player, source, 10n), pending(player, source, 10n)];
    const resolve = (kind: "post_pending" | "void_pending", pendingId: string): Transfer => ({
      kind,
      id: randomUUID(),
      pendingId,
      ...why,
    });
    await post(db, [first, second, resolve("post_pending", first.id), resolve("void_pending", second.id)]);
    expect(
      await post(db, [
        resolve("void_pending", first.id),
        resolve("post_pending", second.id),
        resolve("post_pending", randomUUID()),
      ]),
    ).toEqual(["pending_already_posted", "pending_already_voided", "pending_not_found"]);
  });

  it("expire by the database's clock: what is due is released once, what is not stays", async () => {
    const ledger = createLedger({ db, log: silentLog });
    const player = await fundedPlayer(100n);
    const [due, later, resolved] = [
      pending(player, source, 10n, { expiresAt: PAST }),
      pending(player, source, 20n, { expiresAt: FUTURE }),
      pending(player, source, 40n, { expiresAt: FUTURE }),
    ];
    const voided: Transfer = { kind: "void_pending", id: randomUUID(), pendingId: resolved.id, ...why };
    const late: Transfer = { kind: "post_pending", id: randomUUID(), pendingId: due.id, ...why };
    expect(await post(db, [due, later, resolved, voided, late])).toEqual([
      "posted",
      "posted",
      "posted",
      "posted",
      "pending_expired",
    ]);
    expect((await Promise.all([ledger.expireDue(), ledger.expireDue(), ledger.expireDue()])).sort()).toEqual([
      0, 0, 1,
    ]);
    expect(await post(db, [late])).toEqual(["pending_expired"]);
    expect(await balance(db, player)).toMatchObject({ posted: 100n, held: 20n });
    await ledger.close();
  });

  it("are swept while the ledger runs", async () => {
    const ledger = createLedger({ db, log: silentLog });
    const player = await fundedPlayer(10n);
    await post(db, [pending(player, source, 10n, { expiresAt: PAST })]);
    ledger.start();
    await expect.poll(async () => (await balance(db, player)).held).toBe(0n);
    await ledger.close();
  });
});

describe("linked groups", () => {
  it("succeed or fail as a whole, and later groups see what was undone", async () => {
    const player = await fundedPlayer(10n);
    const taker = await playerAccount(db);
    expect(
      await post(db, [
        posted(player, taker, 6n, { linked: true }),
        posted(player, taker, 5n, { linked: true }),
        posted(source, player, 1n),
        posted(player, taker, 10n),
      ]),
    ).toEqual(["linked_transfer_failed", "insufficient_funds", "linked_transfer_failed", "posted"]);
    expect(await balance(db, taker)).toEqual({ posted: 10n, held: 0n, version: 1n });
  });

  it("cross assets through house accounts and need their last member", async () => {
    const [coin, flr] = [await fundedPlayer(5n), await playerAccount(db, "FLR")];
    const exchange = [posted(coin, source, 5n, { linked: true }), posted(flrSource, flr, 5n * 10n ** 15n)];
    expect(await post(db, exchange.slice(0, 1))).toEqual(["linked_chain_open"]);
    expect(await post(db, exchange)).toEqual(["posted", "posted"]);
    expect(await post(db, exchange)).toEqual(["exists", "exists"]);
  });
});

describe("refusals", () => {
  it("name what is wrong with a transfer by itself", async () => {
    const player = await fundedPlayer(1n);
    const [rich, full] = [await sourceAccount(db), await sourceAccount(db)];
    const max = 10n ** 38n - 1n;
    expect(
      await post(db, [
        posted(player, source, 0n),
        posted(player, source, -1n),
        posted(source, player, max + 1n),
        posted(source, player, 10n ** 60n),
        posted(player, player, 1n),
        posted(9_000_000_000n, player, 1n),
        posted(player, 9_000_000_000n, 1n),
        posted(source, flrSource, 1n),
        posted(rich, full, max),
        posted(source, full, 1n),
        pending(full, player, max),
        { kind: "post_pending", id: randomUUID(), pendingId: randomUUID(), amount: 0n, ...why },
      ]),
    ).toEqual([
      "amount_not_positive",
      "amount_not_positive",
      "amount_too_large",
      "amount_too_large",
      "accounts_not_different",
      "debit_account_not_found",
      "credit_account_not_found",
      "assets_differ",
      "posted",
      "balance_overflow",
      "posted",
      "amount_not_positive",
    ]);
  });

  it("stop a balance before it has more than 38 digits, also when a resolution says no amount", async () => {
    const most = 6n * 10n ** 37n;
    const full = await sourceAccount(db);
    const holds = [
      pending(await sourceAccount(db), full, most),
      pending(await sourceAccount(db), full, most),
    ];
    expect(await post(db, holds)).toEqual(["posted", "posted"]);
    expect(
      await post(
        db,
        holds.map((hold) => ({ kind: "post_pending", id: randomUUID(), pendingId: hold.id, ...why })),
      ),
    ).toEqual(["posted", "balance_overflow"]);
  });

  it("are thrown as the failure that explains the others", async () => {
    const player = await fundedPlayer(1n);
    const outcomes = await db.transaction((tx) =>
      postTransfers(tx, [posted(source, player, 1n, { linked: true }), posted(player, source, 9n)]),
    );
    expect(() => requirePosted(outcomes)).toThrow(
      expect.objectContaining({ kind: "unprocessable", code: "insufficient_funds", retryable: true }),
    );
    expect(() => requirePosted([])).not.toThrow();
  });

  it("all have a code, a kind and a class", () => {
    for (const result of TRANSFER_RESULTS) {
      if (classifyResult(result) === "success") continue;
      const error = transferRefused({ id: randomUUID(), result });
      expect(error).toBeInstanceOf(AppError);
      expect(error.code).toBe(result);
      expect(error.kind).not.toBe("internal");
    }
  });

  it("of a malformed call are errors that write nothing", async () => {
    const call = (kinds: string, amounts: string, pendingIds: string | null = null) =>
      db.pool.query("SELECT ledger_post($1, $2, $3, $4, $5, $6, NULL, NULL, '{c}', '{r}')", [
        [randomUUID()],
        kinds,
        [source],
        [otherSource],
        amounts,
        pendingIds,
      ]);
    const wrong: Parameters<typeof call>[] = [
      ["{gift}", "{1}"],
      ["{posted}", "{1.5}"],
      ["{post_pending}", "{1}"],
      ["{posted,posted}", "{1}"],
      ["{posted}", "{1}", `{${randomUUID()}}`],
    ];
    for (const parameters of wrong)
      await expect(call(...parameters)).rejects.toMatchObject({ code: "22023" });
    expect(await brokenInvariants(db)).toEqual([]);
  });
});

describe("transactions", () => {
  it("that roll back write nothing", async () => {
    const player = await playerAccount(db);
    const transfer = posted(source, player, 5n);
    await expect(
      db.transaction(async (tx) => {
        expect(await postTransfers(tx, [transfer])).toEqual([{ id: transfer.id, result: "posted" }]);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await balance(db, player)).toEqual({ posted: 0n, held: 0n, version: 0n });
    expect(await brokenInvariants(db)).toEqual([]);
  });

  it("that post early do not hold up others until they commit", async () => {
    const [slow, quick] = [await playerAccount(db), await playerAccount(db)];
    await db.transaction(async (tx) => {
      await postTransfers(tx, [posted(source, slow, 1n)]);
      // Would wait for ever if the chain were locked before the commit.
      expect(await post(db, [posted(otherSource, quick, 1n)])).toEqual(["posted"]);
    });
    expect(await brokenInvariants(db)).toEqual([]);
  });
});

describe("accounts", () => {
  it("and everything else of the ledger can be read through Prisma", async () => {
    const player = await fundedPlayer(7n);
    await post(db, [pending(player, source, 7n, { expiresAt: FUTURE })]);
    const account = await db.prisma.account.findUniqueOrThrow({
      where: { id: player },
      include: { assetRow: true },
    });
    expect([account.posted.toFixed(), account.held.toFixed(), account.assetRow.code]).toEqual([
      "7",
      "7",
      "COIN",
    ]);
    const transfer = await db.prisma.transfer.findFirstOrThrow({ where: { debitAccount: player } });
    const commit = await db.prisma.ledgerCommit.findUniqueOrThrow({ where: { id: transfer.seq >> 16n } });
    const link = await db.prisma.ledgerLink.findUniqueOrThrow({ where: { commitId: commit.id } });
    expect(
      await db.prisma.ledgerHead.findFirst({ where: { position: { gte: link.position } } }),
    ).not.toBeNull();
    expect(await db.prisma.expiringHold.count({ where: { pendingId: transfer.id } })).toBe(1);
  });

  it("of players open when they are first asked for, once for all who ask", async () => {
    const owner = `player:${randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        accountIds(db.pool, [
          { owner, asset: "FLR" },
          { owner, asset: "COIN" },
          { owner, asset: "FLR" },
        ]),
      ),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]?.[0]).toBe(answers[0]?.[2]);
    expect(await balancesOf(db.pool, owner)).toEqual([
      { asset: "COIN", available: 0n, held: 0n },
      { asset: "FLR", available: 0n, held: 0n },
    ]);
  });

  it("of the house and of unknown assets do not open by themselves", async () => {
    await expect(accountIds(db.pool, [{ owner: "house:nobody", asset: "COIN" }])).rejects.toMatchObject({
      code: "unknown_account",
    });
    await expect(accountIds(db.pool, [{ owner: "player:1", asset: "GOLD" }])).rejects.toMatchObject({
      code: "unknown_asset",
    });
    expect((await assets(db.pool)).map((asset) => asset.code)).toEqual(["COIN", "FLR", "XRP"]);
  });
});

describe("statements", () => {
  it("show newest first what every entry left, page by page", async () => {
    const name = randomUUID();
    const player = await playerAccount(db, "COIN", name);
    const flr = await playerAccount(db, "FLR", name);
    const hold = pending(player, source, 4n, { cause: "payout_hold", ref: "payout:7" });
    await post(db, [posted(source, player, 10n), posted(flrSource, flr, 3n)]);
    await post(db, [hold, { kind: "post_pending", id: randomUUID(), pendingId: hold.id, ...why }]);
    const owner = `player:${name}`;
    const all = await statementOf(db.pool, owner, { limit: 10 });
    expect(all).toMatchObject([
      {
        kind: "post_pending",
        side: "debit",
        asset: "COIN",
        amount: 4n,
        version: 3n,
        previous: { posted: 10n, held: 4n },
        current: { posted: 6n, held: 0n },
        pendingId: hold.id,
      },
      {
        kind: "pending",
        side: "debit",
        asset: "COIN",
        version: 2n,
        previous: { posted: 10n, held: 0n },
        current: { posted: 10n, held: 4n },
        cause: "payout_hold",
        ref: "payout:7",
      },
      {
        kind: "posted",
        side: "credit",
        asset: "FLR",
        amount: 3n,
        version: 1n,
        current: { posted: 3n, held: 0n },
      },
      {
        kind: "posted",
        side: "credit",
        asset: "COIN",
        amount: 10n,
        version: 1n,
        previous: { posted: 0n, held: 0n },
        current: { posted: 10n, held: 0n },
      },
    ]);
    const first = await statementOf(db.pool, owner, { limit: 2 });
    const rest = await statementOf(db.pool, owner, { limit: 5, before: first[1]?.seq ?? 0n });
    expect([...first, ...rest]).toEqual(all);
    expect(await statementOf(db.pool, owner, { limit: 5, asset: "FLR" })).toEqual([all[2]]);
  });
});

describe("history", () => {
  it("cannot be changed or forgotten", async () => {
    for (const table of ["transfers", "ledger_commits", "ledger_chain"]) {
      for (const statement of [
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `UPDATE ${table} SET ${table === "ledger_chain" ? "commit_id" : "created_at"} = NULL`,
      ]) {
        await expect(db.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
      }
    }
    for (const statement of [
      "DELETE FROM accounts",
      "TRUNCATE accounts",
      "UPDATE accounts SET allow_negative = true",
    ]) {
      await expect(db.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
    }
    // The trigger stops an owner who took the right back.
    await expect(
      db.transaction(async (tx) => {
        await tx.query("GRANT UPDATE ON transfers TO CURRENT_USER");
        await tx.query("UPDATE transfers SET amount = 1");
      }),
    ).rejects.toMatchObject({ code: "23001" });
  });

  it("does not let an account be overdrawn by any other way", async () => {
    const player = await fundedPlayer(5n);
    await expect(db.pool.query("UPDATE accounts SET held = 6 WHERE id = $1", [player])).rejects.toMatchObject(
      {
        constraint: "accounts_no_overdraft",
      },
    );
  });

  it("shows where it was rewritten by somebody who could", async () => {
    const ledger = createLedger({ db, log: silentLog });
    const player = await fundedPlayer(5n);
    await post(db, [posted(source, player, 1n)]);
    expect(await ledger.verifyChain()).toEqual([]);
    const rewriting = async (statement: string): Promise<string[]> => {
      let reasons: string[] = [];
      await db
        .transaction(async (tx) => {
          for (const table of ["transfers", "ledger_commits", "ledger_chain"]) {
            await tx.query(`GRANT UPDATE, DELETE ON ${table} TO CURRENT_USER`);
            await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_append_only`);
          }
          await tx.query(statement, statement.includes("$1") ? [player] : []);
          const chain = await tx.query<{ reason: string }>("SELECT reason FROM ledger_chain_breaks()");
          const entries = await tx.query<{ reason: string }>("SELECT reason FROM ledger_account_breaks");
          reasons = [...new Set([...chain.rows, ...entries.rows].map((row) => row.reason))].sort();
          throw new Error("roll back");
        })
        .catch((error: Error) => expect(error.message).toBe("roll back"));
      return reasons;
    };
    expect(await rewriting("UPDATE transfers SET cause = 'gift' WHERE credit_account = $1")).toEqual([
      "transfers_changed",
    ]);
    expect(
      await rewriting(
        "UPDATE transfers SET created_at = created_at - interval '1 day' WHERE credit_account = $1",
      ),
    ).toEqual(["transfers_changed"]);
    expect(await rewriting("DELETE FROM transfers WHERE credit_account = $1 AND amount = 5")).toEqual([
      "entry_gap",
      "transfers_changed",
    ]);
    expect(
      await rewriting("UPDATE accounts SET posted = posted + 1, version = version + 1 WHERE id = $1"),
    ).toEqual(["balance_differs_from_last_entry"]);
    expect(await rewriting("UPDATE accounts SET held = 1 WHERE id = $1")).toEqual([
      "balance_differs_from_last_entry",
      "held_differs_from_open_holds",
    ]);
    expect(
      await rewriting(
        "UPDATE ledger_commits SET digest = '\\x00' WHERE id = (SELECT min(id) FROM ledger_commits)",
      ),
    ).toEqual(["link_changed", "transfers_changed"]);
    expect(await rewriting("UPDATE ledger_chain SET hash = sha256('x') WHERE position = 2")).toEqual([
      "chain_broken",
      "link_changed",
    ]);
    expect(
      await rewriting("DELETE FROM ledger_chain WHERE position = (SELECT max(position) FROM ledger_chain)"),
    ).toEqual(["commit_without_link", "head_differs_from_last_link"]);
    expect(
      await rewriting("DELETE FROM ledger_commits WHERE id = (SELECT max(id) FROM ledger_commits)"),
    ).toEqual(["link_without_commit", "transfers_without_commit"]);
    await ledger.close();
  });
});

import pg from "pg";
import { expect, it } from "vitest";
import { checkHistory } from "../../scripts/faults/checks.ts";
import { historyBreaks } from "../../scripts/faults/verdict.ts";
import { accountIds, createLedger, requirePosted } from "../../src/modules/ledger/index.ts";
import { appendAudit } from "../../src/platform/audit.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";

const db = await createTestDatabase();
const world = {
  query: async <T extends pg.QueryResultRow>(text: string): Promise<T[]> =>
    (await db.pool.query<T>(text)).rows,
};

/** As somebody with the superuser's password, past every trigger. */
async function forge(statement: string): Promise<void> {
  const url = new URL(db.url);
  url.username = "postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query("SET session_replication_role = replica");
    expect((await client.query(statement)).rowCount).toBe(1);
  } finally {
    await client.end();
  }
}

it("history that somebody rewrote is broken, and says where", async () => {
  const ledger = createLedger({ db, log: silentLog });
  const [debit = 0n, credit = 0n] = await accountIds(db.pool, [
    { owner: "house:issuance", asset: "COIN" },
    { owner: "house:exchange", asset: "COIN" },
  ]);
  for (let nth = 0; nth < 3; nth += 1) {
    const transfer = {
      kind: "posted" as const,
      id: crypto.randomUUID(),
      debit,
      credit,
      amount: 5n,
      cause: "test",
      ref: "",
    };
    requirePosted(await ledger.writer.submit([transfer]));
    await appendAudit(db.pool, { actor: "system:test", action: "tested", subject: `test:${nth}` });
  }
  await ledger.close();
  expect(checkHistory(await historyBreaks(world))).toEqual([]);

  await forge('UPDATE audit_log SET details = \'{"by": "a thief"}\' WHERE id = 2');
  expect(checkHistory(await historyBreaks(world))).toEqual([
    "the audit log is broken at 2: its hash does not fit",
  ]);
  await forge("UPDATE transfers SET amount = 4 WHERE seq = (SELECT min(seq) FROM transfers)");
  const broken = checkHistory(await historyBreaks(world));
  expect(broken).toContainEqual(expect.stringMatching(/hash chain is broken at \d+: transfers_changed/));
});

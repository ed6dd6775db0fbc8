import { describe, expect, it } from "vitest";
import { appendAudit } from "../../src/platform/audit.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();

describe("audit log", () => {
  it("chains entries from many writers at once without gaps or breaks", async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_unused, i) =>
        appendAudit(db.pool, {
          actor: "system:test",
          action: "tested",
          subject: `thing:${i % 3}`,
          details: { i },
        }),
      ),
    );
    const ids = await db.pool.query<{ id: bigint }>("SELECT id FROM audit_log ORDER BY id");
    expect(ids.rows.map((row) => row.id)).toEqual(Array.from({ length: 40 }, (_unused, i) => BigInt(i + 1)));
    expect((await db.pool.query("SELECT id FROM audit_log_breaks")).rows).toEqual([]);
  });

  it("refuses to change or forget an entry", async () => {
    await appendAudit(db.pool, { actor: "system:test", action: "tested", subject: "thing" });
    for (const statement of [
      "UPDATE audit_log SET actor = 'x'",
      "DELETE FROM audit_log",
      "TRUNCATE audit_log",
    ]) {
      await expect(db.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
    }
  });

  it("shows where an entry was changed by somebody who could", async () => {
    await appendAudit(db.pool, { actor: "system:test", action: "tested", subject: "thing" });
    await db
      .transaction(async (tx) => {
        await tx.query("GRANT UPDATE ON audit_log TO CURRENT_USER");
        await tx.query("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only");
        await tx.query("UPDATE audit_log SET actor = 'somebody else' WHERE id = 2");
        expect((await tx.query("SELECT id FROM audit_log_breaks")).rows).toEqual([{ id: 2n }]);
        throw new Error("roll back");
      })
      .catch((error: Error) => expect(error.message).toBe("roll back"));
  });
});

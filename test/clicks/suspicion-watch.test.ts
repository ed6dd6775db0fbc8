import { describe, expect, it } from "vitest";
import { suspicionOf } from "../../src/modules/clicks/index.ts";
import { ManualClock } from "../kit/clock.ts";
import { createTestDatabase } from "../kit/database.ts";
import { expectBooksToAgree } from "./books.ts";
import { clicksOn, META, passTime, signIn } from "./world.ts";

const db = await createTestDatabase();

/** A minute and more of the same click every 200 ms. */
async function clickLikeAMachine(
  clicks: ReturnType<typeof clicksOn>,
  clock: ManualClock,
  session: Awaited<ReturnType<typeof signIn>>,
  nonce: string,
) {
  await Promise.all(
    Array.from({ length: 310 }, (_unused, i) => {
      clock.advanceSeconds(0.2);
      return clicks.click(session, { clientNonce: `${nonce}${i}` }, META);
    }),
  );
}

async function auditOf(playerId: string) {
  const { rows } = await db.pool.query(
    "SELECT actor, action, details FROM audit_log WHERE subject = $1 ORDER BY id",
    [`player:${playerId}`],
  );
  return rows;
}

describe("clicking like a program", () => {
  it("is scored and audited once, and takes nothing away", async () => {
    const clock = new ManualClock();
    const clicks = clicksOn(db, { clock });
    const session = await signIn(db);
    await clickLikeAMachine(clicks, clock, session, "a");
    await clickLikeAMachine(clicks, clock, session, "b");
    await clicks.close();
    expect(await suspicionOf(db.pool, session.playerId)).toEqual({
      score: 60,
      reasons: ["regular_intervals"],
    });
    expect(await auditOf(session.playerId)).toEqual([
      {
        actor: "system:clicks",
        action: "clicks.suspected",
        details: { score: 60, reasons: ["regular_intervals"], requests: 301, taps: 301, spanMs: 60_000 },
      },
    ]);
    const { rows } = await db.pool.query("SELECT clicks FROM click_states WHERE user_id = $1", [
      session.playerId,
    ]);
    expect(rows).toEqual([{ clicks: 620n }]);
    await expectBooksToAgree(db);
  });

  it("found by another process too is not written twice, and anew when the first finding has begun to fade", async () => {
    const session = await signIn(db);
    for (const nonce of ["a", "b"]) {
      const clock = new ManualClock();
      const clicks = clicksOn(db, { clock });
      await clickLikeAMachine(clicks, clock, session, nonce);
      await clicks.close();
    }
    expect(await auditOf(session.playerId)).toHaveLength(1);
    await db.pool.query(
      "UPDATE click_suspicions SET assessed_at = assessed_at - interval '25 hours' WHERE user_id = $1",
      [session.playerId],
    );
    expect(await suspicionOf(db.pool, session.playerId)).toMatchObject({ score: 30 });
    await passTime(db, session, 1_000);
    const clock = new ManualClock();
    const clicks = clicksOn(db, { clock });
    await clickLikeAMachine(clicks, clock, session, "c");
    await clicks.close();
    expect(await auditOf(session.playerId)).toHaveLength(2);
    expect(await suspicionOf(db.pool, session.playerId)).toMatchObject({ score: 60 });
  });

  it("is not seen in repetitions of one click", async () => {
    const clock = new ManualClock();
    const clicks = clicksOn(db, { clock });
    const session = await signIn(db);
    for (let i = 0; i < 70; i += 1) {
      clock.advanceSeconds(1);
      await clicks.click(session, { clientNonce: "same" }, META);
    }
    await clicks.close();
    expect(await suspicionOf(db.pool, session.playerId)).toEqual({ score: 0, reasons: [] });
  });

  it("is not what a player is suspected of whom nobody has seen", async () => {
    expect(await suspicionOf(db.pool, "00000000-0000-4000-8000-000000000000")).toEqual({
      score: 0,
      reasons: [],
    });
  });
});

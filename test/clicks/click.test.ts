import { describe, expect, it } from "vitest";
import { CLICK_LIMITS } from "../../src/modules/clicks/index.ts";
import { ManualClock } from "../kit/clock.ts";
import { createTestDatabase } from "../kit/database.ts";
import { expectBooksToAgree } from "./books.ts";
import { anotherSession, clicksOn, endSession, META, passTime, signIn } from "./world.ts";

const db = await createTestDatabase();
/** For tests whose other rules the books of the first would not fit. */
const other = await createTestDatabase();
const crowded = await createTestDatabase();
/** Energy that hardly comes back, so that what a test spends stays spent. */
const SLOW = { CLICK_MAX_ENERGY: "1000", CLICK_ENERGY_PER_SECOND: "1" };

describe("a click", () => {
  it("counts, earns and costs energy", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    expect(await clicks.stateOf(session)).toEqual({
      clicks: 0,
      balance: "0",
      energy: 1_000,
      maxEnergy: 1_000,
      energyPerSecond: 3,
      rewardPerTap: "1",
      retryAfterMs: 0,
    });
    expect(await clicks.click(session, { clientNonce: "a" }, META)).toEqual({
      ok: true,
      clicks: 1,
      accepted: 1,
      balance: "1",
      energy: 999,
      maxEnergy: 1_000,
    });
    const reply = await clicks.click(session, { clientNonce: "b", count: 50 }, META);
    expect(reply).toMatchObject({ ok: true, clicks: 51, accepted: 50, balance: "51" });
    expect(await clicks.stateOf(session)).toMatchObject({ clicks: 51, balance: "51" });
    expect(clicks.commits).toEqual([
      {
        accepted: 1,
        players: [
          { account: session.account, playerId: session.playerId, clicks: 1n, balance: 1n, energy: 999 },
        ],
      },
      expect.objectContaining({
        accepted: 50,
        players: [expect.objectContaining({ clicks: 51n, balance: 51n })],
      }),
    ]);
    await expectBooksToAgree(db);
  });

  it("earns what the configuration says, in the ledger's words", async () => {
    const clicks = clicksOn(other, { env: { CLICK_REWARD: "1000000000000000000007" } });
    const session = await signIn(other);
    const reply = await clicks.click(session, { clientNonce: "a", count: 3 }, META);
    expect(reply.balance).toBe("3000000000000000000021");
    const { rows } = await other.pool.query("SELECT cause, ref, amount FROM transfers");
    expect(rows).toEqual([
      {
        cause: "click_reward",
        ref: expect.stringMatching(/^click:[0-9a-f-]{36}$/),
        amount: 3_000_000_000_000_000_000_021n,
      },
    ]);
    await expectBooksToAgree(other, 1_000_000_000_000_000_000_007n);
  });

  it("answers a repeated nonce with the first answer, word for word, whatever happened since", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    const first = await clicks.click(session, { clientNonce: "n", count: 7 }, META);
    await clicks.click(session, { clientNonce: "m", count: 50 }, META);
    expect(await clicks.click(session, { clientNonce: "n", count: 7 }, META)).toEqual(first);
    // Another process, or this one after a restart, even with other rules.
    const restarted = clicksOn(db, { env: { CLICK_MAX_ENERGY: "5", CLICK_REWARD: "9" } });
    expect(await restarted.click(session, { clientNonce: "n", count: 7 }, META)).toEqual(first);
    expect(restarted.commits).toEqual([]);
    await expectBooksToAgree(db);
  });

  it("refuses a nonce that comes again with another count, and says which was first", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    await clicks.click(session, { clientNonce: "n", count: 7 }, META);
    await expect(clicks.click(session, { clientNonce: "n", count: 8 }, META)).rejects.toMatchObject({
      code: "nonce_reused",
      details: { clientNonce: "n", firstCount: 7 },
    });
    const both = await Promise.allSettled([
      clicks.click(session, { clientNonce: "o", count: 1 }, META),
      clicks.click(session, { clientNonce: "o", count: 2 }, META),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expectBooksToAgree(db);
  });

  it("takes the same nonce of another session as another click", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    const second = await anotherSession(db, session);
    const stranger = await signIn(db);
    expect(await clicks.click(session, { clientNonce: "same" }, META)).toMatchObject({ clicks: 1 });
    expect(await clicks.click(second, { clientNonce: "same" }, META)).toMatchObject({ clicks: 2 });
    expect(await clicks.click(stranger, { clientNonce: "same" }, META)).toMatchObject({ clicks: 1 });
  });

  it("repeated a hundred times at once, through two processes, counts once", async () => {
    const processes = [clicksOn(db), clicksOn(db)];
    const session = await signIn(db);
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_unused, i) =>
        processes[i % 2]?.click(session, { clientNonce: "n", count: 5 }, META),
      ),
    );
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]).toMatchObject({ accepted: 5, clicks: 5, balance: "5" });
    await expectBooksToAgree(db);
  });
});

describe("beyond energy", () => {
  it("says how many taps counted, why not all, and when the next one will", async () => {
    const clicks = clicksOn(db, { env: { ...SLOW, CLICK_MAX_ENERGY: "60" } });
    const session = await signIn(db);
    await clicks.click(session, { clientNonce: "1", count: 50 }, META);
    // However slow this machine is: nothing comes back until the test says so.
    await passTime(db, session, -3_600);
    const partly = await clicks.click(session, { clientNonce: "2", count: 50 }, META);
    expect(partly).toMatchObject({ accepted: 10, clicks: 60, balance: "60", energy: 0, reason: "no_energy" });
    expect(partly.retryAfterMs).toBeGreaterThan(0);
    expect(partly.retryAfterMs).toBeLessThanOrEqual(1_000);
    const none = await clicks.click(session, { clientNonce: "3" }, META);
    expect(none).toMatchObject({ ok: true, accepted: 0, clicks: 60, balance: "60", reason: "no_energy" });
    await passTime(db, session, 3_602);
    // The first answer stays, though there is energy now.
    expect(await clicks.click(session, { clientNonce: "3" }, META)).toEqual(none);
    expect(await clicks.click(session, { clientNonce: "4", count: 2 }, META)).toMatchObject({
      accepted: 2,
      clicks: 62,
    });
    await expectBooksToAgree(db);
  });

  it("refills up to the maximum and not above", async () => {
    const clicks = clicksOn(db, { env: { ...SLOW, CLICK_MAX_ENERGY: "60" } });
    const session = await signIn(db);
    await clicks.click(session, { clientNonce: "1", count: 50 }, META);
    await passTime(db, session, 1_000_000_000);
    expect(await clicks.stateOf(session)).toMatchObject({ energy: 60, retryAfterMs: 0 });
    expect(await clicks.click(session, { clientNonce: "2", count: 1 }, META)).toMatchObject({ energy: 59 });
  });

  it("is the same for all sessions of a player together", async () => {
    const clicks = clicksOn(db, { env: { ...SLOW, CLICK_MAX_ENERGY: "60" } });
    const first = await signIn(db);
    const second = await anotherSession(db, first);
    const replies = await Promise.all(
      [first, second, first, second].map((session, i) =>
        clicks.click(session, { clientNonce: `${i}`, count: 25 }, META),
      ),
    );
    expect(replies.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(60);
    await expectBooksToAgree(db);
  });
});

describe("a session", () => {
  it("that was ended or has expired earns nothing, whatever a process still believes", async () => {
    const clicks = clicksOn(db);
    const ended = await signIn(db);
    const expired = await signIn(db);
    const live = await signIn(db);
    const first = await clicks.click(ended, { clientNonce: "before" }, META);
    await endSession(db, ended);
    await db.pool.query(
      "UPDATE sessions SET created_at = now() - interval '2 hours', expires_at = now() - interval '1 second' WHERE id = $1",
      [expired.id],
    );
    const results = await Promise.allSettled([
      clicks.click(ended, { clientNonce: "after" }, META),
      clicks.click(expired, { clientNonce: "after" }, META),
      clicks.click({ ...live, id: expired.playerId }, { clientNonce: "after" }, META),
      clicks.click(live, { clientNonce: "after" }, META),
    ]);
    expect(
      results.map((result) => (result.status === "rejected" ? result.reason.code : result.value.accepted)),
    ).toEqual(["session_ended", "session_ended", "session_ended", 1]);
    // What was earned before stays answered: that is how an interrupted call learns its outcome.
    expect(await clicks.click(ended, { clientNonce: "before" }, META)).toEqual(first);
    await expectBooksToAgree(db);
  });

  it("keeps a demo player's clicks and when the last one was", async () => {
    const clicks = clicksOn(db, { env: { ...SLOW, CLICK_MAX_ENERGY: "60" } });
    const demo = await signIn(db, "demo");
    const second = await anotherSession(db, demo);
    await Promise.all([
      clicks.click(demo, { clientNonce: "1", count: 20 }, META),
      clicks.click(demo, { clientNonce: "2", count: 5 }, META),
      clicks.click(second, { clientNonce: "1", count: 50 }, META),
    ]);
    const { rows } = await db.pool.query<{ demo_clicks: number; last_click_at: Date }>(
      "SELECT demo_clicks, last_click_at FROM sessions WHERE user_id = $1 ORDER BY (id = $2) DESC",
      [demo.playerId, demo.id],
    );
    expect(rows.map((row) => row.demo_clicks)).toEqual([25, 35]);
    for (const row of rows) expect(row.last_click_at).toBeInstanceOf(Date);
    await expectBooksToAgree(db);
  });

  it("of a wallet player keeps when the last click was, and counts no demo clicks", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    await clicks.click(session, { clientNonce: "1", count: 20 }, META);
    const { rows } = await db.pool.query(
      "SELECT demo_clicks, last_click_at IS NOT NULL AS clicked FROM sessions WHERE id = $1",
      [session.id],
    );
    expect(rows).toEqual([{ demo_clicks: 0, clicked: true }]);
  });
});

describe("what is kept of a click", () => {
  it("is who, from where (hashed), with what, when, and cannot be changed", async () => {
    const clicks = clicksOn(db);
    const session = await signIn(db);
    await clicks.click(
      session,
      { clientNonce: "1", count: 2 },
      { ip: "198.51.100.9", userAgent: "Agent/1.2.3" },
    );
    await clicks.click(
      session,
      { clientNonce: "2", count: 2 },
      { ip: "::ffff:198.51.100.9", userAgent: undefined },
    );
    const { rows } = await db.pool.query(
      `SELECT session_id, user_id, ip_hash, agent, e.taps, e.accepted, created_at FROM click_events e
       JOIN user_agents u ON u.id = e.user_agent_id WHERE user_id = $1 ORDER BY e.clicks`,
      [session.playerId],
    );
    const common = {
      session_id: session.id,
      user_id: session.playerId,
      taps: 2,
      accepted: 2,
      created_at: expect.any(Date),
    };
    expect(rows).toEqual([
      { ...common, ip_hash: expect.any(Buffer), agent: "Agent/1" },
      { ...common, ip_hash: rows[0]?.ip_hash, agent: "" },
    ]);
    expect(rows[0]?.ip_hash).toHaveLength(16);
    for (const statement of [
      "UPDATE click_events SET accepted = 0",
      "DELETE FROM click_events",
      "TRUNCATE click_events",
    ]) {
      await expect(db.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
    }
  });

  it("is bounded when somebody invents user agents", async () => {
    const clicks = clicksOn(crowded);
    const session = await signIn(crowded);
    await Promise.all(
      Array.from({ length: 6_000 }, (_unused, i) =>
        clicks.click(session, { clientNonce: `${i}` }, { ip: META.ip, userAgent: `agent-${i}x` }),
      ),
    );
    const { rows } = await crowded.pool.query("SELECT count(*)::int AS agents FROM user_agents");
    expect(rows[0]?.agents).toBeLessThanOrEqual(5_000);
    await expectBooksToAgree(crowded);
  });
});

describe("limits", () => {
  it("refuse a client that sends a thousand clicks a second, with the time to wait, before the database is asked", async () => {
    const clock = new ManualClock();
    const clicks = clicksOn(db, { limits: CLICK_LIMITS, clock });
    const session = await signIn(db);
    const results = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_unused, i) => {
        clock.advanceSeconds(0.001);
        return clicks.click(session, { clientNonce: `${i}` }, META);
      }),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(700);
    expect(refused[0]?.reason).toMatchObject({
      kind: "rate_limited",
      code: "too_many_clicks",
      retryAfterSeconds: 1,
      details: { scope: "session", retryAfterMs: expect.any(Number) },
    });
    const answered = results.length - refused.length;
    expect((await clicks.stateOf(session)).clicks).toBe(answered);
    await expectBooksToAgree(db);
  });

  it("let 25 players behind one address send 5,000 clicks", async () => {
    const clicks = clicksOn(db, { limits: CLICK_LIMITS });
    const players = await Promise.all(Array.from({ length: 25 }, () => signIn(db)));
    const replies = await Promise.all(
      players.flatMap((session) =>
        Array.from({ length: 200 }, (_unused, i) => clicks.click(session, { clientNonce: `${i}` }, META)),
      ),
    );
    expect(replies.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(5_000);
    await expectBooksToAgree(db);
  });
});

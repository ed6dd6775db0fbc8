import pg from "pg";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../kit/database.ts";
import { until } from "../kit/until.ts";
import { bearer, okay, problemOf, startAuth, unlimited } from "./harness.ts";

const db = await createTestDatabase();
const one = await startAuth(db, { limiter: unlimited });
const two = await startAuth(db, { limiter: unlimited, clock: one.clock });

const isRefused = async (harness: typeof one, token: string) =>
  harness.auth.verifyToken(token).then(
    () => false,
    (error: { code: string }) => error.code === "session_ended",
  );

/** Calls a session out as ended that, by the table, has not: only who listens can refuse it. */
async function notifyEnded(token: string): Promise<void> {
  const { id } = await one.auth.verifyToken(token);
  await db.pool.query("SELECT pg_notify('session_ended', $1)", [id]);
}

/** The backends on which the two processes listen now, their LISTEN done. */
async function listeners(): Promise<number[]> {
  const { rows } = await db.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE application_name = 'coinclicker-sessions' AND datname = current_database()
       AND query LIKE 'LISTEN%' AND state = 'idle'`,
  );
  return rows.map(({ pid }) => pid);
}

/** Ends the connections on which processes listen, as a restart of the database or a network would. */
async function cutListeners(): Promise<{ back: () => Promise<boolean> }> {
  const cut = new Set(await listeners());
  await db.pool.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS cut (pid)", [[...cut]]);
  return { back: async () => (await listeners()).filter((pid) => !cut.has(pid)).length === 2 };
}

describe("a session that ends in one process", () => {
  it("is refused by the other, though it had the token in memory", async () => {
    const { token } = await one.demo();
    okay(await two.get("/me", bearer(token)));
    await one.post("/auth/logout", undefined, bearer(token));
    await until(() => isRefused(two, token));
  });

  it("is called out by the database as soon as that is committed", async () => {
    const client = new pg.Client({ connectionString: db.url });
    await client.connect();
    try {
      const heard = new Promise((resolve) => client.on("notification", ({ payload }) => resolve(payload)));
      await client.query("LISTEN session_ended");
      const { token } = await one.demo();
      const { id } = await one.auth.verifyToken(token);
      await one.post("/auth/logout", undefined, bearer(token));
      expect(await heard).toBe(id);
    } finally {
      await client.end();
    }
  });

  it("is refused for the notification alone, before any look at the table", async () => {
    const { token } = await one.demo();
    await two.auth.verifyToken(token);
    await notifyEnded(token);
    await until(() => isRefused(two, token));
  });

  it("is called out to the other's listeners, though it never saw the token", async () => {
    const heard: string[] = [];
    const stop = two.auth.onSessionEnded((id) => heard.push(id));
    const { token } = await one.demo();
    const { id } = await one.auth.verifyToken(token);
    await one.post("/auth/logout", undefined, bearer(token));
    await until(() => heard.includes(id));
    stop();
  });

  it("takes a reused refresh token's session away from the other, too", async () => {
    const { token, refreshToken } = await one.demo();
    await two.auth.verifyToken(token);
    okay(await one.post("/auth/refresh", { refreshToken }));
    expect(problemOf(await one.post("/auth/refresh", { refreshToken })).code).toBe("refresh_token_reused");
    await until(() => isRefused(two, token));
  });

  it("is refused at once while nobody can listen, and its listeners hear of it later, once", async () => {
    const heard: string[] = [];
    const stop = two.auth.onSessionEnded((id) => heard.push(id));
    const { token } = await one.demo();
    const { id } = await two.auth.verifyToken(token);
    const { back } = await cutListeners();
    // Without a notification: as if the one that follows had been sent while the connection was away.
    await db.pool.query(
      "UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = 'admin' WHERE id = $1",
      [id],
    );
    await until(() => isRefused(two, token));
    await until(() => heard.includes(id));
    await until(back);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(heard.filter((one) => one === id)).toHaveLength(1);
    stop();
  });

  it("is refused within five seconds when its notification is lost without a trace", async () => {
    const { token } = await one.demo();
    const { id } = await two.auth.verifyToken(token);
    await db.pool.query(
      "UPDATE sessions SET revoked_at = clock_timestamp(), revoked_reason = 'admin' WHERE id = $1",
      [id],
    );
    await until(() => isRefused(two, token));
  });

  it("hears notifications again after the listener came back", async () => {
    const { back } = await cutListeners();
    await until(back);
    const { token } = await one.demo();
    await two.auth.verifyToken(token);
    await notifyEnded(token);
    await until(() => isRefused(two, token));
  });
});

describe("a token in memory", () => {
  it("is verified without the database, until the last look at the table is five seconds old", async () => {
    const { token } = await one.demo();
    const session = await one.auth.verifyToken(token);
    await db.pool.query("ALTER TABLE sessions RENAME TO sessions_away");
    try {
      // The very same object: no lookup made a new one.
      expect(await one.auth.verifyToken(token)).toBe(session);
      await until(() =>
        one.auth.verifyToken(token).then(
          () => false,
          () => true,
        ),
      );
    } finally {
      await db.pool.query("ALTER TABLE sessions_away RENAME TO sessions");
    }
    expect(await one.auth.verifyToken(token)).toMatchObject({ id: session.id });
  });
});

describe("a process that has not begun to listen", () => {
  it("looks every token up, so that it misses no ended session", async () => {
    const deaf = await startAuth(db, { listening: false, clock: one.clock });
    const { token } = await one.demo();
    await deaf.auth.verifyToken(token);
    await one.post("/auth/logout", undefined, bearer(token));
    expect(await isRefused(deaf, token)).toBe(true);
  });

  it("can be closed, and closed again", async () => {
    const short = await startAuth(db, { clock: one.clock });
    await short.auth.close();
    await short.auth.close();
  });
});

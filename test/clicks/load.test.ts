import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startPostgres } from "../../scripts/local/postgres.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import type { Session } from "../../src/modules/auth/index.ts";
import type { ClickReply, Clicks } from "../../src/modules/clicks/index.ts";
import { createDatabase, migrate } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { expectBooksToAgree } from "./books.ts";
import { anotherSession, clicksOn, endSession, META, signIn } from "./world.ts";

const db = await createTestDatabase({ maxConnections: 6 });
/** Energy that does not come back within a test, so that what may be accepted is known exactly. */
const ENERGY = 120;
const env = { CLICK_MAX_ENERGY: String(ENERGY), CLICK_ENERGY_PER_SECOND: "1" };

/** Repeats a click until it is answered, as a client does that was told that the outcome is unknown. */
async function insist(clicks: Clicks, session: Session, input: unknown): Promise<ClickReply> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await clicks.click(session, input, META);
    } catch (error) {
      if ((error as { kind?: string }).kind !== "unavailable" || attempt === 2_000) throw error;
      await sleep(20);
    }
  }
}

describe("two processes on one database", () => {
  it("accept each tap once and never more than there is energy, whatever arrives in whatever order", async () => {
    const processes = [clicksOn(db, { env }), clicksOn(db, { env })] as const;
    const request = fc.record({
      player: fc.nat(4),
      session: fc.nat(1),
      process: fc.nat(1),
      nonce: fc.nat(30),
      pauseMs: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 150 }), async (requests) => {
        const players = await Promise.all(
          [0, 1, 2, 3, 4].map(async (i) => {
            const first = await signIn(db, i === 4 ? "demo" : "wallet");
            return [first, await anotherSession(db, first)] as const;
          }),
        );
        const answers = new Map<string, string>();
        const acceptedBy = new Map<string, number>();
        const started = performance.now();
        await Promise.all(
          requests.map(async ({ player, session: which, process, nonce, pauseMs }) => {
            const session = players[player]?.[which];
            if (session === undefined) throw new Error("no such player");
            await sleep(pauseMs);
            // The count follows from the nonce, so that every repetition is a true one.
            const input = { clientNonce: `n${nonce}`, count: 1 + ((nonce * 7) % 50) };
            const reply = await processes[process === 0 ? 0 : 1].click(session, input, META);
            const key = `${session.id} ${nonce}`;
            const known = answers.get(key);
            if (known !== undefined) expect(JSON.stringify(reply)).toBe(known);
            else acceptedBy.set(session.playerId, (acceptedBy.get(session.playerId) ?? 0) + reply.accepted);
            answers.set(key, JSON.stringify(reply));
          }),
        );
        const refilled = Math.ceil((performance.now() - started) / 1_000);
        for (const accepted of acceptedBy.values()) expect(accepted).toBeLessThanOrEqual(ENERGY + refilled);
        for (const [playerId, accepted] of acceptedBy) {
          const { rows } = await db.pool.query("SELECT clicks FROM click_states WHERE user_id = $1", [
            playerId,
          ]);
          expect(rows).toEqual([{ clicks: BigInt(accepted) }]);
        }
      }),
      { numRuns: 15 },
    );
    await expectBooksToAgree(db);
  });

  it("give a player's clicks an order: every answer's total is the sum of what was accepted before it", async () => {
    const processes = [clicksOn(db), clicksOn(db)] as const;
    const session = await signIn(db);
    const replies = await Promise.all(
      Array.from({ length: 400 }, (_unused, i) =>
        processes[i % 2 === 0 ? 0 : 1].click(session, { clientNonce: `${i}`, count: 1 + (i % 4) }, META),
      ),
    );
    let total = 0;
    for (const reply of replies.toSorted((a, b) => a.clicks - b.clicks || b.energy - a.energy)) {
      total += reply.accepted;
      expect(reply).toMatchObject({ clicks: total, balance: String(total) });
    }
  });

  it("accept nothing of a session after it was ended, not even from the process that did not hear of it", async () => {
    const processes = [clicksOn(db), clicksOn(db)] as const;
    const session = await signIn(db);
    let ended = false;
    const late: unknown[] = [];
    const clicking = Promise.all(
      processes.map(async (clicks, p) => {
        for (let i = 0; i < 200; i += 1) {
          const endedBefore = ended;
          const outcome = await clicks
            .click(session, { clientNonce: `${p}-${i}` }, META)
            .catch((error) => error.code);
          if (endedBefore) late.push(outcome);
        }
      }),
    );
    await sleep(30);
    await endSession(db, session);
    ended = true;
    await clicking;
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late)).toEqual(new Set(["session_ended"]));
    await expectBooksToAgree(db);
  });
});

describe("a database that goes away", () => {
  it("loses no acknowledged click and doubles none when backends are killed under load", async () => {
    const processes = [clicksOn(db), clicksOn(db)] as const;
    const players = await Promise.all(Array.from({ length: 10 }, () => signIn(db)));
    // An idle connection of its own, so that the killer survives its killing.
    const killer = createDatabase({ url: db.url, maxConnections: 1, log: silentLog });
    let killings = 0;
    let done = false;
    const killing = (async () => {
      while (!done) {
        const { rows } = await killer.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'coinclicker'`,
        );
        if (rows.length > 0) killings += 1;
        // A new connection has to plan everything anew, so killing faster would let nothing through at all.
        await sleep(150);
      }
    })();
    const replies = await Promise.all(
      players.map(async (session, p) => {
        const mine: ClickReply[] = [];
        for (let i = 0; i < 60 || killings < 5; i += 1) {
          mine.push(
            await insist(processes[(p + i) % 2 === 0 ? 0 : 1], session, { clientNonce: `k${i}`, count: 1 }),
          );
        }
        return mine;
      }),
    );
    done = true;
    await killing;
    await killer.close();
    for (const mine of replies) {
      expect(mine.map(({ clicks }) => clicks)).toEqual(mine.map((_unused, i) => i + 1));
      expect(mine.every(({ accepted }) => accepted === 1)).toBe(true);
    }
    await expectBooksToAgree(db);
  });

  it("comes back from a restart with every acknowledged click, each once", async () => {
    const base = makeTempDir("clicks");
    const dataDir = join(base, "postgres");
    // Durable, unlike the one that other tests share: this is about what survives.
    let postgres = await startPostgres({ dataDir });
    onTestFinished(async () => {
      await postgres.stop();
      await rm(base, { recursive: true, force: true });
    });
    await migrate(postgres.url);
    const durable = createDatabase({ url: postgres.url, maxConnections: 5, log: silentLog });
    const clicks = clicksOn(durable);
    const players = await Promise.all(Array.from({ length: 5 }, () => signIn(durable)));
    let stop = false;
    const replies = players.map((): ClickReply[] => []);
    const clicking = Promise.all(
      players.map(async (session, i) => {
        const mine = replies[i] ?? [];
        while (!stop) mine.push(await insist(clicks, session, { clientNonce: `${mine.length}` }));
        return mine;
      }),
    );
    /** Clicks are under way: everybody has had some answered since. */
    const underWay = async () => {
      const from = replies.map((mine) => mine.length);
      const grew = () => expect(replies.every((mine, i) => mine.length > (from[i] ?? 0) + 3)).toBe(true);
      await vi.waitFor(grew, { timeout: 60_000, interval: 5 });
    };
    await underWay();
    for (const signal of ["SIGQUIT", "SIGINT"] as const) {
      // SIGQUIT is a crash: no checkpoint, recovery from the log.
      process.kill(postgres.pid, signal);
      await postgres.stop();
      postgres = await startPostgres({ dataDir, port: postgres.port });
      await underWay();
    }
    stop = true;
    for (const mine of await clicking) {
      expect(mine.map(({ clicks: total }) => total)).toEqual(mine.map((_unused, i) => i + 1));
    }
    await expectBooksToAgree(durable);
    await durable.close();
  });
});

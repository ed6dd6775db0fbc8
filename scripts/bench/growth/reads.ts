import { randomInt } from "node:crypto";
import type pg from "pg";
import { channelSlice, findResumePoint } from "../../../src/modules/feed/index.ts";
import { createReports } from "../../../src/modules/reports/index.ts";
import type { Database } from "../../../src/platform/db/index.ts";
import { HEAVY_PLAYER, playerId } from "./fill.ts";

/** A filled database, and with how much. */
export type Grown = { db: Database; entries: number; players: number };

/** One request's reads, by the product's own code; `db` may be one that explains. */
export type Read = { label: string; read(grown: Grown, db: Database): Promise<unknown> };

const PAGE = 50;
const FEED_PAGE = 500;
const MAX_REPLAY = 10_000;

export const READS: readonly Read[] = [
  { label: "statement, first page", read: (_grown, db) => statement(db, HEAVY_PLAYER, undefined) },
  {
    label: "statement, deep cursor",
    read: ({ entries }, db) => statement(db, HEAVY_PLAYER, middleOf(entries)),
  },
  {
    label: "statement of one of twenty active players",
    read: (_grown, db) => statement(db, playerId(1 + randomInt(20)), undefined),
  },
  {
    label: "statement of any player, as cold as the size makes it",
    read: ({ players }, db) => statement(db, playerId(1 + randomInt(players)), undefined),
  },
  { label: "leaderboard", read: (_grown, db) => reportsOf(db).leaderboard(PAGE) },
  { label: "feed resume, 100 behind", read: ({ entries }, db) => resume(db.pool, entries, 100) },
  { label: "feed resume, 10,000 behind", read: ({ entries }, db) => resume(db.pool, entries, 10_000) },
];

function statement(db: Database, playerId: string, cursor: string | undefined): Promise<unknown> {
  return reportsOf(db).statement(
    { kind: "demo", account: `demo:${playerId}`, playerId },
    { limit: PAGE, cursor, asset: undefined },
  );
}

function reportsOf(db: Database): ReturnType<typeof createReports> {
  return createReports({ db, auth: { requireSession: () => Promise.reject(new Error("no routes here")) } });
}

/** A cursor into the middle of history, as a page would have given it: the first position of a commit. */
function middleOf(entries: number): string {
  return Buffer.from(String(BigInt(entries / 2_000) << 16n)).toString("base64url");
}

/** What a process asks the database for a client that comes back, when its memory does not reach so far. */
async function resume(pool: pg.Pool, head: number, behind: number): Promise<void> {
  const until = BigInt(head);
  const since = BigInt(head - behind);
  const point = await findResumePoint(pool, "feed", since, until, MAX_REPLAY + 1);
  if (!point.complete || point.missed !== behind / 2) {
    throw new Error("the client would not have been resumed");
  }
  for (let cursor = since; cursor < until; ) {
    const slice = await channelSlice(pool, "feed", cursor, until, FEED_PAGE);
    if (slice === null) throw new Error("part of the feed is missing");
    cursor = slice.upTo;
  }
}

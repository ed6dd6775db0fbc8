import { expect } from "vitest";
import type { Database } from "../../src/platform/db/index.ts";
import { booksOf } from "./world.ts";

/** Events, states, balances and issuance tell the same story, each tap paid once. */
export async function expectBooksToAgree(db: Database, rewardPerTap = 1n): Promise<void> {
  const books = await booksOf(db);
  const issued: Record<string, bigint> = { "house:issuance": 0n, "house:demo_issuance": 0n };
  for (const player of books.players) {
    expect(player).toMatchObject({
      clicks: player.accepted,
      posted: player.accepted * rewardPerTap,
      rewards: player.accepted * rewardPerTap,
      demo_clicks: player.demo ? player.accepted : 0n,
    });
    const house = player.demo ? "house:demo_issuance" : "house:issuance";
    issued[house] = (issued[house] ?? 0n) + player.accepted * rewardPerTap;
  }
  expect(books.issued).toEqual(issued);
  expect(books.breaks).toEqual([]);
}

import type { Database } from "../../platform/db/index.ts";
import { decodeCursor, type Page, pageOf, type Routes } from "../../platform/http/index.ts";
import type { Auth } from "../auth/index.ts";
import { type AccountKey, assets, type Balance, balancesOf, statementOf } from "../ledger/index.ts";
import type { NamedAccount } from "./account.ts";
import { reportRoutes } from "./routes.ts";
import { payoutsOf, recentWinners, topPlayers } from "./store.ts";
import {
  type PublicPayoutView,
  payoutView,
  type StatementLine,
  statementLine,
  type WinnerView,
  winnerView,
} from "./view.ts";

export type { StatementLine };

export type Leaderboard = {
  players: { rank: number; account: string; displayName: string; score: number }[];
  winners: WinnerView[];
};

export type AccountReport = {
  account: string;
  balances: { asset: string; available: string; held: string }[];
  payouts: Page<PublicPayoutView>;
};

type PageQuery = { limit: number; cursor: string | undefined };

export type Reports = {
  routes: Routes;
  leaderboard(limit: number): Promise<Leaderboard>;
  account(named: NamedAccount, page: PageQuery): Promise<AccountReport>;
  statement(
    named: NamedAccount,
    page: PageQuery & { asset: string | undefined },
  ): Promise<Page<StatementLine>>;
};

const PAYOUT_KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STATEMENT_KEY = /^[0-9]{1,18}$/;

/** Read-only views over clicks, the ledger and payouts. Every answer is one moment's truth: nothing is cached. */
export function createReports(deps: { db: Database; auth: Pick<Auth, "requireSession"> }): Reports {
  const { db, auth } = deps;

  async function leaderboard(limit: number): Promise<Leaderboard> {
    const [players, winners] = await Promise.all([topPlayers(db.pool, limit), recentWinners(db.pool, limit)]);
    return {
      players: players.map((player, index) => ({
        rank: index + 1,
        account: player.account,
        displayName: player.display_name,
        score: Number(player.score),
      })),
      winners: winners.map(winnerView),
    };
  }

  /** The ledger's name for whoever has the account; null for a wallet that never signed in. */
  async function ownerOf(named: NamedAccount): Promise<AccountKey["owner"] | null> {
    if (named.kind === "demo") return `player:${named.playerId}`;
    const user = await db.prisma.user.findUnique({
      where: { walletAddress: named.address },
      select: { id: true },
    });
    return user === null ? null : `player:${user.id}`;
  }

  async function account(named: NamedAccount, page: PageQuery): Promise<AccountReport> {
    const after = page.cursor === undefined ? null : decodeCursor(page.cursor, PAYOUT_KEY);
    const owner = await ownerOf(named);
    const [known, balances, payouts] = await Promise.all([
      assets(db.pool),
      owner === null ? [] : balancesOf(db.pool, owner),
      payoutsOf(db.pool, named.account, { limit: page.limit, after }),
    ]);
    const byAsset = new Map<string, Balance>(balances.map((balance) => [balance.asset, balance]));
    return {
      account: named.account,
      balances: known.map(({ code }) => ({
        asset: code,
        available: String(byAsset.get(code)?.available ?? 0n),
        held: String(byAsset.get(code)?.held ?? 0n),
      })),
      payouts: pageOf(payouts, page.limit, (payout) => payout.id, payoutView),
    };
  }

  async function statement(
    named: NamedAccount,
    page: PageQuery & { asset: string | undefined },
  ): Promise<Page<StatementLine>> {
    const before = page.cursor === undefined ? undefined : BigInt(decodeCursor(page.cursor, STATEMENT_KEY));
    const owner = await ownerOf(named);
    if (owner === null) return { items: [], nextCursor: null };
    const entries = await statementOf(db.pool, owner, {
      limit: page.limit + 1,
      ...(before === undefined ? {} : { before }),
      ...(page.asset === undefined ? {} : { asset: page.asset }),
    });
    return pageOf(entries, page.limit, (entry) => entry.seq, statementLine);
  }

  const reports = { leaderboard, account, statement };
  return { ...reports, routes: reportRoutes({ auth, reports }) };
}

import { Button, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { leaderboardQuery } from "../api/queries.ts";
import type { Leaderboard } from "../api/types.ts";
import { shorten } from "../lib/shorten.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { usePlayer } from "../session/session.ts";
import { AmountText } from "../ui/amount.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { EmptyState, ErrorState, LoadingRows } from "../ui/states.tsx";
import classes from "./leaderboard.module.css";

export function LeaderboardPage() {
  const { data, error, refetch } = useQuery(leaderboardQuery);
  return (
    <Page title="Ranks" lead="Who tapped most, and who was paid last. Demo sessions are not ranked.">
      {data === undefined ? (
        <div className="panel">
          {error === null ? (
            <LoadingRows rows={6} />
          ) : (
            <ErrorState what="The ranking" error={error} onRetry={() => void refetch()} />
          )}
        </div>
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" style={{ alignItems: "start" }}>
          <Panel title="Most taps" padded={false}>
            <Players players={data.players} />
          </Panel>
          <Panel title="Winners" padded={false}>
            <Winners winners={data.winners} />
          </Panel>
        </SimpleGrid>
      )}
    </Page>
  );
}

function Players({ players }: { players: Leaderboard["players"] }) {
  const me = usePlayer();
  if (players.length === 0) {
    return (
      <EmptyState
        title="Nobody has tapped yet"
        action={
          <Button component={Link} to="/">
            Be the first
          </Button>
        }
      />
    );
  }
  const most = BigInt(players[0]?.score ?? 1);
  return (
    <ol className={classes.list}>
      {players.map(({ rank, account, displayName, score }) => (
        <li key={account} className={classes.player} data-me={account === me?.account}>
          <span className={`${classes.rank} num`}>{rank}</span>
          <span className={classes.who}>
            <span className={displayName === account ? "mono" : undefined} title={account}>
              {displayName === account ? shorten(account) : displayName}
            </span>
            {account === me?.account && <span className={classes.you}>you</span>}
          </span>
          <strong className="num">{score.toLocaleString("en")}</strong>
          <span
            className={classes.bar}
            style={{ inlineSize: `${(BigInt(score) * 1000n) / most / 10n}%` }}
            aria-hidden="true"
          />
        </li>
      ))}
    </ol>
  );
}

function Winners({ winners }: { winners: Leaderboard["winners"] }) {
  if (winners.length === 0) {
    return (
      <EmptyState title="No payout has been confirmed yet">
        The first confirmed payout makes the first winner.
      </EmptyState>
    );
  }
  return (
    <ul className={classes.list}>
      {winners.map((winner) => (
        <li key={winner.payoutId} className={classes.winner}>
          <span className="mono" title={winner.account}>
            {shorten(winner.account)}
          </span>
          <strong>
            <AmountText asset={winner.asset} amount={winner.amount} maxFraction={6} />
          </strong>
          <span className={classes.detail}>
            {winner.txHash === null ? (
              "on the ledger"
            ) : (
              <OnChain kind="tx" value={winner.txHash} what="transaction hash" />
            )}
          </span>
          <time className={`${classes.detail} num`} dateTime={winner.at} title={fullTime(winner.at)}>
            {shortTime(winner.at)}
          </time>
        </li>
      ))}
    </ul>
  );
}

import { Button, Group, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type CSSProperties, useEffect, useState } from "react";
import { sessionQuery, useAsset, useConfig } from "../api/queries.ts";
import type { Session } from "../api/types.ts";
import { RecentPayouts } from "../feed/recent-payouts.tsx";
import { formatAmount } from "../lib/amount.ts";
import { useNow } from "../lib/use-now.ts";
import { isDemo } from "../session/session.ts";
import { openSignIn } from "../session/sign-in-dialog.ts";
import { usePageTitle } from "../ui/page.tsx";
import { ErrorState } from "../ui/states.tsx";
import { Coin } from "./coin.tsx";
import classes from "./page.module.css";
import { energyAt, shownBalance, type Taps } from "./taps.ts";
import { useTaps } from "./use-taps.ts";

export function PlayPage() {
  usePageTitle("Play");
  const { data: session, error, refetch } = useQuery(sessionQuery);
  return (
    <div className={classes.page}>
      <h1 className="only-spoken">Play</h1>
      {session === undefined && error !== null ? (
        <div className="panel">
          <ErrorState what="Your session" error={error} onRetry={() => void refetch()} />
        </div>
      ) : session == null ? (
        <Invitation known={session === null} />
      ) : (
        <Game session={session} />
      )}
      <aside className={classes.aside} aria-label="Paid just now">
        <RecentPayouts />
      </aside>
    </div>
  );
}

/** Without a session the coin asks who plays. */
function Invitation({ known }: { known: boolean }) {
  const { clicks } = useConfig();
  return (
    <div className={classes.game}>
      <div className={classes.purse}>
        <p className={`${classes.invitation} wide`}>
          <span>Tap the coin.</span> <span>Get paid on chain.</span>
        </p>
        <Text c="dimmed">What you earn is kept in a ledger, and every payout can be checked by anyone.</Text>
      </div>
      <Coin
        energy={clicks.maxEnergy}
        maxEnergy={clicks.maxEnergy}
        perTap="0"
        label="Tap the coin: sign in to begin"
        onTap={() => {
          if (known) openSignIn();
          return false;
        }}
      />
      <Group justify="center">
        <Button size="lg" onClick={openSignIn} disabled={!known}>
          Sign in to play
        </Button>
      </Group>
    </div>
  );
}

function Game({ session }: { session: Session }) {
  const { taps, error, tap, retry } = useTaps(session);
  if (error !== null) {
    return (
      <div className="panel">
        <ErrorState what="Your coins" error={error} onRetry={retry} />
      </div>
    );
  }
  if (taps === null) {
    return (
      <div className={classes.game} aria-busy="true">
        <Skeleton height={96} radius="lg" />
        <Skeleton circle height={300} mx="auto" />
      </div>
    );
  }
  return <Table taps={taps} tap={tap} demo={isDemo(session.player)} />;
}

function Table({ taps, tap, demo }: { taps: Taps; tap: () => boolean; demo: boolean }) {
  const coin = useAsset("COIN");
  const energy = Math.floor(energyAt(taps, performance.now()));
  const { maxEnergy, energyPerSecond, rewardPerTap } = taps.rules;
  useNow(energy < maxEnergy ? 250 : null);
  const balance = shownBalance(taps);
  const shown = formatAmount(balance, coin.scale);
  const secondsToFull = Math.ceil((maxEnergy - energy) / energyPerSecond);
  return (
    <div className={classes.game}>
      <div className={classes.purse}>
        <p className={`${classes.balance} num wide`} style={{ "--ems": emsOf(shown) } as CSSProperties}>
          {shown}
          <span className={classes.unit}>COIN</span>
        </p>
        <Worth balance={balance} demo={demo} />
        {demo && <p className={classes.demo}>Demo session: you play, nothing is paid out.</p>}
      </div>
      <Coin
        energy={energy}
        maxEnergy={maxEnergy}
        perTap={formatAmount(rewardPerTap, coin.scale)}
        label={`Tap the coin: earns ${formatAmount(rewardPerTap, coin.scale)} COIN`}
        onTap={tap}
      />
      <div className={classes.energyLine}>
        <span className="num">
          <strong>{energy.toLocaleString("en")}</strong> of {maxEnergy.toLocaleString("en")} energy
        </span>
        <span className={`${classes.refill} num`}>
          {energy >= maxEnergy
            ? "full"
            : energy < 1
              ? `resting, ${energyPerSecond} a second come back`
              : `full again in ${duration(secondsToFull)}`}
        </span>
      </div>
      <Group justify="center" gap="sm">
        <Button component={Link} to="/cash-out" size="lg" variant="filled">
          Cash out
        </Button>
      </Group>
      <Spoken balance={shown} energy={energy} />
    </div>
  );
}

/** What it comes to in each asset that is paid for COIN. */
function Worth({ balance, demo }: { balance: bigint; demo: boolean }) {
  const { rates, assets } = useConfig();
  const worths = rates.flatMap(({ from, to, rate }) => {
    const asset = assets.find(({ code }) => code === to);
    if (from !== "COIN" || asset === undefined) return [];
    return `${formatAmount(balance * BigInt(rate), asset.scale, { maxFraction: 4 })} ${to}`;
  });
  if (worths.length === 0) return null;
  const [first, ...others] = worths;
  return (
    <p className={`${classes.worth} num`}>
      {demo ? "would be " : "worth "}
      <strong>{first}</strong>
      {others.length > 0 && <span className={classes.rate}> or {others.join(" or ")}</span>}
    </p>
  );
}

/** Says what one has once tapping has paused; after every tap it would never be silent. */
function Spoken({ balance, energy }: { balance: string; energy: number }) {
  const [text, setText] = useState("");
  const isEmpty = energy < 1;
  useEffect(() => {
    const timer = setTimeout(() => {
      setText(`${balance} COIN${isEmpty ? ". No energy left, it comes back by itself" : ""}`);
    }, 1_500);
    return () => clearTimeout(timer);
  }, [balance, isEmpty]);
  return (
    <span className="only-spoken" aria-live="polite">
      {text}
    </span>
  );
}

/** How wide a wide number is with its unit, in its own font size. */
function emsOf(text: string): number {
  return text.length * 0.7 + 2.4;
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
}

import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { balancesQuery, configQuery } from "../api/queries.ts";
import type { Player } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import { openSignIn } from "../session/sign-in-dialog.ts";
import { MoonIcon, SunIcon } from "../ui/icons.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { TopNav } from "./nav.tsx";
import classes from "./shell.module.css";

export function Header({ player }: { player: Player | null | undefined }) {
  return (
    <header className={classes.header}>
      <div className={classes.bar}>
        <Link to="/" className={classes.brand} aria-label="CoinClicker, play">
          <img src="/favicon.svg" alt="" width={26} height={26} />
          CoinClicker
        </Link>
        <TopNav player={player} />
        <div className={classes.right}>
          {player != null && <Purse account={player.account} />}
          <SchemeSwitch />
          {player === null && (
            <Button size="sm" onClick={openSignIn}>
              Sign in
            </Button>
          )}
          {player != null && <AccountMenu player={player} />}
        </div>
      </div>
    </header>
  );
}

/** What one has, wherever one is; where the coin is, it says so itself. */
function Purse({ account }: { account: string }) {
  const isPlay = useLocation({ select: ({ pathname }) => pathname === "/" });
  const { data } = useQuery(balancesQuery(account));
  const { data: config } = useQuery(configQuery);
  const coin = data?.find(({ asset }) => asset === "COIN");
  const scale = config?.assets.find(({ code }) => code === "COIN")?.scale;
  if (isPlay || coin === undefined || scale === undefined) return null;
  return <span className={`${classes.purse} num`}>{formatAmount(coin.available, scale)} COIN</span>;
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark", { getInitialValueInEffect: false });
  const next = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      onClick={() => setColorScheme(next)}
      aria-label={`Use the ${next} colours`}
    >
      {scheme === "dark" ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Player } from "../api/types.ts";
import { hasRole } from "../session/session.ts";
import { CashOutIcon, CoinIcon, FeedIcon, RanksIcon, ShieldIcon, WalletIcon } from "../ui/icons.tsx";
import classes from "./nav.module.css";

type Destination = {
  to: "/" | "/cash-out" | "/wallet" | "/feed" | "/leaderboard" | "/admin";
  label: string;
  icon: ReactNode;
};

const DESTINATIONS: readonly Destination[] = [
  { to: "/", label: "Play", icon: <CoinIcon /> },
  { to: "/cash-out", label: "Cash out", icon: <CashOutIcon /> },
  { to: "/wallet", label: "Wallet", icon: <WalletIcon /> },
  { to: "/feed", label: "Feed", icon: <FeedIcon /> },
  { to: "/leaderboard", label: "Ranks", icon: <RanksIcon /> },
];
const ADMIN: Destination = { to: "/admin", label: "Approvals", icon: <ShieldIcon /> };

/** The console is shown to those whom it lets in. */
export function mayAdminister(player: Player | null | undefined): boolean {
  return hasRole(player, "approver", "admin");
}

/** On wide screens, in the header. */
export function TopNav({ player }: { player: Player | null | undefined }) {
  return <Nav className={classes.top ?? ""} destinations={destinationsOf(player)} />;
}

/** On phones, where the thumbs are. */
export function TabBar({ player }: { player: Player | null | undefined }) {
  return <Nav className={classes.tabs ?? ""} destinations={destinationsOf(player)} />;
}

function destinationsOf(player: Player | null | undefined): readonly Destination[] {
  return mayAdminister(player) ? [...DESTINATIONS, ADMIN] : DESTINATIONS;
}

function Nav({ className, destinations }: { className: string; destinations: readonly Destination[] }) {
  return (
    <nav className={className} aria-label="Main">
      {destinations.map(({ to, label, icon }) => (
        <Link
          key={to}
          to={to}
          className={classes.link}
          activeOptions={{ exact: to === "/" }}
          activeProps={{ className: classes.active, "aria-current": "page" }}
        >
          <span className={classes.icon}>{icon}</span>
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}

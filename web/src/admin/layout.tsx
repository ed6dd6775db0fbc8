import { Link, Outlet } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useConfig } from "../api/queries.ts";
import type { Player, Role } from "../api/types.ts";
import { hasRole, isDemo, usePlayer } from "../session/session.ts";
import { SignInFirst } from "../session/sign-in-first.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { EmptyState, LoadingRows } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { hasDemoApprovers } from "./demo-accounts.ts";
import { DemoApprovers, SwitchApprover } from "./demo-approvers.tsx";
import { useLiveConsole } from "./use-live-console.ts";

type Section = {
  to: "/admin" | "/admin/propose" | "/admin/treasury" | "/admin/audit";
  label: string;
  role: Role;
};

const SECTIONS: readonly Section[] = [
  { to: "/admin", label: "Queue", role: "approver" },
  { to: "/admin/propose", label: "Propose", role: "admin" },
  { to: "/admin/treasury", label: "Treasury", role: "admin" },
  { to: "/admin/audit", label: "Audit", role: "admin" },
];

/** Around every page of the console: who may see it, and the way about in it. */
export function ConsoleLayout() {
  const player = usePlayer();
  if (player === undefined) {
    return (
      <Page title="Approvals">
        <div className="panel">
          <LoadingRows />
        </div>
      </Page>
    );
  }
  if (player === null || !hasRole(player, "approver", "admin")) return <NotAllowed player={player} />;
  return <Console player={player} />;
}

function Console({ player }: { player: Player }) {
  const { chains } = useConfig();
  useLiveConsole();
  const sections = SECTIONS.filter(({ to, role }) => to === "/admin" || hasRole(player, role));
  return (
    <>
      <div className={classes.bar}>
        <nav aria-label="Approvals and treasury" className={classes.sections}>
          {sections.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className={classes.section}
              activeOptions={{ exact: to === "/admin", includeSearch: false }}
              activeProps={{ className: classes.sectionActive, "aria-current": "page" }}
            >
              {label}
            </Link>
          ))}
        </nav>
        {hasDemoApprovers(chains) && <SwitchApprover player={player} />}
      </div>
      <Outlet />
    </>
  );
}

/** A player who came here sees why not, and on the local chain the way in. */
function NotAllowed({ player }: { player: Player | null }) {
  const { chains } = useConfig();
  return (
    <Page
      title="Approvals"
      narrow
      lead="Where approvers sign large payouts, and admins look after the treasury."
    >
      {player === null ? (
        <SignInFirst what="see whether you are an approver" />
      ) : (
        <div className="panel">
          <EmptyState title="Your account is not an approver or admin">
            {isDemo(player) ? (
              "A demo session has no wallet, and approvers are known by theirs. Sign in with the wallet of an approver."
            ) : (
              <>
                You are signed in as <span className="mono">{player.address ?? player.account}</span>. Whoever
                runs this server names approvers and admins by address, and this one is not among them.
              </>
            )}
          </EmptyState>
        </div>
      )}
      {hasDemoApprovers(chains) && (
        <Panel title="Demo approvers">
          <DemoApprovers player={player} />
        </Panel>
      )}
    </Page>
  );
}

/** For pages that only some of those inside may see. */
export function NeedsAdmin({ what, children }: { what: string; children: ReactNode }) {
  const player = usePlayer();
  if (hasRole(player, "admin")) return children;
  return (
    <Page title={what} narrow>
      <div className="panel">
        <EmptyState title={`${what} is for admins`}>
          You are an approver: you can look at payouts and sign them, in the queue.
        </EmptyState>
      </div>
    </Page>
  );
}

import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { configQuery } from "../api/queries.ts";
import { useStore } from "../lib/store.ts";
import { useFollowAccount } from "../session/follow-account.ts";
import { usePlayer } from "../session/session.ts";
import { signInDialog } from "../session/sign-in-dialog.ts";
import { Header } from "./header.tsx";
import { LostServer } from "./lost-server.tsx";
import { TabBar } from "./nav.tsx";
import { PagePending } from "./page-pending.tsx";
import classes from "./shell.module.css";

const SignInDialog = lazy(() => import("../session/sign-in.tsx"));

/** What is around every page: the way about, who one is, and whether the server answers. */
export function Shell() {
  const player = usePlayer();
  useFollowAccount(player === undefined ? undefined : (player?.account ?? null));
  const signingIn = useStore(signInDialog);
  useFocusOnNewPage();
  return (
    <div className={classes.shell}>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <Header player={player} />
      <LostServer />
      <main id="content" tabIndex={-1} className={classes.content}>
        <Suspense fallback={<PagePending />}>
          <WithConfig />
        </Suspense>
      </main>
      <TabBar player={player} />
      {signingIn && (
        <Suspense>
          <SignInDialog />
        </Suspense>
      )}
    </div>
  );
}

/** A new page begins at its beginning, for keyboards and screen readers too. */
function useFocusOnNewPage(): void {
  const pathname = useLocation({ select: (location) => location.pathname });
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [pathname]);
}

/** Pages may count on the configuration. */
function WithConfig() {
  useSuspenseQuery(configQuery);
  return <Outlet />;
}

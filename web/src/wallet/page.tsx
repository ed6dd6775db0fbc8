import { Stack } from "@mantine/core";
import type { Player } from "../api/types.ts";
import { isDemo, usePlayer } from "../session/session.ts";
import { SignInFirst } from "../session/sign-in-first.tsx";
import { Copyable } from "../ui/copyable.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { LoadingRows, Note } from "../ui/states.tsx";
import { Balances } from "./balances.tsx";
import { Payouts } from "./payouts.tsx";
import { Statement } from "./statement.tsx";
import { WalletsPanel } from "./wallets-panel.tsx";

export function WalletPage() {
  const player = usePlayer();
  if (player === undefined) {
    return (
      <Page title="Wallet">
        <div className="panel">
          <LoadingRows />
        </div>
      </Page>
    );
  }
  if (player === null) {
    return (
      <Page title="Wallet" narrow>
        <SignInFirst what="see what you have" />
      </Page>
    );
  }
  return <Holdings player={player} />;
}

function Holdings({ player }: { player: Player }) {
  return (
    <Page title="Wallet" lead={<Copyable value={player.account} what="your account" whole />}>
      {isDemo(player) && (
        <Note tone="warn">
          A demo session: it ends with this browser's session, and nothing of it is paid.
        </Note>
      )}
      <Balances account={player.account} />
      <Stack gap="lg">
        <Panel title="Payouts" padded={false}>
          <Payouts account={player.account} />
        </Panel>
        {!isDemo(player) && <WalletsPanel player={player} />}
        <Statement account={player.account} />
      </Stack>
    </Page>
  );
}

import { Button, Menu, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { Player } from "../api/types.ts";
import { shorten } from "../lib/shorten.ts";
import { isDemo, signOut } from "../session/session.ts";
import { openSignIn } from "../session/sign-in-dialog.ts";
import { mayAdminister } from "./nav.tsx";

/** Who one is, and the way out. */
export function AccountMenu({ player }: { player: Player }) {
  const navigate = useNavigate();
  const demo = isDemo(player);
  return (
    <Menu position="bottom-end" width={260} shadow="md">
      <Menu.Target>
        <Button variant="default" size="sm" px="sm" className="num">
          {demo ? "Demo" : shorten(player.address ?? player.account)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {demo ? (
            "A demo session: you play, nothing is paid."
          ) : (
            <Text span size="xs" className="mono">
              {player.address ?? player.account}
              {player.address !== player.account && (
                <Text span size="xs" display="block">
                  of the account {shorten(player.account)}
                </Text>
              )}
            </Text>
          )}
        </Menu.Label>
        {demo && <Menu.Item onClick={openSignIn}>Sign in with a wallet</Menu.Item>}
        <Menu.Item onClick={() => navigate({ to: "/wallet" })}>Wallets and statement</Menu.Item>
        {mayAdminister(player) && (
          <Menu.Item onClick={() => navigate({ to: "/admin" })}>Approvals and treasury</Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut().catch(() => undefined)}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

import { Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { useConfig, walletsQuery } from "../api/queries.ts";
import type { LinkedWallet, Player, Rail } from "../api/types.ts";
import { railWords } from "../chain/rails.ts";
import { payTo, unlink } from "../session/wallets.ts";
import { OnChain } from "../ui/on-chain.tsx";
import { Panel } from "../ui/page.tsx";
import { ErrorState, LoadingRows, Note } from "../ui/states.tsx";
import { Tag } from "../ui/tag.tsx";
import { LinkDialog } from "./link-dialog.tsx";
import { ToyFunds } from "./toy-funds.tsx";
import classes from "./wallets.module.css";

/** The wallets of the account: each signs in as it, and on each chain one of them is paid. */
export function WalletsPanel({ player }: { player: Player }) {
  const { chains } = useConfig();
  const { data, error, refetch } = useQuery(walletsQuery(player.account));
  const [isLinking, setLinking] = useState(false);
  const rails = (["flare", "xrpl"] as const).filter((rail) => chains[rail] !== undefined);
  return (
    <Panel
      title="Wallets"
      padded={false}
      aside={
        <Button variant="default" size="xs" onClick={() => setLinking(true)}>
          Link a wallet…
        </Button>
      }
    >
      <Text size="sm" c="dimmed" px="var(--cc-pad)" pb="xs">
        Each signs in as this account. On each chain you are paid at one of them, unless you name another
        address.
      </Text>
      {data === undefined ? (
        error === null ? (
          <LoadingRows rows={2} />
        ) : (
          <ErrorState what="Your wallets" error={error} onRetry={() => void refetch()} />
        )
      ) : (
        rails.map((rail) => (
          <OnRail
            key={rail}
            rail={rail}
            player={player}
            wallets={data.filter(({ chain }) => chain === rail)}
          />
        ))
      )}
      {isLinking && <LinkDialog player={player} onClose={() => setLinking(false)} />}
    </Panel>
  );
}

const PAYS: Readonly<Record<Rail, string>> = { flare: "FLR", xrpl: "XRP and RLUSD" };

function OnRail(props: { rail: Rail; player: Player; wallets: readonly LinkedWallet[] }) {
  const { rail, player, wallets } = props;
  return (
    <section className={classes.rail} aria-label={`Wallets ${railWords(rail).on}`}>
      <Title order={3}>{railWords(rail).name}</Title>
      {wallets.length === 0 ? (
        <Text size="sm" c="dimmed">
          None yet. To be paid in {PAYS[rail]}, link one, or name an address when you cash out.
        </Text>
      ) : (
        <ul className={classes.list}>
          {wallets.map((wallet) => (
            <WalletRow key={wallet.address} wallet={wallet} player={player} />
          ))}
        </ul>
      )}
    </section>
  );
}

function WalletRow({ wallet, player }: { wallet: LinkedWallet; player: Player }) {
  const { address, chain, isFirst } = wallet;
  const [isLeaving, setLeaving] = useState(false);
  const choose = useMutation({ mutationFn: () => payTo(address) });
  const isSignedIn = address === player.address;
  return (
    <li className={classes.wallet}>
      <span className={classes.address}>
        <OnChain kind="address" value={address} what="wallet's address" whole />
        <span className={classes.marks}>
          {wallet.payTo && <Tag tone="good">You are paid here</Tag>}
          {isSignedIn && <Tag>Signed in</Tag>}
          {isFirst && <Tag>First of the account</Tag>}
        </span>
        <span role="alert">
          {choose.error !== null && (
            <Text span size="sm" c="var(--cc-bad)">
              {sentenceOf(choose.error)}
            </Text>
          )}
        </span>
      </span>
      <Group gap="xs" className={classes.acts}>
        {chain === "xrpl" && <ToyFunds address={address} />}
        {!wallet.payTo && (
          <Button
            variant="default"
            size="xs"
            onClick={() => choose.mutate()}
            loading={choose.isPending}
            aria-label={`Be paid at ${address}`}
          >
            Be paid here
          </Button>
        )}
        {!isFirst && !isSignedIn && (
          <Button
            variant="default"
            size="xs"
            onClick={() => setLeaving(true)}
            aria-label={`Unlink ${address}`}
          >
            Unlink…
          </Button>
        )}
      </Group>
      {isLeaving && <UnlinkDialog wallet={wallet} onClose={() => setLeaving(false)} />}
    </li>
  );
}

function UnlinkDialog({ wallet, onClose }: { wallet: LinkedWallet; onClose: () => void }) {
  const leave = useMutation({ mutationFn: () => unlink(wallet.address), onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title="Unlink this wallet?" size="md">
      <Stack gap="md">
        <Text className="mono">{wallet.address}</Text>
        <Text>
          It no longer signs in as this account, and sessions that it opened end.
          {wallet.payTo && ` You are no longer paid at it ${railWords(wallet.chain).on}.`} What was paid to it
          stays there, and you can link it again.
        </Text>
        <div role="alert">{leave.error !== null && <Note tone="bad">{sentenceOf(leave.error)}</Note>}</div>
        <Group justify="space-between">
          <Button variant="default" onClick={onClose} disabled={leave.isPending} data-autofocus>
            Back
          </Button>
          <Button onClick={() => leave.mutate()} loading={leave.isPending}>
            Unlink
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

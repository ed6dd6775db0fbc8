import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { useConfig } from "../api/queries.ts";
import type { Player, WalletProof } from "../api/types.ts";
import { anyWalletFor } from "../chain/connect.ts";
import { railOf, railWords } from "../chain/rails.ts";
import type { Wallet } from "../chain/wallet.ts";
import type { Challenge } from "../session/session.ts";
import { type WalletChoice, WalletChoices } from "../session/wallet-choices.tsx";
import { askLink, link } from "../session/wallets.ts";
import { ExactText } from "../ui/exact-text.tsx";
import { CheckIcon } from "../ui/icons.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./wallets.module.css";

type Added = { wallet: Wallet; challenge: Challenge };

/** Links another wallet: both sign one message, so that neither can be claimed by somebody else. */
export function LinkDialog({ player, onClose }: { player: Player; onClose: () => void }) {
  const [added, setAdded] = useState<Added | null>(null);
  const choose = useMutation({
    mutationFn: async ({ connect }: WalletChoice): Promise<Added> => {
      const wallet = await connect();
      return { wallet, challenge: await askLink(wallet) };
    },
    onSuccess: setAdded,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={added === null ? "Link a wallet" : "What both wallets sign"}
      size={added === null ? "md" : "lg"}
      closeOnClickOutside={added === null}
    >
      {added === null ? (
        <Stack gap="md">
          <Text>
            It then signs in as this account too, and can be where you are paid. Choose the wallet to add:
          </Text>
          <WalletChoices
            busy={choose.isPending ? choose.variables.id : null}
            onChoose={(choice) => choose.mutate(choice)}
          />
          <div role="alert">
            {choose.error !== null && <Note tone="bad">{sentenceOf(choose.error)}</Note>}
          </div>
        </Stack>
      ) : (
        <SignBoth added={added} player={player} onBack={() => setAdded(null)} onDone={onClose} />
      )}
    </Modal>
  );
}

type Which = "current" | "added";

function SignBoth(props: { added: Added; player: Player; onBack: () => void; onDone: () => void }) {
  const { player } = props;
  const { wallet, challenge } = props.added;
  const config = useConfig();
  const [proofs, setProofs] = useState<Partial<Record<Which, WalletProof>>>({});
  const current = player.address ?? player.account;
  const finish = useMutation({
    mutationFn: (both: Record<Which, WalletProof>) => link(challenge.message, both),
    onSuccess: props.onDone,
  });
  const sign = useMutation({
    mutationFn: async (which: Which) => {
      const signer = which === "added" ? wallet : await anyWalletFor(current, config);
      return { [which]: await signer.prove(challenge.message) };
    },
    onSuccess(proof) {
      const all = { ...proofs, ...proof };
      setProofs(all);
      if (all.current !== undefined && all.added !== undefined) {
        finish.mutate({ current: all.current, added: all.added });
      }
    },
  });
  const isBusy = sign.isPending || finish.isPending;
  const error = sign.error ?? finish.error;
  const rows: { which: Which; title: string; address: string }[] = [
    { which: "current", title: "The wallet that you signed in with", address: current },
    { which: "added", title: `The wallet to add, ${wallet.name}`, address: wallet.address },
  ];
  return (
    <Stack gap="md">
      <Text>Sign this with both, and only if both are yours. It costs nothing and moves nothing.</Text>
      <ExactText text={challenge.message} label="Message to sign" />
      <ol className={classes.signers}>
        {rows.map(({ which, title, address }) => (
          <li key={which}>
            <span className={classes.signer}>
              <Text span fw={620}>
                {title}
              </Text>
              <Text span size="sm" c="dimmed" className="mono">
                {address}
              </Text>
              <Text span size="sm" c="dimmed">
                {railWords(railOf(address)).on}
              </Text>
            </span>
            {proofs[which] === undefined ? (
              <Button
                variant="default"
                size="sm"
                onClick={() => sign.mutate(which)}
                loading={sign.isPending && sign.variables === which}
                disabled={isBusy}
                aria-label={`Sign with ${which === "added" ? "the wallet to add" : "the wallet that you signed in with"}`}
              >
                Sign
              </Button>
            ) : (
              <span className={classes.signed}>
                <CheckIcon size={16} /> Signed
              </span>
            )}
          </li>
        ))}
      </ol>
      <div role="alert">{error !== null && <Note tone="bad">{sentenceOf(error)}</Note>}</div>
      <Group justify="space-between">
        <Button variant="default" onClick={props.onBack} disabled={isBusy}>
          Back
        </Button>
        {proofs.current !== undefined && proofs.added !== undefined && (
          <Button
            loading={finish.isPending}
            onClick={() => {
              if (proofs.current !== undefined && proofs.added !== undefined)
                finish.mutate({ current: proofs.current, added: proofs.added });
            }}
          >
            Link them
          </Button>
        )}
      </Group>
    </Stack>
  );
}

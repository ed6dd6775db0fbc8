import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { useConfig } from "../api/queries.ts";
import type { Player, Rail } from "../api/types.ts";
import { railWords } from "../chain/rails.ts";
import { lastWallet, sameAddress, TOY, type Wallet, XRPL_TOY } from "../chain/wallet.ts";
import { askChallenge, signInWith } from "../session/session.ts";
import { ExactText } from "../ui/exact-text.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { type DemoApprover, demoApprovers, ownToyKey } from "./demo-accounts.ts";

/** On local chains one person can be all approvers, one after another. */
export function SwitchApprover({ player, label }: { player: Player; label?: string }) {
  const [open, setOpen] = useState(false);
  const current = useCurrent(player);
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpen(true)}>
        {label ?? (current === undefined ? "Demo approvers" : `Demo ${nameOf(current)}`)}
      </Button>
      {open && (
        <Modal opened onClose={() => setOpen(false)} title="Be another demo approver" size="md">
          <DemoApprovers player={player} onDone={() => setOpen(false)} />
        </Modal>
      )}
    </>
  );
}

type Choice = DemoApprover | { own: Rail };
type Ready = { wallet: Wallet; message: string };

/** Signs in with one of the public accounts that a local server takes for its approvers. */
export function DemoApprovers({ player, onDone }: { player: Player | null; onDone?: () => void }) {
  const { chains } = useConfig();
  const current = useCurrent(player);
  const [ready, setReady] = useState<Ready | null>(null);
  const choose = useMutation({
    mutationFn: async (who: Choice): Promise<Ready> => {
      const { openDemoApprover, openOwnWallet } = await import("./demo-wallet.ts");
      const wallet = "own" in who ? openOwnWallet(who.own, chains) : openDemoApprover(who, chains);
      return { wallet, message: (await askChallenge(wallet)).message };
    },
    onSuccess: setReady,
  });
  const enter = useMutation({
    mutationFn: async ({ wallet, message }: Ready) => {
      await signInWith(message, await wallet.prove(message));
      lastWallet.set(wallet.chain === "xrpl" ? XRPL_TOY : TOY);
    },
    onSuccess: () => {
      setReady(null);
      onDone?.();
    },
  });
  const failure = choose.error ?? enter.error;
  if (ready !== null) {
    return (
      <Stack gap="md">
        <Text>The toy wallet signs exactly this, which proves who you are and moves nothing:</Text>
        <ExactText text={ready.message} label="Message to sign" />
        <Group justify="space-between">
          <Button variant="default" onClick={() => setReady(null)} disabled={enter.isPending}>
            Back
          </Button>
          <Button onClick={() => enter.mutate(ready)} loading={enter.isPending} data-autofocus>
            Sign and go on
          </Button>
        </Group>
        <Failure error={failure} />
      </Stack>
    );
  }
  const signIn = (who: Choice, label: string): ReactNode => (
    <Button
      variant="default"
      size="sm"
      onClick={() => choose.mutate(who)}
      loading={choose.isPending && choose.variables === who}
      disabled={choose.isPending}
      aria-label={label}
    >
      Sign in
    </Button>
  );
  return (
    <Stack gap="md">
      <Note tone="warn" title="Public toy keys">
        Everybody in the world has the keys of these accounts. A local server takes them for its approvers so
        that one can try the whole way. The one that you choose takes the place of the key in this browser's
        toy wallet, whose own key is kept for your return.
      </Note>
      {(["flare", "xrpl"] as const).map((rail) => {
        const approvers = demoApprovers(chains).filter((approver) => approver.rail === rail);
        if (approvers.length === 0) return null;
        return (
          <section key={rail} aria-label={`Approvers ${railWords(rail).on}`}>
            <Text className="label">
              {railWords(rail).name}
              {rail === "flare" && ", and admins"}
            </Text>
            <ul className={classes.approvers}>
              {approvers.map((approver) => (
                <Row
                  key={approver.address}
                  title={`Approver ${approver.index}`}
                  detail={approver.address}
                  isAddress
                >
                  {approver === current ? (
                    <Text size="sm" c="dimmed">
                      This is you
                    </Text>
                  ) : (
                    signIn(approver, `Sign in as ${nameOf(approver)}`)
                  )}
                </Row>
              ))}
              {current?.rail === rail && ownToyKey.get(rail) !== null && (
                <Row title="Your own toy wallet" detail="As it was before you became an approver">
                  {signIn({ own: rail }, "Sign in as yourself")}
                </Row>
              )}
            </ul>
          </section>
        );
      })}
      <Failure error={failure} />
    </Stack>
  );
}

function Row(props: { title: string; detail: string; isAddress?: boolean; children: ReactNode }) {
  return (
    <li>
      <span>
        <Text fw={620}>{props.title}</Text>
        <Text size="sm" c="dimmed" className={props.isAddress === true ? "mono" : undefined}>
          {props.detail}
        </Text>
      </span>
      {props.children}
    </li>
  );
}

function Failure({ error }: { error: Error | null }) {
  return <div role="alert">{error !== null && <Note tone="bad">{sentenceOf(error)}</Note>}</div>;
}

/** Which of them is signed in. */
function useCurrent(player: Player | null): DemoApprover | undefined {
  const { chains } = useConfig();
  const address = player?.address ?? null;
  if (address === null) return undefined;
  return demoApprovers(chains).find((approver) => sameAddress(approver.address, address));
}

function nameOf({ rail, index }: DemoApprover): string {
  return rail === "xrpl" ? `XRPL approver ${index}` : `approver ${index}`;
}

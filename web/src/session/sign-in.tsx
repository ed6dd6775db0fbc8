import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { useConfig } from "../api/queries.ts";
import { LOCAL_CHAIN_ID, LOCAL_XRPL_NETWORK_ID } from "../chain/networks.ts";
import { lastWallet, type Wallet } from "../chain/wallet.ts";
import { ExactText } from "../ui/exact-text.tsx";
import { CoinIcon } from "../ui/icons.tsx";
import { Note } from "../ui/states.tsx";
import { OtherKey } from "./other-key.tsx";
import { askChallenge, type Challenge, signInAsDemo, signInWith } from "./session.ts";
import { closeSignIn } from "./sign-in-dialog.ts";
import { ToyWarning } from "./toy-warning.tsx";
import { Choice, useHasExtension, type WalletChoice, WalletChoices } from "./wallet-choices.tsx";

type Step = { at: "choose" } | { at: "review"; wallet: Wallet; id: string; challenge: Challenge };

/** Every way in; what a wallet will sign is shown before it is asked. */
export default function SignInDialog() {
  const [step, setStep] = useState<Step>({ at: "choose" });
  const [busy, setBusy] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  async function attempt(what: string, work: () => Promise<void>): Promise<void> {
    setBusy(what);
    setFailure(null);
    try {
      await work();
    } catch (error) {
      setFailure(sentenceOf(error));
    } finally {
      setBusy(null);
    }
  }

  const choose = ({ id, connect }: WalletChoice): Promise<void> =>
    attempt(id, async () => {
      const wallet = await connect();
      setStep({ at: "review", wallet, id, challenge: await askChallenge(wallet) });
    });

  return (
    <Modal opened onClose={closeSignIn} title={step.at === "choose" ? "Sign in" : "What you sign"} size="md">
      <Stack gap="md">
        {step.at === "choose" ? (
          <Choices
            busy={busy}
            onChoose={(choice) => void choose(choice)}
            onDemo={() =>
              attempt("demo", async () => {
                await signInAsDemo();
                closeSignIn();
              })
            }
            onFailure={setFailure}
          />
        ) : (
          <Review
            step={step}
            busy={busy !== null}
            onBack={() => {
              setFailure(null);
              setStep({ at: "choose" });
            }}
            onSign={() =>
              attempt("sign", async () => {
                const { wallet, challenge, id } = step;
                await signInWith(challenge.message, await wallet.prove(challenge.message));
                lastWallet.set(id);
                closeSignIn();
              })
            }
          />
        )}
        <div aria-live="assertive">{failure !== null && <Note tone="bad">{failure}</Note>}</div>
      </Stack>
    </Modal>
  );
}

function Choices(props: {
  busy: string | null;
  onChoose: (choice: WalletChoice) => void;
  onDemo: () => Promise<void>;
  onFailure: (text: string | null) => void;
}) {
  const { busy } = props;
  const { chains } = useConfig();
  const hasExtension = useHasExtension();
  const isLocal =
    chains.flare?.chainId === LOCAL_CHAIN_ID || chains.xrpl?.networkId === LOCAL_XRPL_NETWORK_ID;
  return (
    <>
      <WalletChoices busy={busy} onChoose={props.onChoose}>
        <Choice
          icon={<CoinIcon size={28} />}
          title="Just try"
          text="A demo session without a wallet. You play like everybody else, but nothing is paid."
          busy={busy === "demo"}
          disabled={busy !== null}
          onClick={() => void props.onDemo()}
        />
      </WalletChoices>
      {!hasExtension && (
        <Text size="sm" c="dimmed">
          No wallet extension was found in this browser. Install one, such as MetaMask or Rabby
          {chains.xrpl === undefined ? "" : " for Flare, GemWallet or Crossmark for the XRP Ledger"}, and it
          appears here.
        </Text>
      )}
      {isLocal && <OtherKey onFailure={props.onFailure} />}
    </>
  );
}

function Review(props: {
  step: Extract<Step, { at: "review" }>;
  busy: boolean;
  onBack: () => void;
  onSign: () => Promise<void>;
}) {
  const { wallet, challenge } = props.step;
  return (
    <>
      <Text>
        Signing proves that you hold this address. It costs nothing and moves nothing. {wallet.name} signs
        exactly this:
      </Text>
      <ExactText text={challenge.message} label="Message to sign" />
      {wallet.isToy && <ToyWarning />}
      <Group justify="space-between">
        <Button variant="default" onClick={props.onBack} disabled={props.busy}>
          Back
        </Button>
        <Button onClick={() => void props.onSign()} loading={props.busy} data-autofocus>
          Sign and play
        </Button>
      </Group>
    </>
  );
}

import { Loader, UnstyledButton } from "@mantine/core";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { useConfig } from "../api/queries.ts";
import { announced, connectExtension } from "../chain/extension-wallet.ts";
import { LOCAL_CHAIN_ID, LOCAL_XRPL_NETWORK_ID } from "../chain/networks.ts";
import { TOY, type Wallet, XRPL_TOY } from "../chain/wallet.ts";
import { findXrplExtensions, xrplExtensions } from "../chain/xrpl-extensions.ts";
import { useStore } from "../lib/store.ts";
import { WalletIcon } from "../ui/icons.tsx";
import classes from "./sign-in.module.css";

/** A wallet that can be chosen, by a name that is remembered. */
export type WalletChoice = { id: string; connect: () => Promise<Wallet> };

/** Every wallet that answers in this browser, of both chains; the toys on local chains only. */
export function WalletChoices(props: {
  /** Which one is being asked for its account. */
  busy: string | null;
  onChoose: (choice: WalletChoice) => void;
  /** What else there is to choose. */
  children?: ReactNode;
}) {
  const { busy, onChoose } = props;
  const { chains } = useConfig();
  const flare = chains.flare ?? null;
  const xrpl = chains.xrpl ?? null;
  const evmExtensions = useSyncExternalStore(announced.subscribe, announced.getProviders);
  const found = useStore(xrplExtensions);
  useEffect(() => {
    if (xrpl !== null) void findXrplExtensions();
  }, [xrpl]);
  const option = (
    choice: WalletChoice,
    shown: { icon: ReactNode; title: string; text: string },
  ): ReactNode => (
    <Choice
      key={choice.id}
      {...shown}
      busy={busy === choice.id}
      disabled={busy !== null}
      onClick={() => onChoose(choice)}
    />
  );
  return (
    <ul className={classes.choices}>
      {evmExtensions.map((detail) =>
        option(
          { id: detail.info.rdns, connect: () => connectExtension(detail, flare) },
          {
            icon: <img src={detail.info.icon} alt="" width={28} height={28} />,
            title: detail.info.name,
            text: xrpl === null ? "Payouts go to its address" : "On Flare: payouts in FLR go to its address",
          },
        ),
      )}
      {xrpl !== null &&
        found.map(({ id, name, connect }) =>
          option(
            { id, connect },
            {
              icon: <WalletIcon size={28} />,
              title: name,
              text: "On the XRP Ledger: payouts in XRP and RLUSD go to its address",
            },
          ),
        )}
      {flare?.chainId === LOCAL_CHAIN_ID &&
        option(
          { id: TOY, connect: async () => (await import("../chain/toy-wallet.ts")).openToyWallet(flare) },
          {
            icon: <WalletIcon size={28} />,
            title: "Toy wallet",
            text: "Made in this browser, for the local Flare chain. Its key lies here unprotected: never send it anything of value.",
          },
        )}
      {xrpl?.networkId === LOCAL_XRPL_NETWORK_ID &&
        option(
          {
            id: XRPL_TOY,
            connect: async () => (await import("../chain/xrpl-toy-wallet.ts")).openXrplToyWallet(xrpl),
          },
          {
            icon: <WalletIcon size={28} />,
            title: "Toy XRPL wallet",
            text: "The same for the local XRP Ledger: a toy whose seed lies in this browser.",
          },
        )}
      {props.children}
    </ul>
  );
}

export function Choice(props: {
  icon: ReactNode;
  title: string;
  text: string;
  busy: boolean;
  disabled: boolean;
  onClick: () => void;
}) {
  return (
    <li>
      <UnstyledButton className={classes.choice} onClick={props.onClick} disabled={props.disabled}>
        <span className={classes.icon}>{props.busy ? <Loader size={24} /> : props.icon}</span>
        <span>
          <span className={classes.title}>{props.title}</span>
          <span className={classes.text}>{props.text}</span>
        </span>
      </UnstyledButton>
    </li>
  );
}

/** Whether any extension was found, of either chain. */
export function useHasExtension(): boolean {
  const evmExtensions = useSyncExternalStore(announced.subscribe, announced.getProviders);
  return useStore(xrplExtensions).length + evmExtensions.length > 0;
}

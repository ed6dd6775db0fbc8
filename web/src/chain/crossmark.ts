import { hexOf } from "../lib/hex.ts";
import { exchange } from "./page-messages.ts";
import { type Wallet, WalletRefused } from "./wallet.ts";

/*
 * Crossmark's extension marks the page (`window.xrpl.isCrossmark`) and answers messages to its window, as its SDK asks
 * them. A sign-in with `hex` also signs those bytes.
 */
const NAME = "Crossmark";

type SignedIn = {
  address?: string;
  publicKey?: string;
  signature?: string;
  meta?: { isRejected?: boolean; isError?: boolean; isExpired?: boolean };
};

export function isCrossmarkHere(): boolean {
  return (window as { xrpl?: { isCrossmark?: boolean } }).xrpl?.isCrossmark === true;
}

/** Asks its owner for the account; throws `WalletRefused` when they decline. */
export async function connectCrossmark(): Promise<Wallet> {
  const { address } = await signIn();
  if (address === undefined)
    throw new WalletRefused(`${NAME} gave no account. Choose one there and try again.`);
  return {
    name: NAME,
    chain: "xrpl",
    address,
    isToy: false,
    async prove(message) {
      const signed = await signIn(hexOf(message));
      if (signed.address !== undefined && signed.address !== address) {
        throw new WalletRefused(
          `${NAME} is at ${signed.address} now, but this needs ${address}. Choose that account there and try again.`,
        );
      }
      if (signed.signature === undefined || signed.publicKey === undefined) {
        throw new WalletRefused(`${NAME} gave no signature.`);
      }
      return { signature: signed.signature, publicKey: signed.publicKey };
    },
  };
}

async function signIn(hex?: string): Promise<SignedIn> {
  const id = crypto.randomUUID();
  const tx = { TransactionType: "SignIn" };
  const signed = await exchange<SignedIn>({
    send: { type: "request", id, command: "sign", data: hex === undefined ? { tx } : { tx, hex } },
    read({ response }) {
      const { type, id: of, data } = (response ?? {}) as { type?: string; id?: string; data?: SignedIn };
      return type === "response" && of === id ? (data ?? {}) : undefined;
    },
    timeoutMs: null,
  });
  if (signed?.meta?.isRejected === true) {
    throw new WalletRefused(`You declined in ${NAME}. Nothing was signed.`);
  }
  if (signed?.meta?.isError === true || signed?.meta?.isExpired === true) {
    throw new WalletRefused(`${NAME} did not sign. Open it, and try again.`);
  }
  return signed ?? {};
}

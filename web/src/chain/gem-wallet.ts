import { exchange } from "./page-messages.ts";
import { type Wallet, WalletRefused } from "./wallet.ts";

/*
 * GemWallet's extension answers messages to the page's window (@gemwallet/api 3, "Execute requests"). What it signs is
 * the UTF-8 bytes of the message. `messagedId` in its answers is how it writes that name.
 */
const APP = "gem-wallet";
const NAME = "GemWallet";
const ANSWERS_WITHIN_MS = 1_000;

let lastId = 0;

type Answer = {
  isInstalled?: boolean;
  result?: Record<string, unknown> | null;
  error?: { message?: string } | null;
};

function ask(type: string, payload: object | undefined, timeoutMs: number | null): Promise<Answer | null> {
  lastId += 1;
  const messageId = Date.now() + lastId / 1_000;
  return exchange<Answer>({
    send: { app: APP, source: "GEM_WALLET_MSG_REQUEST", type, messageId, ...(payload && { payload }) },
    read: (data) =>
      data.source === "GEM_WALLET_MSG_RESPONSE" && data.messagedId === messageId
        ? (data as Answer)
        : undefined,
    timeoutMs,
  });
}

export async function isGemWalletHere(): Promise<boolean> {
  const answer = await ask("REQUEST_IS_INSTALLED/V3", undefined, ANSWERS_WITHIN_MS);
  return answer?.isInstalled === true;
}

/** Asks its owner for the account; throws `WalletRefused` when they decline. */
export async function connectGemWallet(): Promise<Wallet> {
  const { address, publicKey } = await request<{ address: string; publicKey: string }>(
    "REQUEST_GET_PUBLIC_KEY/V3",
    {},
  );
  return {
    name: NAME,
    chain: "xrpl",
    address,
    isToy: false,
    async prove(message) {
      const { signedMessage } = await request<{ signedMessage: string }>("REQUEST_SIGN_MESSAGE/V3", {
        message,
        isHex: false,
      });
      return { signature: signedMessage, publicKey };
    },
  };
}

async function request<T>(type: string, more: Record<string, unknown>): Promise<T> {
  const asker = { url: location.origin, title: document.title, favicon: `${location.origin}/favicon.svg` };
  const answer = await ask(type, { ...asker, ...more }, null);
  if (answer?.error != null) {
    throw new WalletRefused(`${NAME} refused: ${answer.error.message ?? "no reason given"}`);
  }
  if (answer?.result == null) throw new WalletRefused(`You declined in ${NAME}. Nothing was signed.`);
  return answer.result as T;
}

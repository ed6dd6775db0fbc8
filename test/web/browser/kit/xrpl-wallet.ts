import type { BrowserContext } from "playwright-core";
import { sign } from "ripple-keypairs";
import { Wallet } from "xrpl";

export type InjectedXrplWallet = {
  readonly address: string;
  /** Every text that it signed. */
  readonly signed: readonly string[];
  /** Its owner says no to the next request. */
  declineNext(): void;
};

/** What the page's side of the fake asks its owner: who they are, or for a signature over the bytes of `hex`. */
type Answer = { declined: true } | { address: string; publicKey: string; signature?: string };

/**
 * An extension of the XRP Ledger as a page sees one: its script answers messages to the page's window, in the words of
 * GemWallet (@gemwallet/api 3) or Crossmark (@crossmarkio/sdk), and keeps its key elsewhere.
 */
export async function injectXrplWallet(
  context: BrowserContext,
  { kind, seed }: { kind: "gem" | "crossmark"; seed: string },
): Promise<InjectedXrplWallet> {
  const wallet = Wallet.fromSeed(seed);
  const signed: string[] = [];
  let declines = 0;
  await context.exposeFunction("askXrplOwner", (hex: string | null): Answer => {
    if (declines > 0) {
      declines -= 1;
      return { declined: true };
    }
    const { address, publicKey, privateKey } = wallet;
    if (hex === null) return { address, publicKey };
    signed.push(Buffer.from(hex, "hex").toString("utf8"));
    return { address, publicKey, signature: sign(hex, privateKey) };
  });
  await context.addInitScript(kind === "gem" ? GEM : CROSSMARK);
  return {
    address: wallet.address,
    signed,
    declineNext: () => {
      declines += 1;
    },
  };
}

const GEM = `addEventListener("message", async ({ source, data }) => {
  if (source !== window || data?.app !== "gem-wallet" || data.source !== "GEM_WALLET_MSG_REQUEST") return;
  const hexOf = (text) => [...new TextEncoder().encode(text)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const answer = async () => {
    switch (data.type) {
      case "REQUEST_IS_INSTALLED/V3":
        return { isInstalled: true };
      case "REQUEST_GET_PUBLIC_KEY/V3": {
        const { declined, address, publicKey } = await window.askXrplOwner(null);
        return { result: declined ? null : { address, publicKey } };
      }
      case "REQUEST_SIGN_MESSAGE/V3": {
        const { message, isHex } = data.payload;
        const { declined, signature } = await window.askXrplOwner(isHex ? message : hexOf(message));
        return { result: declined ? null : { signedMessage: signature } };
      }
    }
  };
  const said = await answer();
  postMessage({ source: "GEM_WALLET_MSG_RESPONSE", messagedId: data.messageId, ...said }, location.origin);
});`;

const CROSSMARK = `window.xrpl = { isCrossmark: true };
addEventListener("message", async ({ source, data }) => {
  if (source !== window || data?.type !== "request" || data.command !== "sign") return;
  if (data.data.tx.TransactionType !== "SignIn") return;
  const { declined = false, ...said } = await window.askXrplOwner(data.data.hex ?? null);
  const meta = { isRejected: declined, isError: false, isExpired: false, isSigned: !declined };
  const response = { type: "response", id: data.id, data: declined ? { meta } : { ...said, meta } };
  postMessage({ request: data, response, createdAt: 1, resolvedAt: 2 }, location.origin);
});`;

import { messageFormat } from "./message-format.ts";
import type { ReadMessage } from "./message-parts.ts";
import {
  type ChainIdentity,
  chainNameOf,
  type Identity,
  type IssuedMessage,
  MESSAGE_VERSION,
  newMessageParts,
} from "./sign-in-message.ts";
import type { WalletAddress } from "./wallet-address.ts";

const STATEMENT =
  "Sign with both wallets, and only if both are yours: from then on either signs in as this account, and is paid as it. This costs nothing and moves no funds.";

/** Not like a sign-in on purpose: neither can be read as the other. Wallets are named by CAIP-10. */
const linkMessage = messageFormat(`{domain} wants you to link a wallet to the CoinClicker account:
{account}

{statement}

Signed in with: {current}
Wallet to add: {added}

URI: {uri}
Version: {version}
Nonce: {nonce}
Issued At: {issuedAt}
Expiration Time: {expirationTime}`);

/** A wallet and the chain that it is of. */
export type WalletOn = { address: WalletAddress; ours: ChainIdentity };

/** A new message that both wallets sign: the one that is signed in and the one that is added to the account. */
export function issueLink(
  link: { account: string; current: WalletOn; added: WalletOn },
  issuedAt: Date,
  lifetimeSeconds: number,
): IssuedMessage {
  const parts = newMessageParts(issuedAt, lifetimeSeconds);
  const message = linkMessage.write({
    domain: link.added.ours.domain,
    account: link.account,
    statement: STATEMENT,
    current: walletName(link.current),
    added: walletName(link.added),
    uri: link.added.ours.uri,
    version: MESSAGE_VERSION,
    nonce: parts.nonce,
    issuedAt: issuedAt.toISOString(),
    expirationTime: parts.expiresAt.toISOString(),
  });
  return { ...parts, message };
}

/** What a message must say about us. */
export function oursInLink({ domain, uri }: Identity): Record<string, string> {
  return { domain, uri, version: MESSAGE_VERSION };
}

export function readLink(text: string): ReadMessage | null {
  const fields = linkMessage.read(text);
  return fields === null ? null : { nonce: fields.nonce, fields };
}

function walletName({ address, ours }: WalletOn): string {
  return `${chainNameOf(ours)}:${address}`;
}

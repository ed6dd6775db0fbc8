import { randomBytes } from "node:crypto";
import { SiweMessage } from "siwe";
import type { Config } from "../../config.ts";
import { chainNotConfigured } from "./errors.ts";
import { messageFormat } from "./message-format.ts";
import type { ReadMessage } from "./message-parts.ts";
import type { Chain, WalletAddress } from "./wallet-address.ts";

/** What our messages say about us; a wallet shows it, and some warn when the page's own origin is another. */
export type Identity = {
  domain: string;
  uri: string;
  /** EIP-155's chain id and the XRP Ledger's network id; null where that is not configured. */
  networkIds: { flare: number; xrpl: number | null };
};

/** What a message for one chain says about us. */
export type ChainIdentity = { domain: string; uri: string; chain: Chain; networkId: number };

const STATEMENT = "Sign in to CoinClicker. This costs nothing and moves no funds.";
export const MESSAGE_VERSION = "1";

/** CAIP-122 as EIP-4361 spells it; wallets of the XRP Ledger know no such message, so they show it as it is. */
const xrplMessage = messageFormat(`{domain} wants you to sign in with your XRP Ledger account:
{address}

{statement}

URI: {uri}
Version: {version}
Chain ID: {chainId}
Nonce: {nonce}
Issued At: {issuedAt}
Expiration Time: {expirationTime}`);

export function identityOf(
  config: Pick<Config, "publicUrl" | "flare">,
  xrplNetworkId: number | null,
): Identity {
  const { publicUrl, flare } = config;
  return {
    domain: publicUrl.host,
    uri: publicUrl.origin,
    networkIds: { flare: flare.chainId, xrpl: xrplNetworkId },
  };
}

/** Throws `chain_not_configured`. */
export function identityOn({ domain, uri, networkIds }: Identity, chain: Chain): ChainIdentity {
  const networkId = networkIds[chain];
  if (networkId === null) throw chainNotConfigured(chain);
  return { domain, uri, chain, networkId };
}

/** How our own formats name a chain (CAIP-2; the network id is the XRP Ledger's reference). */
export function chainNameOf({ chain, networkId }: ChainIdentity): string {
  return `${chain === "flare" ? "eip155" : "xrpl"}:${networkId}`;
}

export type IssuedMessage = {
  nonce: string;
  message: string;
  issuedAt: Date;
  expiresAt: Date;
};

/** What every message that is given out has: a nonce of 128 random bits, and its time. */
export function newMessageParts(issuedAt: Date, lifetimeSeconds: number): Omit<IssuedMessage, "message"> {
  return {
    nonce: randomBytes(16).toString("hex"),
    issuedAt,
    expiresAt: new Date(issuedAt.getTime() + lifetimeSeconds * 1_000),
  };
}

/** A new message for one address to sign in with: EIP-4361, or its like for the XRP Ledger. */
export function issueSignIn(
  ours: ChainIdentity,
  address: WalletAddress,
  issuedAt: Date,
  lifetimeSeconds: number,
): IssuedMessage {
  const parts = newMessageParts(issuedAt, lifetimeSeconds);
  const said = {
    domain: ours.domain,
    address,
    statement: STATEMENT,
    uri: ours.uri,
    version: MESSAGE_VERSION,
    nonce: parts.nonce,
    issuedAt: issuedAt.toISOString(),
    expirationTime: parts.expiresAt.toISOString(),
  };
  const message =
    ours.chain === "flare"
      ? new SiweMessage({ ...said, chainId: ours.networkId }).prepareMessage()
      : xrplMessage.write({ ...said, chainId: chainNameOf(ours) });
  return { ...parts, message };
}

export type SignInMessage = ReadMessage & { chain: Chain };

/** Reads a message by the grammar of either chain; null when it is none. An EVM address without its checksum is none. */
export function readSignIn(text: string): SignInMessage | null {
  const xrpl = xrplMessage.read(text);
  if (xrpl !== null) return { chain: "xrpl", nonce: xrpl.nonce, fields: xrpl };
  try {
    const siwe = new SiweMessage(text);
    return { chain: "flare", nonce: siwe.nonce, fields: siweFields(siwe) };
  } catch {
    return null;
  }
}

/** What a message must say about us. siwe checks neither uri nor chain id, and lets an empty domain pass. */
export function oursInSignIn(ours: ChainIdentity): Record<string, string | number> {
  const chainId = ours.chain === "flare" ? ours.networkId : chainNameOf(ours);
  return { domain: ours.domain, uri: ours.uri, chainId, version: MESSAGE_VERSION };
}

function siweFields(message: SiweMessage): Record<string, unknown> {
  const { domain, uri, chainId, version, scheme, address, statement, nonce } = message;
  const { issuedAt, expirationTime, notBefore, requestId, resources } = message;
  const said = { domain, uri, chainId, version, scheme, address, statement, nonce };
  return { ...said, issuedAt, expirationTime, notBefore, requestId, resources };
}

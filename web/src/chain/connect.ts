import type { ClientConfig } from "../api/types.ts";
import { LOCAL_CHAIN_ID, LOCAL_XRPL_NETWORK_ID } from "./networks.ts";
import { railOf } from "./rails.ts";
import { hasToy, TOY_KEY, XRPL_TOY_SEED } from "./toy-keys.ts";
import { type EvmWallet, lastWallet, sameAddress, type Wallet, WalletRefused } from "./wallet.ts";

/** The wallet that holds `address`, of whichever chain it is. */
export function anyWalletFor(address: string, config: ClientConfig): Promise<Wallet> {
  return railOf(address) === "xrpl" ? xrplWalletFor(address, config) : walletFor(address, config);
}

/**
 * The EVM wallet that holds `address`: the toy if it has it, else the extension that signed in last, else any other.
 * Throws `WalletRefused` with what to do when none has it. Loads what it needs when it is called.
 */
export async function walletFor(address: string, config: ClientConfig): Promise<EvmWallet> {
  const chain = config.chains.flare ?? null;
  let toy: EvmWallet | null = null;
  if (chain?.chainId === LOCAL_CHAIN_ID && hasToy(TOY_KEY)) {
    toy = (await import("./toy-wallet.ts")).openToyWallet(chain);
    if (sameAddress(toy.address, address)) return toy;
  }
  const { announced, connectExtension } = await import("./extension-wallet.ts");
  const extensions = announced.getProviders().map((detail) => ({
    id: detail.info.rdns,
    connect: () => connectExtension(detail, chain),
  }));
  return holderOf(address, extensions, toy);
}

async function xrplWalletFor(address: string, config: ClientConfig): Promise<Wallet> {
  const network = config.chains.xrpl;
  let toy: Wallet | null = null;
  if (network?.networkId === LOCAL_XRPL_NETWORK_ID && hasToy(XRPL_TOY_SEED)) {
    toy = (await import("./xrpl-toy-wallet.ts")).openXrplToyWallet(network);
    if (toy.address === address) return toy;
  }
  const { findXrplExtensions, xrplExtensions } = await import("./xrpl-extensions.ts");
  await findXrplExtensions();
  return holderOf(address, xrplExtensions.get(), toy);
}

/** An extension asks its owner, so the one that was used last comes first. */
async function holderOf<W extends Wallet>(
  address: string,
  extensions: readonly { id: string; connect: () => Promise<W> }[],
  toy: W | null,
): Promise<W> {
  const preferred = extensions.filter(({ id }) => id === lastWallet.get());
  const others = extensions.filter((extension) => !preferred.includes(extension));
  let other: Wallet | null = toy;
  for (const { connect } of [...preferred, ...others]) {
    const wallet = await connect();
    if (sameAddress(wallet.address, address)) return wallet;
    other = wallet;
  }
  throw new WalletRefused(
    other === null
      ? `No wallet here holds ${address}. Open this page in the browser that has it.`
      : `${other.name} is at ${other.address}, but this needs ${address}. Choose that account in your wallet and try again.`,
  );
}

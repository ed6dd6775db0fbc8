import { type EvmAddress, parseEvmAddress } from "../../platform/evm-address.ts";
import { parseXrplAddress, type XrplAddress } from "../../platform/xrpl/address.ts";

/** The chains whose wallets sign in. */
export type Chain = "flare" | "xrpl";

/** A wallet's address in the one form that is stored and compared: EIP-55 checksummed, or classic. */
export type WalletAddress = EvmAddress | XrplAddress;

export function isEvmAddress(address: WalletAddress): address is EvmAddress {
  return address.startsWith("0x");
}

export function chainOf(address: WalletAddress): Chain {
  return isEvmAddress(address) ? "flare" : "xrpl";
}

/** Reads a wallet's address; without a chain, one of whichever chain it looks like. `field` names it in refusals. */
export function parseWalletAddress(
  text: string,
  options: { chain?: Chain; field?: string } = {},
): WalletAddress {
  const { chain = text.startsWith("0x") ? "flare" : "xrpl", field } = options;
  return chain === "flare" ? parseEvmAddress(text, field) : parseXrplAddress(text, field);
}

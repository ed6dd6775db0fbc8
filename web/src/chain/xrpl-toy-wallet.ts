import { sign } from "ripple-keypairs";
import { hexOf } from "../lib/hex.ts";
import { LOCAL_XRPL_NETWORK_ID } from "./networks.ts";
import { WalletRefused, type XrplNetwork, type XrplToyWallet } from "./wallet.ts";
import { readToyKey } from "./xrpl-toy-seed.ts";

/** A throwaway wallet for the local XRP Ledger; it refuses to work anywhere else. */
export function openXrplToyWallet({ networkId }: Pick<XrplNetwork, "networkId">): XrplToyWallet {
  if (networkId !== LOCAL_XRPL_NETWORK_ID) {
    throw new WalletRefused("The toy wallet works on the local XRP Ledger only.");
  }
  const key = readToyKey();
  return {
    name: "Toy XRPL wallet",
    chain: "xrpl",
    address: key.address,
    isToy: true,
    prove: async (message) => ({
      signature: sign(hexOf(message), key.privateKey),
      publicKey: key.publicKey,
    }),
    async signShare(transaction) {
      const { shareOf } = await import("./xrpl-transactions.ts");
      return shareOf(transaction, key);
    },
  };
}

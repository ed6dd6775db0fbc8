import { Text } from "@mantine/core";
import { useConfig } from "../api/queries.ts";
import { LOCAL_CHAIN_ID } from "../chain/networks.ts";
import { lastWallet } from "../chain/wallet.ts";

/** Says where a toy wallet's gas comes from; a page that moves money has no secrets of this kind. */
export function ToyGasNote() {
  const { chains } = useConfig();
  if (chains.flare?.chainId !== LOCAL_CHAIN_ID || lastWallet.get() !== "toy") return null;
  return (
    <Text size="sm" c="dimmed" mb="sm">
      Where your toy wallet has no coins for the gas, this page asks the local node to give it one FLR. That
      works on this chain only.
    </Text>
  );
}

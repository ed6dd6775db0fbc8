import { type EvmAddress, parseEvmAddress } from "../../platform/evm-address.ts";
import { payeeIsVault, reservedAddress } from "./errors.ts";

/**
 * What chains keep for precompiles and system contracts: the first 65,536 addresses (Ethereum's precompiles and the
 * burn address 0x…dEaD), the same under 01, 02 and 03 (Avalanche's EVM, which Flare's grew from) and under 10
 * (Flare's genesis contracts). Nobody holds a key to them, so money sent there is gone.
 */
const RESERVED = /^0x(?:00|01|02|03|10)0{34}[0-9a-f]{4}$/;

/** A payee's address as it is stored; refuses what can never be meant. */
export function parsePayee(text: string, vaultAddress: string | null): EvmAddress {
  const address = parseEvmAddress(text, "to");
  if (address === vaultAddress) throw payeeIsVault(address);
  if (RESERVED.test(address.toLowerCase())) throw reservedAddress(address);
  return address;
}

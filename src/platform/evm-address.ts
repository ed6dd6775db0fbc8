import { getAddress, ZeroAddress } from "ethers";
import { Type } from "typebox";
import { AppError } from "./errors.ts";

/** An EVM address with its EIP-55 checksum: the only form that is stored, compared or shown. */
export type EvmAddress = `0x${string}`;

export const AddressSchema = Type.String({
  pattern: "^0x[0-9a-fA-F]{40}$",
  description: "An EVM address; a mixed-case one must carry a correct EIP-55 checksum.",
  examples: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
});

/** Normalises an address to its checksummed form; refuses malformed ones, wrong checksums and the zero address. */
export function parseEvmAddress(text: string, field = "address"): EvmAddress {
  let address: string;
  try {
    // ICAP addresses pass getAddress too, so the shape is checked first.
    if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new TypeError("shape");
    address = getAddress(text);
  } catch (cause) {
    throw new AppError(
      "invalid",
      "invalid_address",
      `${field} must be 0x and 40 hex digits, in one case or with a correct EIP-55 checksum`,
      { details: { [field]: text.slice(0, 80) }, cause },
    );
  }
  if (address === ZeroAddress) {
    throw new AppError("invalid", "zero_address", `${field} must not be the zero address`, {
      details: { [field]: text },
    });
  }
  return address as EvmAddress;
}

import { TypedDataEncoder } from "ethers";
import type { TypedData } from "../api/types.ts";

/** What the vault hashes and signatures cover. */
export function digestOf({ domain, types, message }: TypedData): string {
  // ethers derives the domain's type itself and refuses to be told.
  const { EIP712Domain: _domain, ...own } = types;
  return TypedDataEncoder.hash(domain, own, message);
}

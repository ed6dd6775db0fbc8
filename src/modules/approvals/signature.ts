import { recoverAddress } from "ethers";
import type { EvmAddress } from "../../platform/evm-address.ts";

/** secp256k1's order n, halved: EIP-2 allows s up to here, so that no second signature can be made from a first. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = HALF_ORDER * 2n + 1n;

/** A key's signature as the vault takes it, or what is wrong with it. */
export type KeySignature = { ok: true; signature: string } | { ok: false; fault: string };

/**
 * Reads a 65-byte signature r, s, v. Some wallets write v as 0 or 1; the vault's `ecrecover` wants 27 or 28, so that is
 * what comes back. A high s is refused, not turned: only the signature that the key made is kept.
 */
export function readKeySignature(hex: string): KeySignature {
  const text = hex.toLowerCase();
  if (!/^0x[0-9a-f]{130}$/.test(text)) {
    return { ok: false, fault: "it must be 0x and 130 hex digits (r, s and v: 65 bytes)" };
  }
  const r = BigInt(text.slice(0, 66));
  const s = BigInt(`0x${text.slice(66, 130)}`);
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) {
    return { ok: false, fault: "r and s must be between 1 and the curve's order" };
  }
  if (s > HALF_ORDER) return { ok: false, fault: "s must be in the lower half of the curve's order (EIP-2)" };
  const v = text.slice(130);
  if (v === "1b" || v === "1c") return { ok: true, signature: text };
  if (v === "00" || v === "01")
    return { ok: true, signature: `${text.slice(0, 130)}${v === "00" ? "1b" : "1c"}` };
  return { ok: false, fault: "v must be 27 or 28 (or 0 or 1)" };
}

/** Whose key made a well-formed signature over `digest`; null when r is on no point of the curve. */
export function signerOf(digest: string, signature: string): EvmAddress | null {
  try {
    return recoverAddress(digest, signature) as EvmAddress;
  } catch {
    return null;
  }
}

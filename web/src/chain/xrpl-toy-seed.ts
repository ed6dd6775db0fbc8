import { deriveAddress, deriveKeypair, generateSeed } from "ripple-keypairs";
import { XRPL_TOY_SEED } from "./toy-keys.ts";
import { WalletRefused } from "./wallet.ts";

export type XrplKey = { address: string; publicKey: string; privateKey: string };

/** A seed as people write it (s…, sEd…); throws when it is none. */
export function keyOfSeed(seed: string): XrplKey {
  try {
    const { publicKey, privateKey } = deriveKeypair(seed);
    return { address: deriveAddress(publicKey), publicKey, privateKey };
  } catch (error) {
    throw new WalletRefused(
      "This is no seed of the XRP Ledger: one begins with s and has a checksum.",
      error,
    );
  }
}

/** The one that is there, or a new one. */
export function readToyKey(): XrplKey {
  const stored = localStorage.getItem(XRPL_TOY_SEED);
  if (stored !== null) {
    try {
      return keyOfSeed(stored);
    } catch {
      // Something else lies there; a new one takes its place.
    }
  }
  const made = generateSeed({ algorithm: "ed25519" });
  localStorage.setItem(XRPL_TOY_SEED, made);
  return keyOfSeed(made);
}

/** Takes another seed, such as one that `npm start` prints, and gives the one that was there. */
export function replaceToySeed(text: string): string | null {
  const seed = text.trim();
  keyOfSeed(seed);
  const before = localStorage.getItem(XRPL_TOY_SEED);
  localStorage.setItem(XRPL_TOY_SEED, seed);
  return before;
}

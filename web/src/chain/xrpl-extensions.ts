import { createStore } from "../lib/store.ts";
import { connectCrossmark, isCrossmarkHere } from "./crossmark.ts";
import { connectGemWallet, isGemWalletHere } from "./gem-wallet.ts";
import type { Wallet } from "./wallet.ts";

export type XrplExtension = { id: string; name: string; connect: () => Promise<Wallet> };

const GEM: XrplExtension = { id: "gem-wallet", name: "GemWallet", connect: connectGemWallet };
const CROSSMARK: XrplExtension = { id: "crossmark", name: "Crossmark", connect: connectCrossmark };

/** A script of an extension may come into the page after ours. */
const LOOK_AGAIN_MS = [0, 500, 1_500];

/** Extensions of the XRP Ledger that are in this browser; nothing announces them, so they are looked for. */
export const xrplExtensions = createStore<readonly XrplExtension[]>([]);

let looking: Promise<void> | null = null;

/** Looks for them, once. */
export function findXrplExtensions(): Promise<void> {
  looking ??= look();
  return looking;
}

async function look(): Promise<void> {
  for (const waitMs of LOOK_AGAIN_MS) {
    await new Promise((done) => setTimeout(done, waitMs));
    const found = [...((await isGemWalletHere()) ? [GEM] : []), ...(isCrossmarkHere() ? [CROSSMARK] : [])];
    if (found.length > xrplExtensions.get().length) xrplExtensions.set(found);
  }
}

import type { Rail } from "../api/types.ts";

/** What is said of a way out for money: every one has these parts, by other names. */
export type RailWords = {
  name: string;
  /** As a place: "on Flare". */
  on: string;
  /** Where the money lies. */
  vault: string;
  block: string;
  blocks: string;
  /** What the chain itself runs on, and takes as fees. */
  coin: string;
};

const WORDS: Readonly<Record<Rail, RailWords>> = {
  flare: {
    name: "Flare",
    on: "on Flare",
    vault: "vault",
    block: "block",
    blocks: "blocks",
    coin: "FLR",
  },
  xrpl: {
    name: "XRP Ledger",
    on: "on the XRP Ledger",
    vault: "treasury account",
    block: "ledger",
    blocks: "ledgers",
    coin: "XRP",
  },
};

export function railWords(rail: string): RailWords {
  return rail === "xrpl"
    ? WORDS.xrpl
    : rail === "flare"
      ? WORDS.flare
      : { ...WORDS.flare, name: rail, on: `on ${rail}` };
}

/** The rail on which an asset is paid. */
export function railOfAsset(code: string): Rail {
  return code === "XRP" || code === "RLUSD" ? "xrpl" : "flare";
}

/** The chain that an address, or a transaction's hash, is of; their shapes tell it. */
export function railOf(value: string): Rail {
  return value.startsWith("0x") ? "flare" : "xrpl";
}

/** An address of the XRP Ledger and its destination tag, which stand together as `r…:tag`. */
export function splitTag(payee: string): { address: string; tag: string | null } {
  const [address = "", tag = null] = payee.split(":");
  return { address, tag };
}

/** The same the other way. */
export function joinTag(address: string, tag: number | undefined): string {
  return tag === undefined ? address : `${address}:${tag}`;
}

import { computeAddress, HDNodeWallet } from "ethers";
import type { ClientConfig, Rail } from "../api/types.ts";
import { openToyWallet, replaceToyKey } from "../chain/toy-wallet.ts";
import { type Wallet, WalletRefused } from "../chain/wallet.ts";
import { keyOfSeed, replaceToySeed } from "../chain/xrpl-toy-seed.ts";
import { openXrplToyWallet } from "../chain/xrpl-toy-wallet.ts";
import { type DemoApprover, FLARE_APPROVERS, ownToyKey, XRPL_APPROVERS } from "./demo-accounts.ts";

/** Known to everybody; the local chain gives its accounts coins that are worth nothing. */
const HARDHAT_MNEMONIC = "test test test test test test test test test test test junk";

type Chains = ClientConfig["chains"];

/** One of the public accounts as the toy wallet, which works on local chains only. The player's own key is kept. */
export function openDemoApprover({ rail, index }: DemoApprover, chains: Chains): Wallet {
  takeKey(rail, rail === "xrpl" ? seedOf(index) : hardhatKey(index));
  return openToy(rail, chains);
}

/** Gives the toy wallet the key back that it had before it was an approver's. */
export function openOwnWallet(rail: Rail, chains: Chains): Wallet {
  const key = ownToyKey.get(rail);
  if (key === null) throw new WalletRefused("This browser's toy wallet had no key of its own.");
  takeKey(rail, key);
  return openToy(rail, chains);
}

function takeKey(rail: Rail, key: string): void {
  const before = rail === "xrpl" ? replaceToySeed(key) : replaceToyKey(key);
  if (before !== null && !isDemoApprover(rail, before)) ownToyKey.set(rail, before);
}

function openToy(rail: Rail, { flare, xrpl }: Chains): Wallet {
  if (rail === "xrpl" && xrpl !== undefined) return openXrplToyWallet(xrpl);
  if (rail === "flare" && flare !== undefined) return openToyWallet(flare);
  throw new WalletRefused("The server names no such chain.");
}

function hardhatKey(index: number): string {
  return HDNodeWallet.fromPhrase(HARDHAT_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`).privateKey;
}

function seedOf(index: number): string {
  const seed = XRPL_APPROVERS.find((approver) => approver.index === index)?.seed;
  if (seed === undefined) throw new WalletRefused(`There is no demo approver ${index} on the XRP Ledger.`);
  return seed;
}

function isDemoApprover(rail: Rail, key: string): boolean {
  if (rail === "xrpl") {
    try {
      const { address } = keyOfSeed(key);
      return XRPL_APPROVERS.some((approver) => approver.address === address);
    } catch {
      // Not a seed, so nobody's; it is kept as it is.
      return false;
    }
  }
  return FLARE_APPROVERS.some(({ address }) => address === computeAddress(key));
}

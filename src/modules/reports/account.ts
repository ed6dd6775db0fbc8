import { parseWalletAddress, type WalletAddress } from "../auth/index.ts";
import { malformedAccount } from "./errors.ts";

/** What an `:account` in a path names. */
export type NamedAccount =
  | { kind: "wallet"; account: WalletAddress; address: WalletAddress }
  | { kind: "demo"; account: string; playerId: string };

const DEMO = /^demo:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

export function parseAccount(text: string): NamedAccount {
  const playerId = DEMO.exec(text)?.[1];
  if (playerId !== undefined) return { kind: "demo", account: text, playerId };
  if (!/^(0x|r)/.test(text)) throw malformedAccount(text);
  const address = parseWalletAddress(text, { field: "account" });
  return { kind: "wallet", account: address, address };
}

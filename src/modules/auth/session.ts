import type { Config } from "../../config.ts";
import type { WalletAddress } from "./wallet-address.ts";

export type Role = "player" | "demo" | "approver" | "admin";

/** Who is asking: one sign-in of one player. */
export type Session = {
  id: string;
  playerId: string;
  /** The wallet that signed in, the player's first or one linked to it; null for a demo session. */
  address: WalletAddress | null;
  /**
   * The name that the rest of the product knows the player by, whichever wallet signed in: the first wallet's address,
   * or `demo:{playerId}`.
   */
  account: string;
  roles: readonly Role[];
};

/** A session that a wallet signed in. */
export type WalletSession = Session & { address: WalletAddress };

/**
 * What roles an address has now. They come from the configuration, never from a token, and from the address that signed
 * in alone: were they the account's, linking a phone's wallet to an approver's would hand what the approver's hardware
 * key may do to the weaker key.
 */
export function rolesOf(address: WalletAddress | null, auth: Config["auth"]): readonly Role[] {
  if (address === null) return ["demo"];
  const roles: Role[] = ["player"];
  if (auth.approvers.includes(address)) roles.push("approver");
  if (auth.admins.includes(address)) roles.push("admin");
  return roles;
}

export function accountOf(playerId: string, firstWallet: WalletAddress | null): string {
  return firstWallet ?? `demo:${playerId}`;
}

/** What a leaderboard shows until a player chooses a name. */
export function initialDisplayName(playerId: string, firstWallet: WalletAddress | null): string {
  return firstWallet === null
    ? `Demo ${playerId.slice(-6)}`
    : `${firstWallet.slice(0, 6)}…${firstWallet.slice(-4)}`;
}

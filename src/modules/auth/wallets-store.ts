import type { Queryable, Tx } from "../../platform/db/index.ts";
import type { Chain, WalletAddress } from "./wallet-address.ts";

export type Wallet = {
  address: WalletAddress;
  chain: Chain;
  /** Whether the player is paid here on this chain. */
  payTo: boolean;
  linkedAt: Date;
};

const COLUMNS = `address, chain, pay_to AS "payTo", linked_at AS "linkedAt"`;

/** A player's wallets, the first one first. */
export async function walletsOf(q: Queryable, playerId: string): Promise<Wallet[]> {
  const { rows } = await q.query<Wallet>({
    name: "auth_wallets_of",
    text: `SELECT ${COLUMNS} FROM wallets WHERE user_id = $1
           ORDER BY challenge_nonce IS NOT NULL, linked_at, address`,
    values: [playerId],
  });
  return rows;
}

/** Where a player is paid on a chain; null when none of their wallets is of it. */
export async function payToAddress(
  q: Queryable,
  playerId: string,
  chain: string,
): Promise<WalletAddress | null> {
  const { rows } = await q.query<{ address: WalletAddress }>({
    name: "auth_pay_to_address",
    text: "SELECT address FROM wallets WHERE user_id = $1 AND chain = $2 AND pay_to",
    values: [playerId, chain],
  });
  return rows[0]?.address ?? null;
}

/** The player whose wallet an address is; null when it is nobody's. */
export async function playerOfWallet(q: Queryable, address: string): Promise<string | null> {
  const { rows } = await q.query<{ playerId: string }>({
    name: "auth_player_of_wallet",
    text: `SELECT user_id AS "playerId" FROM wallets WHERE address = $1`,
    values: [address],
  });
  return rows[0]?.playerId ?? null;
}

/** Makes changes to one player's wallets queue until the transaction ends; sign-ins do not wait for it. */
export async function lockPlayer(tx: Tx, playerId: string): Promise<void> {
  await tx.query({
    name: "auth_lock_player",
    text: "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE",
    values: [playerId],
  });
}

export async function insertWallet(
  tx: Tx,
  playerId: string,
  wallet: Wallet,
  challengeNonce: string,
): Promise<void> {
  await tx.query({
    name: "auth_insert_wallet",
    text: `INSERT INTO wallets (address, chain, user_id, pay_to, challenge_nonce, linked_at)
           VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [wallet.address, wallet.chain, playerId, wallet.payTo, challengeNonce, wallet.linkedAt],
  });
}

/** What a player's challenge has linked; null when it was not used, or what it linked is gone again. */
export async function walletOfChallenge(
  q: Queryable,
  playerId: string,
  nonce: string,
): Promise<Wallet | null> {
  const { rows } = await q.query<Wallet>({
    name: "auth_wallet_of_challenge",
    text: `SELECT ${COLUMNS} FROM wallets WHERE challenge_nonce = $1 AND user_id = $2`,
    values: [nonce, playerId],
  });
  return rows[0] ?? null;
}

/** Waits for sign-ins with it that are under way. */
export async function deleteWallet(tx: Tx, address: WalletAddress): Promise<void> {
  await tx.query({
    name: "auth_delete_wallet",
    text: "DELETE FROM wallets WHERE address = $1",
    values: [address],
  });
}

/** Makes a wallet the one that its player is paid at on its chain. */
export async function setPayTo(tx: Tx, playerId: string, wallet: Wallet): Promise<void> {
  // Two statements: a unique index is checked row by row, and the old one must be gone first.
  await tx.query({
    name: "auth_clear_pay_to",
    text: "UPDATE wallets SET pay_to = false WHERE user_id = $1 AND chain = $2 AND pay_to",
    values: [playerId, wallet.chain],
  });
  await tx.query({
    name: "auth_set_pay_to",
    text: "UPDATE wallets SET pay_to = true WHERE address = $1",
    values: [wallet.address],
  });
}

import type { Database, Tx } from "../../platform/db/index.ts";
import type { Purpose } from "./errors.ts";
import type { ChainIdentity, IssuedMessage } from "./sign-in-message.ts";
import type { WalletAddress } from "./wallet-address.ts";

/** Of a link: whose account gets the wallet, and which of its wallets has to agree. */
export type LinkFor = { playerId: string; linkedBy: WalletAddress };

export async function insertChallenge(
  db: Database,
  challenge: { ours: ChainIdentity; address: WalletAddress; issued: IssuedMessage; link: LinkFor | null },
): Promise<void> {
  const { ours, address, issued, link } = challenge;
  await db.prisma.walletChallenge.create({
    data: {
      nonce: issued.nonce,
      purpose: (link === null ? "sign_in" : "link") satisfies Purpose,
      address,
      chain: ours.chain,
      chainId: ours.networkId,
      userId: link?.playerId ?? null,
      linkedBy: link?.linkedBy ?? null,
      domain: ours.domain,
      uri: ours.uri,
      message: issued.message,
      issuedAt: issued.issuedAt,
      expiresAt: issued.expiresAt,
    },
  });
}

export async function findChallenge(db: Database, nonce: string, link: LinkFor | null) {
  const of = link === null ? {} : { userId: link.playerId, linkedBy: link.linkedBy };
  const purpose: Purpose = link === null ? "sign_in" : "link";
  return db.prisma.walletChallenge.findUnique({ where: { nonce, purpose, ...of } });
}

/** Whether a nonce opened a session: its challenge is gone, but the session remembers. */
export async function openedSession(db: Database, nonce: string): Promise<boolean> {
  return (
    (await db.prisma.session.findUnique({ where: { challengeNonce: nonce }, select: { id: true } })) !== null
  );
}

export async function deleteExpiredChallenges(db: Database, before: Date): Promise<void> {
  await db.prisma.walletChallenge.deleteMany({ where: { expiresAt: { lt: before } } });
}

/**
 * Takes a challenge away, if it is still there, unexpired and for this very message: of any number of callers at once
 * one gets true.
 */
export async function consumeChallenge(tx: Tx, nonce: string, message: string, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: "auth_consume_challenge",
    text: `DELETE FROM wallet_challenges WHERE nonce = $1 AND message = $2 AND expires_at > $3 RETURNING nonce`,
    values: [nonce, message, now],
  });
  return rowCount === 1;
}

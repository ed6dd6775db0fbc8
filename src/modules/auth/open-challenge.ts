import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { findChallenge, type LinkFor } from "./challenge-store.ts";
import * as errors from "./errors.ts";
import { editedParts, type ReadMessage } from "./message-parts.ts";
import { parseWalletAddress, type WalletAddress } from "./wallet-address.ts";

export type OpenChallenge = { nonce: string; address: WalletAddress; expiresAt: Date };

/**
 * The open challenge that a message is the text of; null when there is none, be it used or never given out. Then it is
 * refused if it has expired, and if the text is not the one that was given out. A challenge of somebody else's link is
 * none.
 */
export async function openChallengeOf(
  deps: { db: Database; clock: Clock },
  message: { text: string; read: ReadMessage },
  read: (text: string) => ReadMessage | null,
  link: LinkFor | null,
): Promise<OpenChallenge | null> {
  const purpose: errors.Purpose = link === null ? "sign_in" : "link";
  const { nonce } = message.read;
  const found = await findChallenge(deps.db, nonce, link);
  if (found === null) return null;
  if (found.expiresAt <= deps.clock.now()) throw errors.challengeExpired(purpose, found.expiresAt);
  const edited = editedParts(message, { text: found.message, read: read(found.message) });
  if (edited.length > 0) throw errors.messageMismatch(purpose, edited);
  return { nonce, address: parseWalletAddress(found.address), expiresAt: found.expiresAt };
}

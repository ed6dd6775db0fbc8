import { hash } from "node:crypto";

/**
 * The id of a click is made from its session and nonce, so the primary key of `click_events` is what makes a repeated
 * nonce the same click, and no second index is needed. The first six bytes depend on the session alone: clicks of one
 * session lie together in the index, and inserts touch as many pages as there are sessions playing.
 */
export function clickId(sessionId: string, clientNonce: string): string {
  const hex =
    hash("sha256", sessionId).slice(0, 12) + hash("sha256", `click:${sessionId}:${clientNonce}`).slice(0, 20);
  // Version 8 and variant of RFC 9562: 118 bits are the hash's.
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

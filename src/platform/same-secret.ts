import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const key = randomBytes(32);

/**
 * Whether what somebody brought is a secret of ours, in a time that tells nothing of it, neither how much of it is right
 * nor how long it is: both are hashed under a key that lives as long as the process. Every comparison with a secret
 * goes through here.
 */
export function sameSecret(given: string | Uint8Array, secret: string | Uint8Array): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(value: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(value).digest();
}

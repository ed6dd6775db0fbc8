import { createHash, randomBytes } from "node:crypto";

function format(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** A UUIDv7 (RFC 9562): sorts by creation time, 74 random bits. */
export function newId(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

/**
 * A UUIDv8 (RFC 9562) that the same parts always give: the key that makes a retried step the same step.
 * Parts are length-prefixed, so `("ab", "c")` and `("a", "bc")` differ.
 */
export function derivedId(purpose: string, ...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of [purpose, ...parts]) {
    hash.update(`${Buffer.byteLength(part)}:`);
    hash.update(part);
  }
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

/** An unguessable token, base64url, 256 bits unless told. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

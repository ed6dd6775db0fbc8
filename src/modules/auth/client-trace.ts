import { createHmac } from "node:crypto";

/** What is kept of where a request came from. */
export type ClientTrace = { ipHash: Buffer<ArrayBuffer>; userAgent: string };

const USER_AGENT_LENGTH = 256;

/**
 * The keyed hash under which an IP address is stored: equal addresses can be told, the address cannot be read back
 * without the key. An IPv4 address counts the same when a dual-stack socket shows it as `::ffff:…`.
 */
export function hashIp(key: string, ip: string): Buffer<ArrayBuffer> {
  return createHmac("sha256", key)
    .update(ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, ""))
    .digest();
}

/** A user agent fit to store: printable, whole characters, bounded. */
export function trimUserAgent(userAgent: string | undefined): string {
  const printable = (userAgent ?? "").replace(/\p{C}+/gu, " ").trim();
  return Array.from(printable).slice(0, USER_AGENT_LENGTH).join("");
}

export function traceOf(key: string, client: { ip: string; userAgent: string | undefined }): ClientTrace {
  return { ipHash: hashIp(key, client.ip), userAgent: trimUserAgent(client.userAgent) };
}

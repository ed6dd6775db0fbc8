import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "socket.io";
import { originOf, tokenFromRequest } from "../auth/index.ts";

type Handshake = Pick<Socket["handshake"], "headers" | "auth" | "address">;

/**
 * Whether a connection comes from our own pages, or from no page at all. CORS does not cover WebSockets, and cookies travel
 * with them from anywhere, so this is checked before a connection is accepted. Not every browser says `Sec-Fetch-Site` here;
 * an Origin that is where the request went is ours too, under whichever name the page was opened.
 */
export function isFromOurPages(headers: IncomingHttpHeaders, publicUrl: URL): boolean {
  if (originOf(headers, publicUrl.origin) !== "cross") return true;
  return headers.origin !== undefined && URL.parse(headers.origin)?.host === headers.host;
}

/** The access token: `auth: { token }` of the client, or what an HTTP request would carry. */
export function tokenOf(
  handshake: Handshake,
): { token: string; source: "auth" | "bearer" | "cookie" } | null {
  const token: unknown = handshake.auth.token;
  if (typeof token === "string" && token !== "") return { token, source: "auth" };
  return tokenFromRequest({
    headers: handshake.headers,
    cookies: readCookies(handshake.headers.cookie ?? ""),
  });
}

/** By itself, since Fastify's cookie parser works only within Fastify. Tokens have no character that a cookie encodes. */
function readCookies(header: string): Record<string, string> {
  const pairs = header.split(";").map((part) => part.trim().split("=", 2));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

/** Who is at the other end, by the same rule as for HTTP requests. */
export function clientOf(handshake: Handshake, trustProxy: boolean): { ip: string; userAgent: string } {
  const forwarded = handshake.headers["x-forwarded-for"];
  const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",")[0]?.trim();
  return {
    ip: trustProxy && first !== undefined && first !== "" ? first : handshake.address,
    userAgent: handshake.headers["user-agent"] ?? "",
  };
}

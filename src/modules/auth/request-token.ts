import type { IncomingHttpHeaders } from "node:http";
import { fastifyCookie } from "@fastify/cookie";
import { tokenInvalid } from "./errors.ts";

export const ACCESS_COOKIE = "cc_access";
export const REFRESH_COOKIE = "cc_refresh";

export type RequestToken = { token: string; source: "bearer" | "cookie" };

/** Anything with headers: a Fastify request, a raw request, a socket's handshake. */
type HasHeaders = { headers: IncomingHttpHeaders; cookies?: Record<string, string | undefined> };

/**
 * The access token of a request: the bearer header, else the cookie `cc_access`; null when there is neither. A bearer
 * header that is none is refused rather than passed over, so that a client never acts as somebody that it did not name.
 */
export function tokenFromRequest(request: HasHeaders): RequestToken | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization) ?? [];
    if (token === undefined) throw tokenInvalid();
    return { token, source: "bearer" };
  }
  const cookie = cookiesOf(request)[ACCESS_COOKIE];
  return cookie === undefined || cookie === "" ? null : { token: cookie, source: "cookie" };
}

export function cookiesOf(request: HasHeaders): Record<string, string | undefined> {
  return request.cookies ?? fastifyCookie.parse(request.headers.cookie ?? "");
}

/**
 * Whether a browser says that a request comes from our own pages: `same-origin` in Sec-Fetch-Site, which no script can
 * set, or our origin in Origin. `unsaid` means that it carries neither, as requests without a browser do.
 */
export function originOf(headers: IncomingHttpHeaders, ownOrigin: string): "same" | "cross" | "unsaid" {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" ? "same" : "cross";
  if (headers.origin !== undefined) return headers.origin === ownOrigin ? "same" : "cross";
  return "unsaid";
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Methods that may change something, which a cookie alone must not sign from another site. */
export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

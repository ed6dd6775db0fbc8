import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionError } from "fastify";
import { problemBody } from "./problems.ts";

type Refusal = { status: number; code: string; detail: string };

/**
 * Answers what never became a request: bytes that are no HTTP, headers beyond measure, a request that is not finished in
 * time. No hook sees these, so the problem is written by hand; the connection ends with it.
 */
export function refuseUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const isHead = packetOf(error).subarray(0, 5).toString("latin1") === "HEAD ";
  if (socket.writable) socket.write(answerTo(refusalOf(error.code), isHead));
  socket.destroy(error);
}

/** The bytes that could not be read, as far as Node tells; Fastify has them as anything. */
function packetOf({ rawPacket }: { rawPacket?: unknown }): Buffer {
  return Buffer.isBuffer(rawPacket) ? rawPacket : Buffer.alloc(0);
}

function refusalOf(code: string | undefined): Refusal {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, code: "request_timeout", detail: "the request was not finished in time" };
    case "HPE_HEADER_OVERFLOW":
      return {
        status: 431,
        code: "headers_too_large",
        detail: "the request's headers are larger than 16 KB",
      };
    default:
      return { status: 400, code: "malformed_request", detail: "this is not a valid HTTP/1.1 request" };
  }
}

function answerTo({ status, code, detail }: Refusal, isHead: boolean): string {
  const requestId = randomUUID();
  const body = JSON.stringify(problemBody({ status, code, detail, details: {}, requestId }));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    "x-content-type-options: nosniff",
    "connection: close",
    "",
    isHead ? "" : body,
  ].join("\r\n");
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { readBody } from "./read-body.ts";

type Handler = (method: string, params: unknown[]) => Promise<unknown>;
type RpcError = { code?: unknown; message?: unknown; data?: unknown };

const MAX_BODY_BYTES = 32 * 1024 * 1024;
const INTERNAL_ERROR = -32_603;
const REVERT = 3;

/** Serves JSON-RPC over HTTP, on the loopback interface only. Rejects when the port is taken. */
export function serveJsonRpc(port: number, handle: Handler): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    answer(request, response, handle).catch(() => response.destroy());
  });
  // Clients that keep connections open would otherwise meet one that was just closed.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is taken`) : error);
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" && address !== null ? address.port : port });
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, handle: Handler): Promise<void> {
  // Wallets in the browser ask from other origins; the keys on this chain are public anyway.
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-allow-headers", "*");
  response.setHeader("content-type", "application/json");
  if (request.method === "OPTIONS") {
    response.end();
    return;
  }
  const body = await readBody(request, MAX_BODY_BYTES);
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    response.end(JSON.stringify(failure(null, { code: -32_700, message: "the body is not JSON" })));
    return;
  }
  const reply = Array.isArray(payload)
    ? await Promise.all(payload.map((one) => dispatch(one, handle)))
    : await dispatch(payload, handle);
  response.end(JSON.stringify(reply));
}

async function dispatch(payload: unknown, handle: Handler): Promise<unknown> {
  const { id = null, method, params = [] } = (payload ?? {}) as Record<string, unknown>;
  if (typeof method !== "string" || !Array.isArray(params)) {
    return failure(id, { code: -32_600, message: "not a JSON-RPC request" });
  }
  try {
    return { jsonrpc: "2.0", id, result: await handle(method, params) };
  } catch (error) {
    return failure(id, error as RpcError);
  }
}

function failure(id: unknown, error: RpcError): unknown {
  const code = typeof error.code === "number" ? error.code : INTERNAL_ERROR;
  // The EVM gives null where a refusal has no data, and an object where it has a trace as well.
  const data = error.data as { data?: unknown } | string | null | undefined;
  const returned = typeof data === "object" ? data?.data : data;
  return {
    jsonrpc: "2.0",
    id,
    // A revert carries the bare bytes, as other nodes give them.
    error: { code, message: String(error.message), ...(code === REVERT ? { data: returned } : { data }) },
  };
}

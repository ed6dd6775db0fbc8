import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../../read-body.ts";
import { answer, echo } from "./answer.ts";
import { ConnectionLost } from "./connection-lost.ts";
import type { Params, ServerContext } from "./request.ts";
import { rpcErrorOf } from "./rpc-error.ts";

const MAX_BODY_BYTES = 1_000_000;

/** JSON-RPC as the real server speaks it: `{"method": …, "params": [{…}]}`, with errors inside of the result. */
export async function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
): Promise<void> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (context.faults.isStalled) return;
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\r\n`);
  };
  let call: { method?: unknown; params?: unknown };
  try {
    call = JSON.parse(body);
  } catch {
    refuse(
      400,
      "Unable to parse request: * Line 1, Column 1\n  Syntax error: value, object or array expected.\n",
    );
    return;
  }
  const { method } = call;
  if (typeof method !== "string") {
    refuse(400, "Null method");
    return;
  }
  const [first] = Array.isArray(call.params) ? call.params : [];
  const params = (typeof first === "object" && first !== null ? first : {}) as Params;
  let result: Params;
  try {
    const given = answer(method, params, context);
    result = { ...given, ...(method === "ping" ? { role: "admin" } : {}), status: "success" };
  } catch (error) {
    if (error instanceof ConnectionLost) {
      request.socket.destroy();
      return;
    }
    const { fields, message } = rpcErrorOf(error);
    if (message === "invalid_API_version") {
      refuse(400, message);
      return;
    }
    result = { ...fields, request: { ...echo(params), command: method }, status: "error" };
  }
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ result }));
}

import type { RawData, WebSocket } from "ws";
import { answer, apiVersionOf, echo } from "./answer.ts";
import { ConnectionLost } from "./connection-lost.ts";
import type { Params, Result, ServerContext } from "./request.ts";
import { RpcError, rpcErrorOf } from "./rpc-error.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** Serves one connection until it ends. */
export function serveSocket(socket: WebSocket, context: ServerContext, subscriptions: Subscriptions): void {
  socket.on("message", (data: RawData) => {
    if (context.faults.isStalled) return;
    try {
      socket.send(JSON.stringify(reply(String(data), socket, context, subscriptions)));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      socket.terminate();
    }
  });
  socket.on("close", () => subscriptions.forget(socket));
  // A client that vanished is no error of the server's.
  socket.on("error", () => socket.terminate());
}

function reply(
  text: string,
  socket: WebSocket,
  context: ServerContext,
  subscriptions: Subscriptions,
): Result {
  const request = parse(text);
  if (request === null) return { error: "jsonInvalid", type: "error", value: text };
  const { id, api_version: version, ...rest } = request;
  const stamp = {
    ...(version === undefined ? {} : { api_version: version }),
    ...(id === undefined ? {} : { id }),
    type: "response",
  };
  try {
    return { ...stamp, result: run(request, rest, socket, context, subscriptions), status: "success" };
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    const { fields } = rpcErrorOf(error);
    return { ...stamp, ...fields, request: echo(request), status: "error" };
  }
}

function parse(text: string): Params | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Params) : null;
  } catch {
    return null;
  }
}

function run(
  request: Params,
  params: Params,
  socket: WebSocket,
  context: ServerContext,
  subscriptions: Subscriptions,
): Result {
  const { command, method } = request;
  const name = command ?? method;
  if (typeof name !== "string" || (command !== undefined && method !== undefined && command !== method)) {
    throw new RpcError("missingCommand");
  }
  const withVersion = {
    ...params,
    ...(request.api_version === undefined ? {} : { api_version: request.api_version }),
  };
  if (name === "subscribe" || name === "unsubscribe") {
    const whole = { params: withVersion, apiVersion: apiVersionOf(request), context };
    return subscriptions[name](socket, whole);
  }
  return answer(name, withVersion, context);
}

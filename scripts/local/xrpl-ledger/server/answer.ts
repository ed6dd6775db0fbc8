import { COMMANDS } from "./commands.ts";
import type { Params, Request, Result, ServerContext } from "./request.ts";
import { RpcError } from "./rpc-error.ts";

const API_VERSIONS = [1, 2];
const SECRETS = ["secret", "seed", "seed_hex", "passphrase"];

/** A request as it is shown in an error, so that no secret is sent twice. */
export function echo(request: Params): Params {
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [name, SECRETS.includes(name) ? "<masked>" : value]),
  );
}

export function apiVersionOf({ api_version: version = 1 }: Params): number {
  if (typeof version !== "number" || !API_VERSIONS.includes(version)) {
    throw new RpcError("invalid_API_version");
  }
  return version;
}

/** Runs a command that any transport carries. */
export function answer(command: string, params: Params, context: ServerContext): Result {
  const request: Request = { params, apiVersion: apiVersionOf(params), context };
  const handler = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (handler === undefined) throw new RpcError("unknownCmd");
  if (context.faults.isUnsynced) refuseUnsynced(command);
  return handler(request);
}

/** What a server without a network still answers, and what it says with a word of its own about the ledger asked for. */
const NEED_NO_LEDGER = ["feature", "ledger_accept", "ping", "server_info", "server_state"];
const NAME_A_LEDGER = [
  "account_info",
  "account_lines",
  "account_objects",
  "deposit_authorized",
  "gateway_balances",
  "ledger",
  "ledger_entry",
  "transaction_entry",
];

function refuseUnsynced(command: string): void {
  if (NEED_NO_LEDGER.includes(command)) return;
  throw new RpcError("notSynced", NAME_A_LEDGER.includes(command) ? { error_message: "notSynced" } : {});
}

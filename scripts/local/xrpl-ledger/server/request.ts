import { isAddress } from "../engine/keylets.ts";
import type { LedgerEngine } from "../engine/ledger-engine.ts";
import type { FaultSwitches } from "./fault-switches.ts";
import type { HistoryGaps } from "./history-gaps.ts";
import { invalidParams, RpcError } from "./rpc-error.ts";

export type Params = Record<string, unknown>;
export type Result = Record<string, unknown>;

export type ServerContext = {
  engine: LedgerEngine;
  gaps: HistoryGaps;
  faults: FaultSwitches;
  /** Closes ledgers and returns the validated index. */
  accept(count: number): number;
  isPublic: boolean;
  port: number;
  now(): number;
  startedAtMs: number;
};

export type Request = {
  params: Params;
  apiVersion: number;
  context: ServerContext;
};

export type Command = (request: Request) => Result;

/** An account that a request must name. */
export function accountParam(params: Params, name = "account"): string {
  const value = params[name];
  if (value === undefined) throw invalidParams(`Missing field '${name}'.`);
  if (typeof value !== "string") throw invalidParams(`Invalid field '${name}'.`);
  return value;
}

export function knownAddress(account: string, otherwise: RpcError = new RpcError("actMalformed")): string {
  if (!isAddress(account)) throw otherwise;
  return account;
}

/** Servers give pages of a size of their own when asked for too little or too much. */
export function limitParam(params: Params, { least = 10, usual = 200, most = 400 } = {}): number {
  const { limit } = params;
  if (limit === undefined) return usual;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 0) {
    throw invalidParams("Invalid field 'limit', not unsigned integer.");
  }
  return Math.min(Math.max(limit, least), most);
}

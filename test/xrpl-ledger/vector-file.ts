import { readFileSync } from "node:fs";
import { join } from "node:path";

type Json = Record<string, unknown>;
type AccountState = Record<string, unknown>;

export type TxStep = {
  kind: "tx";
  name: string;
  request: "submit" | "submit fail_hard" | "submit_multisigned";
  tx: Json;
  /** Left out where the transaction was given as JSON. */
  tx_blob?: string;
  computed_hash?: string;
  response: Json & { result?: Json };
  tx_before_close?: Json | null;
  tx_after_close?: Json | null;
  ledger_accept: boolean;
  accounts?: {
    before: Record<string, AccountState>;
    after_submit_current?: Record<string, AccountState>;
    after_close_validated?: Record<string, AccountState>;
  };
  skipped?: string;
};

export type Step =
  | TxStep
  | { kind: "read"; name: string; request: Json; response: Json }
  | { kind: "tx_lookup"; name: string; request: Json; response: Json }
  | { kind: "close"; name: string; ledgers: number; ledger_current_index_after: number }
  | { kind: "stream"; name: string; messages: Json[] }
  | { kind: "raw"; name: string; sent: string; received: Json }
  | { kind: "http"; name: string; sent: Json | string; http_status: number; received: Json };

export type VectorFile = {
  steps: Step[];
  keys: Record<string, { address: string }>;
  shortened: { table: Record<string, [code: number, message: string]> };
};

export function readVectorFile(name: string): VectorFile {
  return JSON.parse(readFileSync(join(import.meta.dirname, "vectors", `${name}.json`), "utf8")) as VectorFile;
}

/** What differs between two runs of the real server: only its kind is compared. */
const VOLATILE =
  /^(ledger_hash|close_time(_human|_iso)?|ledger_time|parent_close_time|parent_hash|account_hash|time|uptime|.*duration_us|pubkey_node|io_latency_ms|age|hostid|converge_time(_s)?|load|date|hash_of_ledger|ports|id)$/;

/** Replaces what cannot be the same by what kind of thing it is. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  // The last ledger as `server_info` shows it: its hash hangs on the close time.
  const isLedger = "hash" in value && "seq" in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "id")
      .map(([name, one]) => [
        name,
        VOLATILE.test(name) || (isLedger && name === "hash") ? `(${typeof one})` : comparable(one),
      ]),
  );
}

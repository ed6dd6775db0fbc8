/** The newest validated ledger, and what a transaction costs in it. */
export type XrplValidated = {
  index: bigint;
  hash: string;
  /** Unix seconds. */
  closeTime: bigint;
  baseFeeDrops: bigint;
  /** What a transaction must offer now to get into the open ledger, load included. */
  openFeeDrops: bigint;
  reserveBaseDrops: bigint;
  reserveIncrementDrops: bigint;
};

/** What is read of `server_state`. */
export type ServerState = {
  /** Left out by servers of the main network that were not told which one they serve. */
  network_id?: number;
  server_state?: string;
  amendment_blocked?: boolean;
  load_base?: number;
  load_factor?: number;
  validated_ledger?: { seq: number; base_fee: number; reserve_base: number; reserve_inc: number };
};

/** What is read of `ledger` with `ledger_index: "validated"`. */
export type LedgerHeader = {
  ledger_index?: number;
  ledger_hash?: string;
  validated?: boolean;
  ledger?: { close_time?: number };
};

/** Seconds from 1970 to 2000, where the ledger's time begins. */
const RIPPLE_EPOCH_SECONDS = 946_684_800n;

/** xrpl.org, "Possible Server States": the ones in which a server has the network's ledger. */
const IN_SYNC = new Set(["full", "proposing", "validating"]);

/** Why nothing that this server says can be used, in words; null where it can. */
export function findServerProblem(state: ServerState, networkId: number): string | null {
  const served = state.network_id ?? 0;
  if (served !== networkId) return `it serves network ${served}, not ${networkId}`;
  if (state.amendment_blocked === true)
    return "it is amendment blocked: its software is too old for the network";
  const found = state.server_state ?? "unknown";
  if (!IN_SYNC.has(found)) return `it is not in sync with the network (${found})`;
  if (state.validated_ledger === undefined) return "it has no validated ledger";
  return null;
}

/**
 * The index comes from `ledger`, which is what other reads of the same server go by: behind a Clio server,
 * `server_state` is answered by another machine that can be a ledger ahead.
 */
export function readValidated(state: ServerState, header: LedgerHeader): XrplValidated {
  const fees = state.validated_ledger;
  if (fees === undefined || header.validated !== true || header.ledger_hash === undefined)
    throw new Error("it has no validated ledger");
  const baseFeeDrops = BigInt(fees.base_fee);
  const loadBase = BigInt(state.load_base ?? 1);
  // The larger of the server's own load and the open ledger's fee level, in units of loadBase.
  const loaded = baseFeeDrops * BigInt(state.load_factor ?? state.load_base ?? 1);
  return {
    index: BigInt(required(header.ledger_index)),
    hash: header.ledger_hash,
    closeTime: BigInt(required(header.ledger?.close_time)) + RIPPLE_EPOCH_SECONDS,
    baseFeeDrops,
    openFeeDrops: (loaded + loadBase - 1n) / loadBase,
    reserveBaseDrops: BigInt(fees.reserve_base),
    reserveIncrementDrops: BigInt(fees.reserve_inc),
  };
}

function required(value: number | undefined): number {
  if (value === undefined) throw new Error("its validated ledger lacks an index or a time");
  return value;
}

import { BASE_LEVEL } from "../engine/fee-metrics.ts";
import { humanTime, ledgerTime } from "./ledger-time.ts";
import type { Command, Request, Result } from "./request.ts";

const VERSION = "2.3.0";
/** Nobody's node key: this server has none. */
const NODE_KEY = "n9J2x9y8TGoZXBiLNUL5Ca19Qpm1J6HLKujXnKWozevDaYdj6kmT";
const DROPS_PER_XRP = 1_000_000;

const xrp = (drops: bigint): number => Number.parseInt(String(drops), 10) / DROPS_PER_XRP;
const integer = (drops: bigint): number => Number.parseInt(String(drops), 10);

function common({ context }: Request): Result {
  const { engine, gaps, faults } = context;
  const now = context.now();
  const upUs = Math.round((now - context.startedAtMs) * 1_000);
  const none = { duration_us: "0", transitions: "0" };
  const whole = { duration_us: String(upUs), transitions: "1" };
  const isSynced = !faults.isUnsynced;
  return {
    build_version: VERSION,
    complete_ledgers: isSynced ? gaps.complete(engine.history.last.index) : "empty",
    ...(isSynced
      ? { initial_sync_duration_us: "0" }
      : { network_ledger: "waiting", published_ledger: "none" }),
    io_latency_ms: 1,
    jq_trans_overflow: "0",
    network_id: engine.networkId,
    peer_disconnects: "0",
    peer_disconnects_resources: "0",
    peers: 0,
    ports: [{ port: String(context.port), protocol: ["ws"] }],
    pubkey_node: NODE_KEY,
    server_state: isSynced ? "full" : "disconnected",
    server_state_duration_us: String(upUs),
    state_accounting: {
      connected: none,
      disconnected: isSynced ? { duration_us: "0", transitions: "1" } : whole,
      full: isSynced ? whole : none,
      syncing: none,
      tracking: none,
    },
    time: humanTime(ledgerTime(now), `${String(now % 1_000).padStart(3, "0")}000`),
    uptime: Math.floor(upUs / 1_000_000),
    validation_quorum: 0,
  };
}

/** A server without a network knows its last ledger, but not whether it is anybody's. */
const ledgerName = ({ context }: Request): "validated_ledger" | "closed_ledger" =>
  context.faults.isUnsynced ? "closed_ledger" : "validated_ledger";

export const serverInfo: Command = (request) => {
  const { engine } = request.context;
  const { last } = engine.history;
  const loadFactor = integer(engine.openLedgerLevel) / integer(BASE_LEVEL);
  return {
    info: {
      ...common(request),
      hostid: "LOCAL",
      last_close: { converge_time_s: 0.1, proposers: 0 },
      load_factor: loadFactor,
      ...(loadFactor === 1 ? {} : { load_factor_server: 1 }),
      [ledgerName(request)]: {
        // The first ledger was never closed, and so is not old.
        age: last.closeTime === 0 ? 0 : Math.max(0, ledgerTime(request.context.now()) - last.closeTime),
        base_fee_xrp: xrp(last.fees.baseFeeDrops),
        hash: last.hash,
        reserve_base_xrp: xrp(last.fees.reserveBaseDrops),
        reserve_inc_xrp: xrp(last.fees.reserveIncrementDrops),
        seq: last.index,
      },
    },
  };
};

export const serverState: Command = (request) => {
  const { engine } = request.context;
  const { last } = engine.history;
  const level = integer(engine.openLedgerLevel);
  return {
    state: {
      ...common(request),
      last_close: { converge_time: 100, proposers: 0 },
      load_base: integer(BASE_LEVEL),
      load_factor: level,
      load_factor_fee_escalation: level,
      load_factor_fee_queue: integer(BASE_LEVEL),
      load_factor_fee_reference: integer(BASE_LEVEL),
      load_factor_server: integer(BASE_LEVEL),
      [ledgerName(request)]: {
        base_fee: integer(last.fees.baseFeeDrops),
        close_time: last.closeTime,
        hash: last.hash,
        reserve_base: integer(last.fees.reserveBaseDrops),
        reserve_inc: integer(last.fees.reserveIncrementDrops),
        seq: last.index,
      },
    },
  };
};

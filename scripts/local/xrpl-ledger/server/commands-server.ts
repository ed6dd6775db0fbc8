import { BASE_LEVEL } from "../engine/fee-metrics.ts";
import { sha512Half } from "../engine/keylets.ts";
import type { Command } from "./request.ts";
import { RpcError } from "./rpc-error.ts";

export const fee: Command = ({ context }) => {
  const { engine } = context;
  const { baseFeeDrops } = engine.fees;
  const { metrics, size } = engine.queue;
  const drops = (level: bigint): string => String((level * baseFeeDrops + BASE_LEVEL - 1n) / BASE_LEVEL);
  return {
    current_ledger_size: String(engine.openTransactions.length),
    current_queue_size: String(size),
    drops: {
      base_fee: String(baseFeeDrops),
      median_fee: drops(metrics.multiplier),
      minimum_fee: drops(BASE_LEVEL),
      open_ledger_fee: drops(engine.openLedgerLevel),
    },
    expected_ledger_size: String(metrics.expected),
    ledger_current_index: engine.openView.ledgerIndex,
    levels: {
      median_level: String(metrics.multiplier),
      minimum_level: String(BASE_LEVEL),
      open_ledger_level: String(engine.openLedgerLevel),
      reference_level: String(BASE_LEVEL),
    },
    max_queue_size: String(metrics.maxQueueSize),
  };
};

/** What the ledger does that once needed an amendment. Everything else is unknown here, and `feature` says so. */
const AMENDMENTS = [
  "DeletableAccounts",
  "DepositAuth",
  "DepositPreauth",
  "DisallowIncoming",
  "EnforceInvariants",
  "ExpandedSignerList",
  "MultiSign",
  "MultiSignReserve",
  "RequireFullyCanonicalSig",
  "TicketBatch",
  "TrustSetAuth",
  "fixMasterKeyAsRegularKey",
  "fixTrustLinesToSelf",
];
const FEATURES = new Map(
  AMENDMENTS.map((name) => [sha512Half(Buffer.from(name)), { name, supported: true }]),
);

export const feature: Command = ({ params, context }) => {
  const wanted = params.feature;
  // Without a network there is no ledger that could have enabled anything.
  const enabled = !context.faults.isUnsynced;
  const features = [...FEATURES].map(([id, one]) => [id, { ...one, enabled }] as const);
  if (wanted === undefined) return { features: Object.fromEntries(features) };
  for (const [id, one] of features) {
    if (wanted === id || wanted === one.name) return { [id]: one };
  }
  throw new RpcError("badFeature");
};

export const ping: Command = () => ({});

import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import type { EvmRpc } from "../../platform/evm-rpc.ts";
import type { Logger } from "../../platform/log.ts";
import type { XrplClient } from "../../platform/xrpl/client.ts";
import { assets } from "../ledger/index.ts";
import { approversOn, policyOf, type Tier } from "../payouts/index.ts";
import { createRailSettlement, type RailSettlement } from "./rail-settlement.ts";
import { createFlareRail } from "./rails/flare/index.ts";
import type { Rail } from "./rails/rail.ts";
import { createXrplRail } from "./rails/xrpl/index.ts";
import type { SettlementSettings, Steps } from "./settling.ts";

export type { RailSettlement, RailStatus } from "./rail-settlement.ts";
export type { StepName, Steps } from "./settling.ts";
export type { AssetTreasury, Treasury } from "./treasury.ts";
export type { WorkerState } from "./worker.ts";

/** Settlement on every rail that is configured, each with its own worker. */
export type Settlement = {
  readonly rails: readonly RailSettlement[];
  start(): void;
  stop(): Promise<void>;
};

const DEFAULTS = { longestPaceMs: 125, reconcileEveryMs: 3_000, retryWaitingMs: 1_000, leaseSeconds: 10 };

/**
 * Transactions of the operator on their way at a time; each may pay many. Nodes keep at least as many of one account
 * (geth and coreth, `core/txpool/legacypool` AccountSlots = 16).
 */
const FLARE_OPEN_NONCES = 16;

export type SettlementDeps = {
  config: Config;
  db: Database;
  clock: Clock;
  log: Logger;
  rpc: EvmRpc | null;
  xrpl: XrplClient | null;
  steps?: Steps;
  /** For tests and operators who must; the defaults are right. */
  settings?: Partial<SettlementSettings> & { leaseSeconds?: number };
};

/** One worker at a time for each rail and signer, whichever process holds its lease. */
export function createSettlement(deps: SettlementDeps): Settlement {
  const rails = [flareSettlement(deps), xrplSettlement(deps)].filter((rail) => rail !== null);
  return {
    rails,
    start() {
      for (const rail of rails) rail.start();
    },
    async stop() {
      await Promise.all(rails.map((rail) => rail.stop()));
    },
  };
}

export function flareSettlement(deps: SettlementDeps): RailSettlement | null {
  const { config, db, rpc } = deps;
  if (config.payouts.mode !== "onchain" || rpc === null) return null;
  const { vaultAddress, operatorKey, ...flare } = config.flare;
  const rail: Rail | null =
    vaultAddress === null || operatorKey === null
      ? null
      : createFlareRail({
          rpc,
          vault: vaultAddress,
          operatorKey,
          confirmations: flare.confirmations,
          vaultFromBlock: flare.vaultFromBlock,
          maxFeePerGasWei: flare.maxFeePerGasWei,
          rules: () => rulesFor(db, "flare", config.auth.approvers),
        });
  return settlementOf(deps, {
    name: "flare",
    rail,
    pollMs: flare.pollMs,
    endpoints: () => rpc.status(),
    replaceAfterSeconds: flare.replaceAfterSeconds,
    maxBatchSize: flare.maxBatchSize,
    maxOpenNonces: FLARE_OPEN_NONCES,
  });
}

export function xrplSettlement(deps: SettlementDeps): RailSettlement | null {
  const { config, db, xrpl: client } = deps;
  if (config.xrpl === null || client === null) return null;
  const { workerSeed, ...xrpl } = config.xrpl;
  const rail: Rail | null =
    workerSeed === null
      ? null
      : createXrplRail({
          ...xrpl,
          client,
          workerSeed,
          rules: () => rulesFor(db, "xrpl", config.auth.approvers),
        });
  return settlementOf(deps, {
    name: "xrpl",
    rail,
    pollMs: xrpl.pollMs,
    endpoints: () => client.status(),
    // What is not included in time expires there, instead of being raised.
    replaceAfterSeconds: Number.POSITIVE_INFINITY,
    maxBatchSize: 1,
    maxOpenNonces: xrpl.maxInFlight,
  });
}

type RailOptions = Pick<
  Parameters<typeof createRailSettlement>[0],
  "name" | "rail" | "pollMs" | "endpoints"
> &
  Pick<SettlementSettings, "replaceAfterSeconds" | "maxBatchSize" | "maxOpenNonces">;

function settlementOf(deps: SettlementDeps, options: RailOptions): RailSettlement {
  const { db, clock, log, steps, settings } = deps;
  const { name, rail, pollMs, endpoints, ...limits } = options;
  return createRailSettlement({
    name,
    rail,
    db,
    clock,
    log: log.child({ module: "settlement", rail: name }),
    settings: {
      ...limits,
      longestPaceMs: DEFAULTS.longestPaceMs,
      reconcileEveryMs: DEFAULTS.reconcileEveryMs,
      retryWaitingMs: DEFAULTS.retryWaitingMs,
      ...settings,
    },
    pollMs,
    leaseSeconds: settings?.leaseSeconds ?? DEFAULTS.leaseSeconds,
    endpoints,
    steps,
  });
}

/** What the chain must agree with: the configured approvers, and the policy of every asset that the rail pays. */
async function rulesFor(
  db: Database,
  railName: string,
  approvers: readonly string[],
): Promise<{ approvers: string[]; assets: { code: string; assetRef: string; tiers: readonly Tier[] }[] }> {
  const paid: { code: string; assetRef: string; tiers: readonly Tier[] }[] = [];
  for (const { code, rail, chainRef } of await assets(db.pool)) {
    if (rail !== railName || chainRef === null) continue;
    paid.push({ code, assetRef: chainRef, tiers: (await policyOf(db.pool, code))?.tiers ?? [] });
  }
  return { approvers: approversOn(railName, approvers), assets: paid };
}

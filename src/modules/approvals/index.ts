import type { Provider } from "ethers";
import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database, Queryable } from "../../platform/db/index.ts";
import type { EvmAddress } from "../../platform/evm-address.ts";
import type { Routes } from "../../platform/http/index.ts";
import type { Logger } from "../../platform/log.ts";
import type { XrplClient } from "../../platform/xrpl/client.ts";
import type { Auth } from "../auth/index.ts";
import type { Payout } from "../payouts/index.ts";
import { type ApprovalActs, createApprovalActs } from "./approve-payout.ts";
import { expireDuePayouts } from "./expire-due.ts";
import { createFlareScheme } from "./flare-scheme.ts";
import { approvalRoutes } from "./routes.ts";
import { standingApprovals } from "./store.ts";
import { createVaultReader } from "./vault.ts";
import { createXrplScheme } from "./xrpl-scheme.ts";

export { type DraftPayload, endPayload, offerPayload, signedApproval } from "./payloads.ts";
export {
  noncesOfEnded,
  type OfferedPayload,
  offeredPayloads,
  payoutsWithoutPayload,
  reservedNonces,
  type WithoutPayload,
} from "./payloads-store.ts";
export type { ApprovalView } from "./schemas.ts";
export type { ApprovalState } from "./take-back.ts";

export type Approvals = ApprovalActs & {
  readonly routes: Routes;
  /** Ends what was not approved, or not sent, in time; takes back signatures of struck approvers. Returns how many payouts ended. */
  expireDue(now: Date): Promise<number>;
};

export function createApprovals(deps: {
  config: Config;
  db: Database;
  clock: Clock;
  log: Logger;
  auth: Pick<Auth, "requireRole">;
  /** For ERC-1271, the vault's own list of approvers and the simulation; null where no chain is configured. */
  provider: Provider | null;
  /** For keys, the treasury's signer list and the simulation; null where the XRP Ledger is not configured. */
  xrpl: XrplClient | null;
}): Approvals {
  const { config, db, clock, log, auth } = deps;
  const vault = createVaultReader(deps.provider, config.flare.vaultAddress as EvmAddress | null);
  const flare = createFlareScheme(config, vault);
  const xrpl = createXrplScheme(config, deps.xrpl);
  const schemeOf = ({ rail }: Pick<Payout, "rail">) => (rail === xrpl.rail ? xrpl : flare);
  const acts = createApprovalActs({ db, clock, schemeOf, approvers: config.auth.approvers });
  return {
    ...acts,
    routes: approvalRoutes({ db, clock, auth, acts, schemeOf }),
    async expireDue(now) {
      await acts.withdrawStruck();
      const ended = await expireDuePayouts(db, now);
      if (ended > 0) log.info({ ended }, "payouts expired without being approved or sent in time");
      return ended;
    },
  };
}

/** Who has signed each of these payouts; payouts without a signature are missing from the map. */
export async function approversOf(
  q: Queryable,
  payoutIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const signers = new Map<string, string[]>();
  for (const { payoutId, approver } of await standingApprovals(q, payoutIds)) {
    const known = signers.get(payoutId);
    if (known === undefined) signers.set(payoutId, [approver]);
    else known.push(approver);
  }
  return signers;
}

/** How many signatures stand on each of these payouts; 0 for those that have none. */
export async function approvalsGiven(
  q: Queryable,
  payoutIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const signers = await approversOf(q, payoutIds);
  return new Map(payoutIds.map((id) => [id, signers.get(id)?.length ?? 0]));
}

import type { Routes } from "../../platform/http/index.ts";
import type { Auth } from "../auth/index.ts";
import { payoutRoutes } from "./routes.ts";
import { createPayoutService, type PayoutDeps, type PayoutService } from "./service.ts";

export {
  type BatchQuestion,
  closesNumber,
  duePayouts,
  markNumbersClosed,
  noteBatchTransaction,
  payoutsOfBatch,
  releaseBatch,
  takeForBatch,
} from "./batch.ts";
export { PAYOUTS_DUE } from "./due.ts";
export { coinRates } from "./exchange.ts";
export { decodeNumber, encodeNumber, type PayoutNumberParts, type Series, seriesOf } from "./numbers.ts";
export type { Delivery, Funding, Payout, PayoutSource, PayoutTransition } from "./payout.ts";
export type { PayoutIntent, Suspicions } from "./plan-payout.ts";
export { type DailyUsage, MAX_ONCHAIN_AMOUNT, type PayoutPolicy, type Tier } from "./policy.ts";
export { ensureDefaultPolicies, policyOf, savePolicy, setAddressRule } from "./policy-store.ts";
export { pauseRail, type RailPause, railPause, resumeRail } from "./rail-pause.ts";
export { approversOn } from "./rails.ts";
export { ensureRlusd } from "./rlusd.ts";
export { acceptedPayout } from "./routes.ts";
export {
  DestinationTag,
  PayoutListItemSchema,
  PayoutSchema,
  PayoutSummarySchema,
  StatusSchema,
  TypedDataSchema,
} from "./schemas.ts";
export {
  type Actor,
  type ApprovalsGiven,
  createPayoutService,
  type PayoutDeps,
  type PayoutService,
  type Proposal,
} from "./service.ts";
export {
  canTransition,
  endedUnpaid,
  isFinal,
  PAYOUT_STATUSES,
  type PayoutStatus,
  TRANSITIONS,
} from "./state.ts";
export {
  findPayout,
  findPayoutByNumber,
  historyOf,
  lastCounter,
  listPayouts,
  lockPayouts,
  type PayoutFilter,
} from "./store.ts";
export { type PayoutPatch, type TransitionStep, transitionPayouts } from "./transition.ts";
export {
  claimTypedData,
  payoutTypedData,
  signTypedData,
  typedDataDigest,
  unixSeconds,
  type VaultDomain,
  type VaultTypedData,
  vaultDomain,
} from "./typed-data.ts";
export { usageToday } from "./usage.ts";
export {
  type PayoutListItem,
  type PayoutSummary,
  type PayoutView,
  payoutListItem,
  payoutSummary,
  payoutView,
} from "./view.ts";

export type Payouts = PayoutService & { readonly routes: Routes };

/** Payouts from request to receipt; approvals, settlement and admin drive the steps in between through this face. */
export function createPayouts(
  deps: PayoutDeps & { auth: Pick<Auth, "requireSession" | "requireRole"> },
): Payouts {
  const service = createPayoutService(deps);
  return { ...service, routes: payoutRoutes({ db: deps.db, auth: deps.auth, service }) };
}

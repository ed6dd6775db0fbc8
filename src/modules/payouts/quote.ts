import type { Static } from "typebox";
import type { Queryable } from "../../platform/db/index.ts";
import {
  findPlanProblem,
  type Payee,
  type PayoutIntent,
  type PayoutPlan,
  type PlanSettings,
  planRequest,
  type Suspicions,
} from "./plan-payout.ts";
import { durationText, refuseAboveCaps } from "./policy.ts";
import type { QuoteSchema } from "./schemas.ts";
import { usageToday } from "./usage.ts";

export type Quote = Static<typeof QuoteSchema>;

/** Between a request and a final block when nothing is in the way: a batch, a block, its confirmations. */
const USUAL_SECONDS = 15;

/** What a request with this intent would do now, refused as the request would be; holds nothing. */
export async function quotePayout(
  q: Queryable,
  settings: PlanSettings & { suspicionsOf: Suspicions },
  payee: Payee,
  intent: PayoutIntent,
  now: Date,
): Promise<Quote> {
  const plan = await planRequest(q, settings, payee, intent);
  const { policy, decision, paid, spent } = plan;
  const used = await usageToday(q, { asset: paid.asset.code, playerId: payee.playerId, now });
  if (plan.source !== "demo") {
    refuseAboveCaps(policy, paid.asset, paid.amount, {
      asset: used.asset + paid.amount,
      player: used.player === null ? null : used.player + paid.amount,
    });
  }
  const problem = await findPlanProblem(settings, plan);
  if (problem !== null) throw problem;
  const left = (cap: bigint, sum: bigint) => (cap > sum ? cap - sum : 0n).toString();
  return {
    rate: plan.rate.toString(),
    spent: { asset: spent.asset.code, amount: spent.amount.toString() },
    asset: paid.asset.code,
    amount: paid.amount.toString(),
    source: plan.source,
    approvals: { required: decision.approvalsRequired, of: plan.approvers },
    reason: decision.reason,
    delivery: plan.canClaim && decision.approvalsRequired === 0 ? ["push", "claim"] : ["push"],
    fees: [],
    expected: expectation(plan),
    limits: {
      min: policy.minAmount.toString(),
      playerLeftToday: left(policy.playerDailyCap, used.player ?? 0n),
      assetLeftToday: left(policy.assetDailyCap, used.asset),
    },
  };
}

function expectation({ source, decision }: PayoutPlan): Quote["expected"] {
  if (source !== "onchain") return { seconds: 0, text: "at once" };
  const wait = decision.delaySeconds > 0 ? ` after a wait of ${durationText(decision.delaySeconds)}` : "";
  if (decision.approvalsRequired > 0) {
    return { seconds: null, text: `once ${decision.approvalsRequired} approvers have signed${wait}` };
  }
  return { seconds: decision.delaySeconds + USUAL_SECONDS, text: `usually within ${USUAL_SECONDS} s${wait}` };
}

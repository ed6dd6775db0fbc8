import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { findPayout, type Payout } from "../payouts/index.ts";
import { payoutNotFound } from "./errors.ts";
import type { ApprovalView } from "./schemas.ts";
import type { SigningScheme } from "./scheme.ts";
import { standingApprovals } from "./store.ts";
import { summarizePayout } from "./summarize.ts";

/** All that an approver looks at before signing; also readable once the payout is over. */
export async function readApprovalView(
  parts: { db: Database; clock: Clock; schemeOf: (payout: Payout) => SigningScheme },
  payoutId: string,
  viewer: string | null,
): Promise<ApprovalView> {
  const { db } = parts;
  const payout = await findPayout(db.pool, payoutId);
  if (payout === null) throw payoutNotFound(payoutId);
  const scheme = parts.schemeOf(payout);
  const { typedData, multisign, digest, validUntil } = await scheme.payloadOf(db.pool, payout);
  const [standing, simulation] = await Promise.all([
    standingApprovals(db.pool, [payoutId]),
    scheme.simulate(db.pool, payout),
  ]);
  const summary = await summarizePayout(db.pool, {
    payout,
    validUntil,
    standing,
    simulation,
    viewer,
    now: parts.clock.now(),
  });
  return {
    typedData,
    multisign,
    digest,
    summary,
    simulation,
    signatures: standing.map(({ approver, signature, createdAt }) => ({
      signer: approver,
      signature,
      at: createdAt.toISOString(),
    })),
    required: payout.approvalsRequired,
    given: standing.length,
  };
}

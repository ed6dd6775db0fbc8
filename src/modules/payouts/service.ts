import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Database, type Queryable, runAgain, type Tx } from "../../platform/db/index.ts";
import type { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/log.ts";
import type { RateLimit } from "../../platform/rate-limit.ts";
import type { XrplClient } from "../../platform/xrpl/client.ts";
import { playerOfWallet, type Session } from "../auth/index.ts";
import { cancelPayout } from "./cancel-payout.ts";
import { unknownRecipient } from "./errors.ts";
import type { Payout } from "./payout.ts";
import {
  findIntentProblem,
  findProposalProblem,
  type Payee,
  type PayoutIntent,
  planProposal,
  planRequest,
  type Suspicions,
} from "./plan-payout.ts";
import { type Quote, quotePayout } from "./quote.ts";
import { createPayoutRails } from "./rails.ts";
import { type Receipt, receiptOf } from "./receipt.ts";
import { releaseDelayed } from "./release-delayed.ts";
import { placePayout } from "./request-payout.ts";
import { historyOf } from "./store.ts";
import { type PayoutView, payoutView } from "./view.ts";
import { createVoucherIssuer } from "./voucher.ts";

/** How many approvals each of these payouts has; those without are missing or 0. */
export type ApprovalsGiven = (
  q: Queryable,
  payoutIds: readonly string[],
) => Promise<ReadonlyMap<string, number>>;

/** Who acts: as much of a session as payouts look at. */
export type Actor = Pick<Session, "playerId" | "account" | "roles"> & Partial<Pick<Session, "address">>;

export type Proposal = {
  proposer: Pick<Session, "account"> & Partial<Pick<Session, "address">>;
  to: string;
  destinationTag?: number;
  asset: string;
  amount: bigint;
  metadata?: Record<string, unknown>;
};

export type VoucherView = {
  typedData: Awaited<ReturnType<ReturnType<typeof createVoucherIssuer>>>["typedData"];
  signature: string;
  vault: string;
  deadline: string;
};

export type PayoutService = {
  /**
   * What the chain has against a wish, asked before the transaction that would place it; null when nothing is known
   * against it. Throws what can never be meant.
   */
  findProblem(actor: Actor, intent: PayoutIntent): Promise<AppError | null>;
  /** Places what a player asks for, in the caller's transaction; throws with nothing done when it is refused. */
  requestPayout(tx: Tx, actor: Actor, intent: PayoutIntent): Promise<PayoutView>;
  /** Places a payout from the rewards account, under the same policy; whoever proposes cannot approve. */
  proposePayout(tx: Tx, proposal: Proposal): Promise<PayoutView>;
  /** What the chain has against a proposal, as `findProblem`. */
  findProposalProblem(proposal: Omit<Proposal, "metadata">): Promise<AppError | null>;
  quote(actor: Actor, intent: PayoutIntent): Promise<Quote>;
  view(q: Queryable, payout: Payout): Promise<PayoutView>;
  receipt(payout: Payout): Promise<Receipt>;
  cancel(payoutId: string, actor: Actor): Promise<PayoutView>;
  voucher(payoutId: string, actor: Actor): Promise<VoucherView>;
  /** Lets go on what waited for a new address. Call it every few seconds, in as many processes as you like. */
  releaseDelayed(now: Date): Promise<number>;
  approvalsGiven: ApprovalsGiven;
};

export type PayoutDeps = {
  config: Pick<Config, "payouts" | "flare" | "xrpl" | "auth">;
  db: Database;
  clock: Clock;
  log: Logger;
  approvalsGiven: ApprovalsGiven;
  /** Slows the payouts of players whose clicking looks like a program's. */
  suspicionsOf: Suspicions;
  /** Asked about payees before they are accepted; null where nothing is paid on the XRP Ledger. */
  xrpl: XrplClient | null;
  /** How often one account may have the chain asked about a payee; absent: as often as it likes. */
  payeeChecks?: RateLimit;
};

export function createPayoutService({
  config,
  db,
  clock,
  log,
  approvalsGiven,
  suspicionsOf,
  xrpl,
  payeeChecks,
}: PayoutDeps): PayoutService {
  const rails = createPayoutRails(config, xrpl, payeeChecks ?? null);
  const settings = { ...config, rails, suspicionsOf };
  const issueVoucher = createVoucherIssuer({ config, db, clock });
  const { approvalSeconds } = config.payouts;
  const payeeOf = (actor: Actor): Payee => ({
    playerId: actor.playerId,
    account: actor.account,
    isDemo: actor.roles.includes("demo"),
  });

  async function view(q: Queryable, payout: Payout): Promise<PayoutView> {
    const given = payout.approvalsRequired === 0 ? undefined : await approvalsGiven(q, [payout.id]);
    return payoutView(payout, given?.get(payout.id) ?? 0, await historyOf(q, payout.id));
  }

  return {
    approvalsGiven,
    view,

    findProblem: (actor, intent) => findIntentProblem(db.pool, settings, payeeOf(actor), intent),

    async requestPayout(tx, actor, intent) {
      const plan = await planRequest(tx, settings, payeeOf(actor), intent);
      const payout = await placePayout(tx, {
        plan,
        proposedBy: actor.account,
        proposedWith: actor.address ?? null,
        metadata: {},
        approvalSeconds,
        now: clock.now(),
      });
      return view(tx, payout);
    },

    findProposalProblem: (proposal) => findProposalProblem(db.pool, settings, proposal),

    async proposePayout(tx, { proposer, to, destinationTag, asset, amount, metadata = {} }) {
      const plan = await planProposal(tx, settings, {
        asset,
        amount,
        to,
        destinationTag,
        async playerOf(payee) {
          const playerId = await playerOfWallet(tx, payee);
          if (playerId === null && config.payouts.mode === "server") throw unknownRecipient(to);
          return playerId;
        },
      });
      const payout = await placePayout(tx, {
        plan,
        proposedBy: proposer.account,
        proposedWith: proposer.address ?? null,
        metadata,
        approvalSeconds,
        now: clock.now(),
      });
      return view(tx, payout);
    },

    quote: (actor, intent) => quotePayout(db.pool, settings, payeeOf(actor), intent, clock.now()),

    async receipt(payout) {
      return receiptOf(config, payout, await historyOf(db.pool, payout.id));
    },

    cancel: (payoutId, actor) =>
      runAgain(() =>
        db.transaction(async (tx) =>
          view(tx, await cancelPayout(tx, { payoutId, actor: actor.account, now: clock.now() })),
        ),
      ),

    async voucher(payoutId, actor) {
      const voucher = await runAgain(() => issueVoucher(payoutId, actor.account));
      return { ...voucher, deadline: voucher.deadline.toISOString() };
    },

    async releaseDelayed(now) {
      const moved = await runAgain(() => releaseDelayed(db, now));
      if (moved > 0) log.info({ moved }, "payouts went on after waiting for a new address");
      return moved;
    },
  };
}

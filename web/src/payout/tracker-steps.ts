import type { Payout, PayoutStatus } from "../api/types.ts";
import { railWords } from "../chain/rails.ts";

/** What a step is to its reader. `attention` waits for them; `stopped` is where it ended unpaid. */
export type StepState = "done" | "current" | "waiting" | "attention" | "stopped";

export type TrackerStep = {
  key: "requested" | "approved" | "sent" | "confirmed";
  title: string;
  state: StepState;
  detail: string | null;
  /** When it was reached. */
  at: string | null;
};

type Tracked = Pick<
  Payout,
  | "status"
  | "source"
  | "rail"
  | "delivery"
  | "approvals"
  | "waitsUntil"
  | "reason"
  | "history"
  | "blockNumber"
>;

/** Ended without payment: what was held has gone back. */
export function endedUnpaid(status: PayoutStatus): boolean {
  return status === "rejected" || status === "expired" || status === "cancelled" || status === "failed";
}

/** Nothing more will happen by itself. */
export function isOver(status: PayoutStatus): boolean {
  return status === "confirmed" || endedUnpaid(status);
}

/** Its owner may still take it back; the server decides it again. */
export function isCancellable(status: PayoutStatus): boolean {
  return status === "requested" || status === "pending_approval" || status === "approved";
}

/** How far a payout has come: a function of the payout alone, so a reload or a lost connection changes nothing. */
export function trackerSteps(payout: Tracked): TrackerStep[] {
  const steps =
    payout.source === "onchain"
      ? [requested(payout), approved(payout), sent(payout), confirmed(payout)]
      : [requested(payout), kept(payout)];
  return endedUnpaid(payout.status) ? cutShort(steps, payout) : steps;
}

/** How many of the steps a status has behind it. */
function reached(status: PayoutStatus): number {
  switch (status) {
    case "requested":
    case "pending_approval":
      return 1;
    case "approved":
    case "batched":
      return 2;
    case "submitted":
    case "credited":
      return 3;
    case "confirmed":
      return 4;
    default:
      return 0;
  }
}

function timeOf(payout: Tracked, ...statuses: PayoutStatus[]): string | null {
  return payout.history.findLast((step) => statuses.includes(step.to))?.at ?? null;
}

function requested(payout: Tracked): TrackerStep {
  return {
    key: "requested",
    title: "Requested",
    state: "done",
    detail: null,
    at: payout.history[0]?.at ?? null,
  };
}

function approved(payout: Tracked): TrackerStep {
  const { approvals, status, waitsUntil } = payout;
  const isDone = reached(status) >= 2;
  const needsPeople = approvals.required > 0;
  const title = needsPeople
    ? `Approved, ${Math.min(approvals.given, approvals.required)} of ${approvals.required}`
    : "Approved";
  return {
    key: "approved",
    title,
    state: isDone ? "done" : "current",
    detail: isDone
      ? needsPeople
        ? null
        : "Needs no approver"
      : waitsUntil !== null
        ? "A new address waits before its first payment"
        : needsPeople
          ? payout.reason
          : null,
    at: isDone ? timeOf(payout, "approved") : null,
  };
}

function sent(payout: Tracked): TrackerStep {
  const { status, delivery, rail } = payout;
  const isDone = reached(status) >= (delivery === "claim" ? 4 : 3);
  const reachedAt = delivery === "claim" ? timeOf(payout, "confirmed") : timeOf(payout, "submitted");
  const base = { key: "sent", at: isDone ? reachedAt : null } as const;
  if (delivery === "claim") {
    const isMine = status === "approved" || status === "submitted";
    return {
      ...base,
      title: isDone ? "Claimed" : "Yours to claim",
      state: isDone ? "done" : isMine ? "attention" : "waiting",
      detail: isMine ? "Bring the voucher to the vault" : null,
    };
  }
  // On the XRP Ledger each payment is a transaction of its own, under a ticket.
  const [next, taken] =
    rail === "xrpl" ? ["Is sent next", "Signed, about to be sent"] : ["Joins the next batch", "In a batch"];
  const detail = status === "approved" ? next : status === "batched" ? taken : null;
  return {
    ...base,
    title: "Sent",
    state: isDone ? "done" : reached(status) === 2 ? "current" : "waiting",
    detail,
  };
}

function confirmed(payout: Tracked): TrackerStep {
  const { status, delivery, blockNumber, rail } = payout;
  const { block } = railWords(rail);
  if (status === "credited") {
    return {
      key: "confirmed",
      title: "Refused by the address",
      state: "attention",
      detail: "The vault keeps it as a credit",
      at: timeOf(payout, "credited"),
    };
  }
  const isDone = status === "confirmed";
  const isNext = status === "submitted" && delivery === "push";
  const wasPulled = payout.history.some(({ to }) => to === "credited");
  return {
    key: "confirmed",
    title: "Confirmed",
    state: isDone ? "done" : isNext ? "current" : "waiting",
    detail: isDone
      ? wasPulled
        ? "Pulled from the vault"
        : blockNumber === null
          ? null
          : `In ${block} ${blockNumber}`
      : isNext
        ? `Waits for its ${block} to be ${rail === "xrpl" ? "validated" : "final"}`
        : null,
    at: isDone ? timeOf(payout, "confirmed") : null,
  };
}

/** What never leaves for a chain is over at once. */
function kept(payout: Tracked): TrackerStep {
  const isDone = payout.status === "confirmed";
  return {
    key: "confirmed",
    title: payout.source === "demo" ? "Done, as a demo" : "Paid to your balance",
    state: isDone ? "done" : "current",
    detail: payout.source === "demo" ? "Nothing was paid" : null,
    at: isDone ? timeOf(payout, "confirmed") : null,
  };
}

const ENDED: Partial<Record<PayoutStatus, string>> = {
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Taken back",
  failed: "Failed",
};

/** The steps that were made, then the one at which it ended. */
function cutShort(steps: readonly TrackerStep[], payout: Tracked): TrackerStep[] {
  const end = payout.history.findLast((step) => step.to === payout.status);
  const made = Math.max(1, end?.from == null ? 1 : reached(end.from));
  const done = steps.slice(0, made).map((step) => ({ ...step, state: "done" as const, detail: null }));
  return [
    ...done,
    {
      key: steps[made]?.key ?? "confirmed",
      title: ENDED[payout.status] ?? "Ended",
      state: "stopped",
      detail: end?.reason ?? payout.reason,
      at: end?.at ?? null,
    },
  ];
}

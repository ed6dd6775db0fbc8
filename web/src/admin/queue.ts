import { railOf } from "../chain/rails.ts";
import type { QueuedPayout } from "./types.ts";

export const SOON_MS = 2 * 3_600_000;

export type Queue = {
  /** The viewer's signature would count. */
  mine: QueuedPayout[];
  /** The viewer signed or proposed these, or may not sign them: approvers of a chain sign what leaves on it. */
  others: QueuedPayout[];
  /** No approver is needed yet: their wait for a new address goes by, and they can be rejected meanwhile. */
  delayed: QueuedPayout[];
  /** Of all these, how many end unpaid soon unless somebody signs. */
  expiringSoon: number;
};

/** Sorts what waits by whom it waits for; within each, what ends first comes first. */
export function sortQueue(
  waiting: readonly QueuedPayout[],
  viewer: { isApprover: boolean; address: string | null; nowMs: number },
): Queue {
  const pending = waiting
    .filter(({ status }) => status === "pending_approval")
    .toSorted((a, b) => byTime(a.approvals.expiresAt, b.approvals.expiresAt));
  const rail = viewer.address === null ? null : railOf(viewer.address);
  const isMine = (payout: QueuedPayout): boolean =>
    viewer.isApprover && payout.rail === rail && !payout.signedByMe && !payout.proposedByMe;
  return {
    mine: pending.filter(isMine),
    others: pending.filter((payout) => !isMine(payout)),
    delayed: waiting
      .filter(({ status, waitsUntil }) => status === "requested" && waitsUntil !== null)
      .toSorted((a, b) => byTime(a.waitsUntil, b.waitsUntil)),
    expiringSoon: pending.filter((payout) => expiresSoon(payout, viewer.nowMs)).length,
  };
}

export function expiresSoon(payout: Pick<QueuedPayout, "status" | "approvals">, nowMs: number): boolean {
  const { expiresAt } = payout.approvals;
  return (
    payout.status === "pending_approval" && expiresAt !== null && Date.parse(expiresAt) - nowMs <= SOON_MS
  );
}

/** Earliest first; what has no time comes last. */
function byTime(a: string | null, b: string | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return Date.parse(a) - Date.parse(b);
}

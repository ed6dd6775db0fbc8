import type { PayoutStatus } from "../api/types.ts";

/** For those who run it, in the words of the API's statuses. */
export const STATUS_NAMES: Readonly<Record<PayoutStatus, string>> = {
  requested: "Requested",
  pending_approval: "Pending approval",
  approved: "Approved",
  batched: "Batched",
  submitted: "Submitted",
  confirmed: "Confirmed",
  credited: "Credited",
  failed: "Failed",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
};

export function statusName(status: string): string {
  return STATUS_NAMES[status as PayoutStatus] ?? status;
}

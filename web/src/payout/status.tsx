import type { PayoutListItem } from "../api/types.ts";
import { Tag, type Tone } from "../ui/tag.tsx";

/** A payout's state in a word or two, for lists. */
export function statusWords(payout: Pick<PayoutListItem, "status" | "approvals" | "delivery" | "source">): {
  text: string;
  tone: Tone;
} {
  const { status, approvals, delivery, source } = payout;
  switch (status) {
    case "requested":
      return { text: "Waiting", tone: "wait" };
    case "pending_approval":
      return { text: `Approved ${approvals.given} of ${approvals.required}`, tone: "wait" };
    case "approved":
    case "submitted":
      return delivery === "claim"
        ? { text: "Yours to claim", tone: "warn" }
        : { text: "Being sent", tone: "wait" };
    case "batched":
      return { text: "Being sent", tone: "wait" };
    case "confirmed":
      return source === "demo"
        ? { text: "Demo, not paid", tone: "wait" }
        : { text: "Confirmed", tone: "good" };
    case "credited":
      return { text: "Refused, yours to pull", tone: "warn" };
    case "cancelled":
      return { text: "Taken back", tone: "wait" };
    case "failed":
      return { text: "Failed", tone: "bad" };
    case "rejected":
      return { text: "Rejected", tone: "bad" };
    case "expired":
      return { text: "Expired", tone: "bad" };
  }
}

export function StatusTag({ payout }: { payout: Parameters<typeof statusWords>[0] }) {
  const { text, tone } = statusWords(payout);
  return <Tag tone={tone}>{text}</Tag>;
}

import { notifications } from "@mantine/notifications";
import { configQuery, queryClient } from "../api/queries.ts";
import type { PayoutStatus, PayoutSummary } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";

const NEWS: Partial<Record<PayoutStatus, string>> = {
  confirmed: "Paid",
  credited: "The address refused the payment. It is yours to pull.",
  rejected: "An approver rejected it. The amount is back in your balance.",
  expired: "It expired. The amount is back in your balance.",
  failed: "It could not be paid. The amount is back in your balance.",
};

/** Tells how a payout ended, unless its own page is open and shows it. */
export function announcePayout(payout: PayoutSummary): void {
  const news = NEWS[payout.status];
  if (news === undefined || payout.source === "demo" || location.pathname === `/payouts/${payout.id}`) return;
  const assets = queryClient.getQueryData(configQuery.queryKey)?.assets;
  const scale = assets?.find(({ code }) => code === payout.asset)?.scale ?? 0;
  notifications.show({
    id: `payout-${payout.id}`,
    title: `${formatAmount(payout.amount, scale)} ${payout.asset}`,
    message: news,
    color: payout.status === "confirmed" ? "teal" : "gold",
    autoClose: 8_000,
    closeButtonProps: { "aria-label": "Close" },
  });
}

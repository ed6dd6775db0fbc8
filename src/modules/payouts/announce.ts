import type { Tx } from "../../platform/db/index.ts";
import { announce, type OutboxEvent } from "../../platform/outbox.ts";
import { balancesByOwner } from "./balances.ts";
import { playerOwner } from "./holds.ts";
import type { Payout } from "./payout.ts";
import type { PayoutStatus } from "./state.ts";
import { payoutSummary } from "./view.ts";

/** Tells the owner of each payout where it stands now, and the feed once, when it is paid or owed by the vault. */
export async function announceSteps(
  tx: Tx,
  steps: readonly { payout: Payout; from: PayoutStatus | null }[],
): Promise<void> {
  await announce(
    tx,
    steps.flatMap(({ payout, from }): OutboxEvent[] => {
      const own: OutboxEvent = {
        channel: `account:${payout.account}`,
        type: "payout",
        payload: payoutSummary(payout),
      };
      const isNews = payout.status === "credited" || (payout.status === "confirmed" && from !== "credited");
      return isNews ? [own, { channel: "feed", type: "payout", payload: feedPayload(payout) }] : [own];
    }),
  );
}

function feedPayload(payout: Payout): Record<string, unknown> {
  return {
    id: payout.id,
    amount: payout.amount.toString(),
    asset: payout.asset,
    account: payout.account,
    ...(payout.txHash === null ? {} : { txHash: payout.txHash }),
    demo: payout.source === "demo",
    timestamp: payout.updatedAt.toISOString(),
  };
}

/** Tells players what they have, as it is after the ledger's part of this transaction. */
export async function announceBalances(
  tx: Tx,
  payouts: readonly Pick<Payout, "playerId" | "account" | "funding">[],
): Promise<void> {
  const accounts = new Map<string, string>();
  for (const { playerId, account, funding } of payouts) {
    if (playerId !== null && funding !== "rewards") accounts.set(playerOwner(playerId), account);
  }
  const balances = await balancesByOwner(tx, [...accounts.keys()]);
  await announce(
    tx,
    [...accounts].map(([owner, account]) => ({
      channel: `account:${account}`,
      type: "balance",
      payload: { balances: balances.get(owner) ?? [] },
    })),
  );
}

import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ApiClient, PayoutView } from "../../scripts/local/api-client.ts";

/** Waits until a payout is confirmed, and sees to it that it goes nowhere else. */
export async function untilPaid(api: ApiClient, id: string): Promise<PayoutView> {
  for (;;) {
    const payout = await api.get<PayoutView>(`/payouts/${id}`);
    if (payout.status === "confirmed") return payout;
    expect(["approved", "batched", "submitted"]).toContain(payout.status);
    await sleep(100);
  }
}

import { describe, expect, it } from "vitest";
import type { Payout, PayoutStatus } from "../../web/src/api/types.ts";
import { trackerSteps } from "../../web/src/payout/tracker-steps.ts";

type Tracked = Parameters<typeof trackerSteps>[0];

function payout(path: readonly PayoutStatus[], more: Partial<Payout> = {}): Tracked {
  const history = path.map((to, i) => ({
    from: path[i - 1] ?? null,
    to,
    actor: "somebody",
    reason: `became ${to}`,
    at: `2026-11-20T10:00:0${i}.000Z`,
  }));
  return {
    status: path.at(-1) ?? "requested",
    source: "onchain",
    rail: "flare",
    delivery: "push",
    approvals: { required: 0, given: 0, expiresAt: null },
    waitsUntil: null,
    reason: "needs no approval: below 100 FLR",
    blockNumber: null,
    history,
    ...more,
  };
}

const shown = (tracked: Tracked): string[] =>
  trackerSteps(tracked).map(({ title, state }) => `${title}: ${state}`);

describe("the tracker", () => {
  it.each<[string, Tracked, string[]]>([
    [
      "a small payout before it is sent",
      payout(["requested", "approved"]),
      ["Requested: done", "Approved: done", "Sent: current", "Confirmed: waiting"],
    ],
    [
      "one that waits for its block",
      payout(["requested", "approved", "batched", "submitted"]),
      ["Requested: done", "Approved: done", "Sent: done", "Confirmed: current"],
    ],
    [
      "one that is paid",
      payout(["requested", "approved", "batched", "submitted", "confirmed"]),
      ["Requested: done", "Approved: done", "Sent: done", "Confirmed: done"],
    ],
    [
      "a large one with one of two signatures",
      payout(["requested", "pending_approval"], { approvals: { required: 2, given: 1, expiresAt: null } }),
      ["Requested: done", "Approved, 1 of 2: current", "Sent: waiting", "Confirmed: waiting"],
    ],
    [
      "one that lost its batch and is approved again",
      payout(["requested", "approved", "batched", "submitted", "approved"]),
      ["Requested: done", "Approved: done", "Sent: current", "Confirmed: waiting"],
    ],
    [
      "a claim whose voucher is ready",
      payout(["requested", "approved"], { delivery: "claim" }),
      ["Requested: done", "Approved: done", "Yours to claim: attention", "Confirmed: waiting"],
    ],
    [
      "a claim whose voucher was given out",
      payout(["requested", "approved", "submitted"], { delivery: "claim" }),
      ["Requested: done", "Approved: done", "Yours to claim: attention", "Confirmed: waiting"],
    ],
    [
      "one that the address refused",
      payout(["requested", "approved", "batched", "submitted", "credited"]),
      ["Requested: done", "Approved: done", "Sent: done", "Refused by the address: attention"],
    ],
    [
      "a rejected one",
      payout(["requested", "pending_approval", "rejected"]),
      ["Requested: done", "Rejected: stopped"],
    ],
    [
      "one taken back after it was approved",
      payout(["requested", "approved", "cancelled"]),
      ["Requested: done", "Approved: done", "Taken back: stopped"],
    ],
    [
      "a demo",
      payout(["requested", "confirmed"], { source: "demo" }),
      ["Requested: done", "Done, as a demo: done"],
    ],
    [
      "one that stays on the ledger",
      payout(["requested", "confirmed"], { source: "server" }),
      ["Requested: done", "Paid to your balance: done"],
    ],
  ])("shows %s", (_name, tracked, steps) => {
    expect(shown(tracked)).toEqual(steps);
  });

  it("has at most one step under way, and nothing done after one that is not", () => {
    const paths: PayoutStatus[][] = [
      ["requested"],
      ["requested", "pending_approval"],
      ["requested", "approved"],
      ["requested", "approved", "batched"],
      ["requested", "approved", "batched", "submitted"],
      ["requested", "approved", "batched", "submitted", "credited"],
      ["requested", "approved", "batched", "failed"],
    ];
    for (const path of paths) {
      const states = trackerSteps(payout(path)).map(({ state }) => state);
      const firstOpen = states.findIndex((state) => state !== "done");
      expect(states.slice(firstOpen + 1).every((state) => state === "waiting")).toBe(true);
    }
  });

  it("says why and when it ended", () => {
    const last = trackerSteps(payout(["requested", "pending_approval", "expired"])).at(-1);
    expect(last).toMatchObject({ detail: "became expired", at: "2026-11-20T10:00:02.000Z" });
  });

  it("keeps the times of a credit that was pulled later apart", () => {
    const steps = trackerSteps(
      payout(["requested", "approved", "batched", "submitted", "credited", "confirmed"]),
    );
    expect(steps.map(({ at }) => at?.slice(18, 19))).toEqual(["0", "1", "3", "5"]);
    expect(steps.at(-1)?.detail).toBe("Pulled from the vault");
  });

  it("speaks of ledgers where there are no blocks, and of no batch where each payment goes alone", () => {
    const details = (rail: string, path: readonly PayoutStatus[]) =>
      trackerSteps(payout(path, { rail, blockNumber: "362" })).map(({ detail }) => detail);
    const sent: PayoutStatus[] = ["requested", "approved", "batched", "submitted"];
    expect(details("xrpl", sent.slice(0, 2)).at(2)).toBe("Is sent next");
    expect(details("flare", sent.slice(0, 2)).at(2)).toBe("Joins the next batch");
    expect(details("xrpl", sent.slice(0, 3)).at(2)).not.toContain("batch");
    expect(details("xrpl", sent).at(3)).toBe("Waits for its ledger to be validated");
    expect(details("xrpl", [...sent, "confirmed"]).at(3)).toBe("In ledger 362");
    expect(details("flare", [...sent, "confirmed"]).at(3)).toBe("In block 362");
  });
});

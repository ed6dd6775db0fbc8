import { describe, expect, it } from "vitest";
import {
  type ApprovalSituation,
  countApprovals,
  refusalToApprove,
  refusalToReject,
  refusalToRevoke,
} from "../../src/modules/approvals/decide.ts";
import { PAYOUT_STATUSES } from "../../src/modules/payouts/index.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const [ALICE, BOB, CAROL, EVE] = ["0xA", "0xB", "0xC", "0xE"] as const;

function situation(change: Partial<ApprovalSituation> = {}): ApprovalSituation {
  return {
    payout: {
      id: "p",
      status: "pending_approval",
      validUntil: new Date("2026-03-02T12:00:00Z"),
      proposedBy: CAROL,
      proposedWith: CAROL,
    },
    actor: ALICE,
    account: ALICE,
    approvers: [ALICE, BOB, CAROL],
    signedBy: [],
    signedByAccounts: [],
    now: NOW,
    ...change,
  };
}

describe("who may approve", () => {
  it("is an approver who did neither propose nor sign, while the payout waits", () => {
    expect(refusalToApprove(situation())).toBeNull();
    expect(refusalToApprove(situation({ signedBy: [BOB] }))).toBeNull();
  });

  it("is nobody whose account has proposed or signed it by another wallet", () => {
    expect(refusalToApprove(situation({ account: CAROL }))).toMatchObject({
      code: "proposer_cannot_approve",
    });
    expect(refusalToApprove(situation({ signedBy: [BOB], signedByAccounts: [ALICE] }))).toMatchObject({
      code: "already_approved",
    });
  });

  it("is nobody once the last second has passed, and somebody in it", () => {
    const { payout } = situation();
    const until = payout.validUntil ?? NOW;
    expect(refusalToApprove(situation({ now: until }))).toBeNull();
    expect(refusalToApprove(situation({ now: new Date(until.getTime() + 1) }))).toMatchObject({
      code: "approval_expired",
    });
  });

  it.each(PAYOUT_STATUSES.filter((status) => status !== "pending_approval"))(
    "is nobody while it is %s",
    (status) => {
      const payout = { ...situation().payout, status };
      expect(refusalToApprove(situation({ payout }))).toMatchObject({
        code: "not_pending_approval",
        details: { status },
      });
    },
  );

  it.each<[why: string, change: Partial<ApprovalSituation>, code: string]>([
    ["no approver", { actor: EVE }, "not_an_approver"],
    ["the proposer", { actor: CAROL }, "proposer_cannot_approve"],
    ["one who signed", { signedBy: [BOB, ALICE] }, "already_approved"],
  ])("is not %s", (_why, change, code) => {
    expect(refusalToApprove(situation(change))).toMatchObject({ code });
  });

  it("hears first what no time and no other payout will mend", () => {
    const over = {
      ...situation().payout,
      status: "rejected" as const,
      validUntil: new Date(0),
      proposedBy: EVE,
      proposedWith: EVE,
    };
    const everything = { payout: over, actor: EVE, signedBy: [EVE] };
    expect(refusalToApprove(situation(everything))).toMatchObject({ code: "not_an_approver" });
    const asApprover = { ...everything, approvers: [EVE] };
    expect(refusalToApprove(situation(asApprover))).toMatchObject({ code: "not_pending_approval" });
    const pending = { ...asApprover, payout: { ...over, status: "pending_approval" as const } };
    expect(refusalToApprove(situation(pending))).toMatchObject({ code: "approval_expired" });
    const inTime = { ...pending, payout: { ...pending.payout, validUntil: NOW } };
    expect(refusalToApprove(situation(inTime))).toMatchObject({ code: "proposer_cannot_approve" });
  });
});

describe("what counts", () => {
  it("is a signature of somebody who is an approver still", () => {
    expect(countApprovals([ALICE, EVE, BOB], [ALICE, BOB, CAROL])).toBe(2);
  });
});

describe("who may take an approval back", () => {
  it.each([
    ["requested", null],
    ["pending_approval", null],
    ["approved", null],
    ["batched", "too_late"],
    ["submitted", "too_late"],
    ["confirmed", "too_late"],
    ["credited", "too_late"],
    ["failed", "not_pending_approval"],
    ["rejected", "not_pending_approval"],
    ["expired", "not_pending_approval"],
    ["cancelled", "not_pending_approval"],
  ] as const)("of a payout that is %s: %s", (status, code) => {
    const refusal = refusalToRevoke({ id: "p", status }, ALICE, [ALICE]);
    expect(refusal?.code ?? null).toBe(code);
  });

  it("is only who gave it", () => {
    expect(refusalToRevoke({ id: "p", status: "pending_approval" }, BOB, [ALICE])).toMatchObject({
      code: "not_approved_by_you",
    });
  });
});

describe("who may reject", () => {
  it.each(PAYOUT_STATUSES)("a payout that is %s: approvers, while it waits", (status) => {
    const waits = status === "requested" || status === "pending_approval";
    expect(refusalToReject({ id: "p", status }, ALICE, [ALICE])?.code ?? null).toBe(
      waits ? null : "not_rejectable",
    );
    expect(refusalToReject({ id: "p", status }, EVE, [ALICE])?.code).toBe("not_an_approver");
  });
});

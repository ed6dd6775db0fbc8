import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardhatWallets, localXrplAccounts } from "../../src/config.ts";
import {
  type AuditFilter,
  auditFilterFault,
  auditQueryString,
  parseAuditFilter,
} from "../../web/src/admin/audit-filter.ts";
import { demoApprovers, FLARE_APPROVERS, XRPL_APPROVERS } from "../../web/src/admin/demo-accounts.ts";
import { payloadFaults } from "../../web/src/admin/payload.ts";
import { approvalsFor, treasuryEffect } from "../../web/src/admin/proposal.ts";
import { expiresSoon, SOON_MS, sortQueue } from "../../web/src/admin/queue.ts";
import { standingOf } from "../../web/src/admin/standing.ts";
import { compareVault, driftLines, percentOf, unapprovedLimit } from "../../web/src/admin/treasury.ts";
import type { ApprovalView, AssetTreasury, QueuedPayout } from "../../web/src/admin/types.ts";
import type { Asset, PayoutStatus } from "../../web/src/api/types.ts";

const NOW = Date.parse("2026-11-20T10:00:00.000Z");
const ME = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

const XRPL_PAYEE = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";

const inHours = (hours: number): string => new Date(NOW + hours * 3_600_000).toISOString();

function queued(id: string, more: Partial<QueuedPayout> & { expiresAt?: string | null } = {}): QueuedPayout {
  const { expiresAt = inHours(100), ...rest } = more;
  return {
    id,
    number: "1152921504606846977",
    status: "pending_approval",
    source: "onchain",
    rail: "flare",
    delivery: "push",
    account: OTHER,
    to: OTHER,
    asset: "FLR",
    amount: "150",
    spent: { asset: "FLR", amount: "150" },
    approvals: { required: 2, given: 0, expiresAt },
    waitsUntil: null,
    reason: "needs 2 of 4",
    txHash: null,
    blockNumber: null,
    createdAt: inHours(-1),
    proposedBy: OTHER,
    metadata: {},
    signedByMe: false,
    proposedByMe: false,
    ...rest,
  };
}

const ids = (payouts: readonly QueuedPayout[]): string[] => payouts.map(({ id }) => id);

describe("the queue", () => {
  it("tells what waits for the viewer from what waits for others, what ends first before the rest", () => {
    const queue = sortQueue(
      [
        queued("late"),
        queued("signed", { signedByMe: true }),
        queued("soon", { expiresAt: inHours(1) }),
        queued("proposed", { proposedByMe: true, expiresAt: inHours(1.5) }),
        queued("for ever", { expiresAt: null }),
      ],
      { isApprover: true, address: ME, nowMs: NOW },
    );
    expect(ids(queue.mine)).toEqual(["soon", "late", "for ever"]);
    expect(ids(queue.others)).toEqual(["proposed", "signed"]);
    expect(queue.expiringSoon).toBe(2);
  });

  it("has nothing for somebody who may not sign", () => {
    const queue = sortQueue([queued("a")], { isApprover: false, address: ME, nowMs: NOW });
    expect(queue.mine).toEqual([]);
    expect(ids(queue.others)).toEqual(["a"]);
  });

  it("asks approvers for what leaves on the chain of their wallet", () => {
    const waiting = [queued("flare"), queued("xrpl", { rail: "xrpl", to: XRPL_PAYEE })];
    const mineAs = (address: string | null): string[] =>
      ids(sortQueue(waiting, { isApprover: true, address, nowMs: NOW }).mine);
    expect([mineAs(ME), mineAs(XRPL_PAYEE), mineAs(null)]).toEqual([["flare"], ["xrpl"], []]);
  });

  it("lists what is held back for a while, and leaves out what is only passing through", () => {
    const queue = sortQueue(
      [
        queued("passing", { status: "requested" }),
        queued("second", { status: "requested", waitsUntil: inHours(3) }),
        queued("first", { status: "requested", waitsUntil: inHours(2) }),
      ],
      { isApprover: true, address: ME, nowMs: NOW },
    );
    expect(ids(queue.delayed)).toEqual(["first", "second"]);
    expect([...queue.mine, ...queue.others]).toEqual([]);
  });

  it("calls it soon from two hours on, and only while signatures are awaited", () => {
    const at = (ms: number, status: PayoutStatus = "pending_approval"): boolean =>
      expiresSoon(queued("a", { status, expiresAt: new Date(NOW + ms).toISOString() }), NOW);
    expect([at(SOON_MS + 1), at(SOON_MS), at(-1)]).toEqual([false, true, true]);
    expect(at(0, "approved")).toBe(false);
  });
});

describe("what a viewer may do", () => {
  const facts = { proposedBy: OTHER, signedBy: [] as string[], expiresAt: inHours(1) };
  const approver = { address: ME, account: ME, roles: ["player", "approver"] as ("player" | "approver")[] };
  const stands = (
    status: PayoutStatus,
    more: Partial<typeof facts> = {},
    viewer: Parameters<typeof standingOf>[2] = approver,
    rail = "flare",
  ) => standingOf(queued("a", { status, rail }), { ...facts, ...more }, viewer, NOW);

  it("approves and rejects what waits for signatures", () => {
    expect(stands("pending_approval")).toEqual({
      approve: { may: true },
      mayReject: true,
      mayRevoke: false,
    });
  });

  it("does not approve their own proposal, and is told so, but may reject it", () => {
    const { approve, mayReject } = stands("pending_approval", { proposedBy: ME });
    expect(approve).toMatchObject({ may: false, why: expect.stringContaining("You proposed this payout") });
    expect(mayReject).toBe(true);
  });

  it.each<[PayoutStatus, boolean]>([
    ["pending_approval", true],
    ["approved", true],
    ["batched", false],
    ["submitted", false],
    ["confirmed", false],
    ["rejected", false],
  ])("takes a signature back while a payout is %s: %s", (status, may) => {
    expect(stands(status, { signedBy: [ME] })).toMatchObject({ mayRevoke: may, approve: { may: false } });
  });

  it("neither approves after the time is over nor before a new address has waited", () => {
    expect(stands("pending_approval", { expiresAt: inHours(-1) }).approve.may).toBe(false);
    expect(stands("requested").approve.may).toBe(false);
    expect(stands("requested").mayReject).toBe(true);
  });

  it("decides only about what leaves on the chain of the wallet that signed in", () => {
    const elsewhere = stands("pending_approval", {}, approver, "xrpl");
    expect(elsewhere).toMatchObject({ approve: { may: false }, mayReject: false, mayRevoke: false });
    expect(elsewhere.approve).toMatchObject({ why: expect.stringContaining("XRP Ledger") });
    const there = { ...approver, address: XRPL_PAYEE };
    expect(stands("pending_approval", {}, there, "xrpl").approve.may).toBe(true);
    // Signatures are those of wallets, whichever account they belong to.
    expect(stands("pending_approval", { signedBy: [ME] }, there, "xrpl").approve.may).toBe(true);
    expect(stands("pending_approval", { signedBy: [XRPL_PAYEE] }, there, "xrpl").mayRevoke).toBe(true);
    expect(stands("pending_approval", { proposedBy: ME }, there, "xrpl").approve.may).toBe(false);
  });

  it("only looks without the role", () => {
    const admin = { address: ME, account: ME, roles: ["player"] as ("player" | "approver")[] };
    expect(stands("pending_approval", { signedBy: [ME] }, admin)).toMatchObject({
      approve: { may: false },
      mayReject: false,
      mayRevoke: false,
    });
  });
});

describe("the payload to sign", () => {
  const vault = "0x0165878A594ca255338adfa4d48449f69242Eb8F";
  const chain = { chainId: 31_337, vault };
  const validUntil = String(Date.parse(inHours(10)) / 1_000);
  const payout = { ...queued("a"), scale: 18 };
  const chains = { flare: chain };
  const message = {
    number: payout.number ?? "",
    asset: `0x${"0".repeat(40)}`,
    to: OTHER,
    amount: "150",
    validUntil,
  };
  const domain = { name: "CoinClicker PayoutVault", version: "1", chainId: 31_337, verifyingContract: vault };

  function view(more: { message?: object; domain?: object; primaryType?: string } = {}) {
    return {
      typedData: {
        types: {},
        primaryType: more.primaryType ?? "Payout",
        domain: { ...domain, ...more.domain },
        message: { ...message, ...more.message },
      },
      multisign: null,
      summary: { expiresAt: inHours(10) },
    } as Pick<ApprovalView, "typedData" | "multisign" | "summary">;
  }

  it("has no fault where it says what the page says, in whatever case an address is written", () => {
    expect(payloadFaults(view(), payout, chains)).toEqual([]);
    expect(payloadFaults(view({ message: { to: OTHER.toLowerCase() } }), payout, chains)).toEqual([]);
  });

  it.each<[string, Parameters<typeof view>[0]]>([
    ["amount", { message: { amount: "1500" } }],
    ["address", { message: { to: ME } }],
    ["number", { message: { number: "1" } }],
    ["expiry", { message: { validUntil: "1" } }],
    ["chain", { domain: { chainId: 14 } }],
    ["vault", { domain: { verifyingContract: ME } }],
    ["kind", { primaryType: "Permit" }],
  ])("is refused when another %s is signed than shown", (what, more) => {
    const faults = payloadFaults(view(more), payout, chains);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(what);
  });

  it("is refused when there is no vault to compare with", () => {
    expect(payloadFaults(view(), payout, {})).toHaveLength(1);
  });
});

const FLR: Asset = {
  code: "FLR",
  scale: 2,
  kind: "settled",
  tiers: [
    { above: "1000000", approvals: 3 },
    { above: "10000", approvals: 2 },
  ],
};

function treasury(more: { ledger?: object; chain?: object | null } = {}): AssetTreasury {
  const ledger = { vault: "1000", rewardsAvailable: "800", rewardsHeld: "0", credited: "0", underWay: "0" };
  const chain = { vault: "1000", owed: "0", bucketAvailable: "500", bucketCapacity: "500" };
  return {
    asset: "FLR",
    ledger: { ...ledger, ...more.ledger },
    chain: more.chain === null ? null : { ...chain, ...more.chain },
  };
}

describe("a proposal", () => {
  it.each<[bigint, number, string]>([
    [9_999n, 0, "it is below 100 FLR"],
    [10_000n, 2, "it is 100 FLR or more, and below 10,000 FLR"],
    [999_999n, 2, "it is 100 FLR or more, and below 10,000 FLR"],
    [1_000_000n, 3, "it is 10,000 FLR or more"],
  ])("of %s needs %s signatures", (amount, required, why) => {
    expect(approvalsFor(FLR, amount)).toEqual({ required, why });
  });

  it("leaves what it leaves, exactly", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 30n }),
        (has, amount) => {
          const effect = treasuryEffect(treasury({ ledger: { rewardsAvailable: `${has}` } }), amount, 2);
          expect(effect.after).toBe(has - amount);
          expect(effect.isShort).toBe(effect.after < 0n);
        },
      ),
    );
  });

  it("draws on the vault's bucket only where nobody signs", () => {
    expect(treasuryEffect(treasury(), 501n, 0).bucket).toEqual({ available: 500n, isShort: true });
    expect(treasuryEffect(treasury(), 500n, 0).bucket?.isShort).toBe(false);
    expect(treasuryEffect(treasury(), 501n, 2).bucket).toBeNull();
  });
});

describe("the treasury", () => {
  it.each<[string, Parameters<typeof treasury>[0], string, bigint]>([
    ["the same on both sides", {}, "agrees", 0n],
    ["more on chain", { chain: { vault: "1001" } }, "surplus", 1n],
    ["less by what was sent", { chain: { vault: "900" }, ledger: { underWay: "100" } }, "in_flight", -100n],
    [
      "less by more than was sent",
      { chain: { vault: "899" }, ledger: { underWay: "100" } },
      "deficit",
      -101n,
    ],
  ])("compares the vault with the ledger: %s", (_name, more, state, difference) => {
    expect(compareVault(treasury(more))).toEqual({ state, difference });
  });

  it("allows for fees that are not in the books yet, where they come out of the same money", () => {
    const found = treasury({ chain: { vault: "890" }, ledger: { underWay: "100" } });
    expect(compareVault(found, 10n)?.state).toBe("in_flight");
    expect(compareVault(found, 9n)?.state).toBe("deficit");
  });

  it("says nothing about a chain that it could not ask", () => {
    expect(compareVault(treasury({ chain: null }))).toBeNull();
  });

  it("allows unsigned what is below the lowest tier and in the bucket", () => {
    expect(unapprovedLimit(FLR, 50_000n)).toEqual({ kind: "below", amount: 10_000n });
    expect(unapprovedLimit(FLR, 10_000n)).toEqual({ kind: "below", amount: 10_000n });
    expect(unapprovedLimit(FLR, 9_999n)).toEqual({ kind: "up_to", amount: 9_999n });
    expect(unapprovedLimit({ tiers: [] }, 7n)).toEqual({ kind: "up_to", amount: 7n });
  });

  it("fills a bar between empty and full, whatever the figures", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (part, whole) => {
        const percent = percentOf(part, whole);
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
      }),
    );
    expect([percentOf(1n, 3n), percentOf(10n ** 30n, 2n * 10n ** 30n), percentOf(5n, 5n)]).toEqual([
      33, 50, 100,
    ]);
  });

  it("reads what reconciliation found, with the difference", () => {
    const found = {
      block: "42",
      drifts: [
        {
          kind: "vault_deficit",
          message: "the vault holds 3 less",
          asset: "FLR",
          details: { ledger: "10", vault: "7" },
        },
        { kind: "unknown_numbers", message: "one unknown", asset: "FLR", details: { numbers: "5" } },
      ],
    };
    expect(driftLines(found)).toEqual({
      block: "42",
      lines: [
        { message: "the vault holds 3 less", asset: "FLR", ledger: 10n, vault: 7n, difference: -3n },
        { message: "one unknown", asset: "FLR", ledger: null, vault: null, difference: null },
      ],
    });
  });

  it("hides no drift that it cannot read", () => {
    expect(driftLines(null)).toBeNull();
    for (const odd of [{}, { drifts: [] }, "lost", { drifts: [7] }]) {
      expect(driftLines(odd)?.lines).toHaveLength(1);
    }
  });
});

describe("the audit filter", () => {
  it("keeps what makes sense of an address, and drops the rest", () => {
    const address = {
      actor: ` ${ME} `,
      action: "",
      subject: 7,
      from: "2026-02-30",
      until: "2026-03-01",
      page: "2",
    };
    expect(parseAuditFilter(address)).toEqual({ actor: ME, until: "2026-03-01" });
    expect(parseAuditFilter({ subject: "x".repeat(201) })).toEqual({});
  });

  it.each([
    ["2026-11-20", "2026-11-21"],
    ["2026-12-31", "2027-01-01"],
    ["2028-02-28", "2028-02-29"],
  ])("includes the last day %s by ending before %s", (until, to) => {
    expect(auditQueryString({ until, action: "rail_paused" }).toString()).toBe(`action=rail_paused&to=${to}`);
  });

  it("refuses a period that ends before it begins, and takes one day", () => {
    const fault = (filter: AuditFilter): string | null => auditFilterFault(filter);
    expect(fault({ from: "2026-11-21", until: "2026-11-20" })).not.toBeNull();
    expect(fault({ from: "2026-11-20", until: "2026-11-20" })).toBeNull();
  });
});

describe("the demo approvers", () => {
  it("are the accounts that a local server takes for its approvers", () => {
    for (const { index, address } of FLARE_APPROVERS) {
      expect(address).toBe(hardhatWallets()[index]?.address);
    }
    const { approver1, approver2, approver3 } = localXrplAccounts();
    expect(XRPL_APPROVERS.map(({ address, seed }) => ({ address, seed }))).toEqual([
      approver1,
      approver2,
      approver3,
    ]);
  });

  it("are offered on local chains only", () => {
    const rails = (chainId: number, networkId: number) =>
      new Set(
        demoApprovers({
          flare: { chainId, vault: ME },
          xrpl: { networkId, treasury: XRPL_PAYEE },
        }).map(({ rail }) => rail),
      );
    expect(rails(31_337, 21_337)).toEqual(new Set(["flare", "xrpl"]));
    expect(rails(14, 21_337)).toEqual(new Set(["xrpl"]));
    expect(rails(31_337, 0)).toEqual(new Set(["flare"]));
    expect(rails(14, 0)).toEqual(new Set());
  });
});

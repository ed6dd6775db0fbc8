import { describe, expect, it } from "vitest";
import { approvalsGiven, createApprovals } from "../../src/modules/approvals/index.ts";
import { silentLog } from "../kit/log.ts";
import { createWorld, FLR, walletOf } from "./world.ts";

/** Somebody with one wallet. */
const approverOf = (address: string) => ({ address, account: address });

const world = await createWorld();
const { approvers, db, clock, config } = world;
const [first, second] = approvers;
const DAY_S = 86_400;

describe("a payout that waits for approvals", () => {
  it("takes none after its last second, and is then ended with its hold released, once", async () => {
    const before = await world.rewards();
    const id = await world.propose();
    await world.approve(first, id);
    const signature = await world.sign(second, id);
    expect(await world.approvals.expireDue(clock.now())).toBe(0);

    clock.advanceSeconds(config.payouts.approvalSeconds + 1);
    expect(await second.post(`/admin/payouts/${id}/approvals`, { signature })).toMatchObject({ status: 401 });
    const late = await world.signIn(walletOf(2));
    expect(await late.post(`/admin/payouts/${id}/approvals`, { signature })).toMatchObject({
      status: 409,
      body: { code: "approval_expired" },
    });
    expect(await world.statusOf(id)).toBe("pending_approval");

    const ended = await Promise.all([1, 2, 3].map(() => world.approvals.expireDue(clock.now())));
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(await world.historyOf(id)).toEqual(["requested", "pending_approval", "expired"]);
    expect(await world.rewards()).toEqual(before);
    expect(await world.auditOf(id)).toContainEqual(
      expect.objectContaining({ actor: "system:approvals", action: "payout_expired" }),
    );
    expect(await late.post(`/admin/payouts/${id}/approvals`, { signature })).toMatchObject({
      body: { code: "not_pending_approval", details: { status: "expired" } },
    });
  });

  it("ends by the hundreds in one pass", async () => {
    const [admin] = [await world.signIn(walletOf(5))];
    const before = await world.rewards();
    const ids: string[] = [];
    for (let i = 0; i < 105; i++) ids.push(await world.propose(100n * FLR, admin));
    expect(await world.approvals.expireDue(new Date(clock.now().getTime() + 30 * DAY_S * 1_000))).toBe(105);
    expect(await world.rewards()).toEqual(before);
    const { rows } = await db.pool.query("SELECT DISTINCT status FROM payouts WHERE id = ANY ($1::uuid[])", [
      ids,
    ]);
    expect(rows).toEqual([{ status: "expired" }]);
  });
});

describe("an approved payout", () => {
  it("that was not sent in time is ended; one that is in a batch is settlement's", async () => {
    const callers = [await world.signIn(walletOf(1)), await world.signIn(walletOf(2))];
    const admin = await world.signIn(walletOf(5));
    const [waiting, batched, small] = [
      await world.propose(150n * FLR, admin),
      await world.propose(150n * FLR, admin),
      await world.propose(1n * FLR, admin),
    ];
    for (const caller of callers) {
      await world.approve(caller, waiting);
      await world.approve(caller, batched);
    }
    await world.batch(batched);
    const after = new Date(clock.now().getTime() + 30 * DAY_S * 1_000);
    expect(await world.approvals.expireDue(after)).toBe(1);
    expect(await world.statusOf(waiting)).toBe("expired");
    expect(await world.statusOf(batched)).toBe("batched");
    // Below the tier nobody signed anything, so nothing expires.
    expect(await world.statusOf(small)).toBe("approved");
  });
});

describe("an approver who is struck from the configuration", () => {
  it("counts no more: the signature is taken back, and the quorum with it", async () => {
    const callers = [
      await world.signIn(walletOf(1)),
      await world.signIn(walletOf(2)),
      await world.signIn(walletOf(3)),
    ];
    const admin = await world.signIn(walletOf(5));
    const [approved, pending] = [
      await world.propose(150n * FLR, admin),
      await world.propose(150n * FLR, admin),
    ];
    for (const caller of callers.slice(0, 2)) await world.approve(caller, approved);
    const [one, , three] = callers;
    if (one === undefined || three === undefined) throw new Error("callers are missing");
    await world.approve(one, pending);

    const smaller = {
      ...config,
      auth: {
        ...config.auth,
        approvers: config.auth.approvers.filter((address) => address !== walletOf(1).address),
      },
    };
    const configured = (changed: typeof config) =>
      createApprovals({
        xrpl: null,
        config: changed,
        db,
        clock,
        log: silentLog,
        auth: { requireRole: () => async () => undefined },
        provider: null,
      });
    // A process without any approvers in its configuration takes nothing back.
    await configured({ ...config, auth: { ...config.auth, approvers: [] } }).expireDue(clock.now());
    expect(await world.statusOf(approved)).toBe("approved");
    const later = configured(smaller);
    await later.expireDue(clock.now());
    expect(await world.statusOf(approved)).toBe("pending_approval");
    expect(await approvalsGiven(db.pool, [approved, pending])).toEqual(
      new Map([
        [approved, 1],
        [pending, 0],
      ]),
    );
    const signature = await world.sign(three, approved);
    expect(
      await later.approve(approverOf(walletOf(3).address), approved, { signature: signature }),
    ).toMatchObject({
      status: "approved",
      given: 2,
    });
    await expect(
      later.approve(approverOf(walletOf(1).address), pending, { signature: await world.sign(one, pending) }),
    ).rejects.toMatchObject({ code: "not_an_approver" });
  });
});

import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signedApproval } from "../../src/modules/approvals/index.ts";
import { takeForBatch } from "../../src/modules/payouts/index.ts";
import { createWorld, FLR } from "./world.ts";

const world = await createWorld();
const { approvers, db } = world;
const [first, second, third] = approvers;

const timesInHistory = async (id: string, status: string) =>
  (await world.historyOf(id)).filter((step) => step === status).length;

function takeAll() {
  return db.transaction((tx) =>
    takeForBatch(tx, {
      closesNumbers: true,
      rail: "flare",
      series: "signed",
      asset: "FLR",
      limit: 1_000,
      budget: 10n ** 30n,
      batchId: randomUUID(),
      actor: "system:test",
      now: world.clock.now(),
    }),
  );
}

describe("at the same time", () => {
  it("four approvers of a payout that needs two make exactly one transition", async () => {
    for (let round = 0; round < 5; round++) {
      const id = await world.propose();
      const signatures = await Promise.all(approvers.map((approver) => world.sign(approver, id)));
      const replies = await Promise.all(
        approvers.map((approver, i) =>
          approver.post(`/admin/payouts/${id}/approvals`, { signature: signatures[i] }),
        ),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409]);
      expect(replies.filter(({ body }) => body.code === "not_pending_approval")).toHaveLength(2);
      expect(replies.filter(({ body }) => body.status === "approved")).toHaveLength(1);
      expect(await world.historyOf(id)).toEqual(["requested", "pending_approval", "approved"]);
      expect((await signedApproval(db.pool, id)).approvals).toHaveLength(2);
    }
  });

  it("one approver who sends the same signature many times is held once", async () => {
    const id = await world.propose();
    const signature = await world.sign(first, id);
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => first.post(`/admin/payouts/${id}/approvals`, { signature })),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ body }) => body.code === "already_approved")).toHaveLength(7);
    expect((await signedApproval(db.pool, id)).approvals).toHaveLength(1);
    expect(await world.statusOf(id)).toBe("pending_approval");
  });

  it("a last approval and a rejection leave one of both", async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const before = await world.rewards();
      const id = await world.propose();
      await world.approve(first, id);
      const signature = await world.sign(second, id);
      const approval = () => second.post(`/admin/payouts/${id}/approvals`, { signature });
      const rejection = () => third.post(`/admin/payouts/${id}/rejection`, { reason: "stop it" });
      const replies = await Promise.all(
        round % 2 === 0 ? [approval(), rejection()] : [rejection(), approval()],
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
      const status = await world.statusOf(id);
      seen.add(status);
      expect(["approved", "rejected"]).toContain(status);
      const { available, held } = await world.rewards();
      const isHeld = status === "approved";
      expect({ available, held }).toEqual({
        available: before.available - (isHeld ? 150n * FLR : 0n),
        held: before.held + (isHeld ? 150n * FLR : 0n),
      });
    }
    expect(seen.size).toBeGreaterThan(0);
  });

  it("an approval taken back and a batch never both win", async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const id = await world.propose();
      await world.approve(first, id);
      await world.approve(second, id);
      const revoke = () => first.delete(`/admin/payouts/${id}/approvals/mine`);
      const [reply, taken] =
        round % 2 === 0
          ? await Promise.all([revoke(), takeAll()])
          : await Promise.all([takeAll(), revoke()]).then(([members, answer]) => [answer, members] as const);
      const isTaken = taken.some((payout) => payout.id === id);
      const status = await world.statusOf(id);
      const { approvals: signatures } = await signedApproval(db.pool, id);
      if (isTaken) {
        expect([reply.body.code, status, signatures.length]).toEqual(["too_late", "batched", 2]);
      } else {
        expect([reply.status, status, signatures.length]).toEqual([200, "pending_approval", 1]);
      }
      outcomes.add(status);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  it("a batch never takes a payout whose approval is just being taken back", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await world.approve(second, id);
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holder = db.transaction(async (tx) => {
      await tx.query("SELECT 1 FROM payouts WHERE id = $1 FOR UPDATE", [id]);
      entered.resolve();
      await release.promise;
    });
    await entered.promise;
    const revocation = first.delete(`/admin/payouts/${id}/approvals/mine`);
    expect((await takeAll()).some((payout) => payout.id === id)).toBe(false);
    release.resolve();
    await holder;
    expect((await revocation).body.status).toBe("pending_approval");
    expect((await takeAll()).some((payout) => payout.id === id)).toBe(false);
  });

  it("a last approval in the last second and expiry leave one of both", async () => {
    for (let round = 0; round < 6; round++) {
      const id = await world.propose();
      await world.approve(first, id);
      const signature = await world.sign(second, id);
      const after = new Date(world.clock.now().getTime() + 8 * 86_400_000);
      const [reply] = await Promise.all([
        second.post(`/admin/payouts/${id}/approvals`, { signature }),
        world.approvals.expireDue(after),
      ]);
      // Whoever is second, it ends expired: as never approved, or as approved and not sent in time.
      await world.approvals.expireDue(after);
      expect(await world.statusOf(id)).toBe("expired");
      expect(await timesInHistory(id, "expired")).toBe(1);
      expect(await timesInHistory(id, "approved")).toBe(reply.status === 200 ? 1 : 0);
    }
  });
});

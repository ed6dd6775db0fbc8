import { verifyTypedData, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { pauseRail, resumeRail } from "../../src/modules/payouts/index.ts";
import { testConfig } from "../kit/config.ts";
import { createWorld, type Player } from "./world.ts";

const world = await createWorld();
const { db, clock, payouts } = world;
const config = testConfig();
const operator = hardhatWallets()[9]?.address;

async function claim(amount = 5n, player?: Player) {
  const who = player ?? (await world.player(100n));
  return { who, payout: await world.request(who, amount, { delivery: "claim" }) };
}

describe("a voucher", () => {
  it("is the operator's signature over exactly the claim, and marks it as out of our hands", async () => {
    const { who, payout } = await claim();
    expect(payout).toMatchObject({ status: "approved", series: "claim", validUntil: null });
    const voucher = await payouts.voucher(payout.id, who);
    expect(voucher.deadline).toBe("2026-11-21T12:00:00.000Z");
    expect(voucher.vault).toBe(config.flare.vaultAddress);
    expect(voucher.typedData).toMatchObject({
      domain: {
        name: "CoinClicker PayoutVault",
        version: "1",
        chainId: 31_337,
        verifyingContract: voucher.vault,
      },
      primaryType: "Claim",
      message: {
        number: String(payout.number),
        asset: `0x${"0".repeat(40)}`,
        to: who.account,
        amount: String(payout.amount),
        validUntil: String(Date.parse("2026-11-21T12:00:00Z") / 1_000),
      },
    });
    const { EIP712Domain: _derived, ...types } = voucher.typedData.types;
    const { domain, message } = voucher.typedData;
    expect(verifyTypedData(domain, types, message, voucher.signature)).toBe(operator);
    expect(await world.stored(payout.id)).toMatchObject({ status: "submitted" });
  });

  it("is the same whenever and by however many it is asked for", async () => {
    const { who, payout } = await claim();
    const first = await Promise.all(Array.from({ length: 5 }, () => payouts.voucher(payout.id, who)));
    clock.advanceSeconds(600);
    const later = await payouts.voucher(payout.id, who);
    for (const voucher of first) expect(voucher).toEqual(later);
    expect(await world.stored(payout.id)).toMatchObject({ status: "submitted", version: 3 });
  });

  it("once given out stops the payout from being cancelled, also after its deadline", async () => {
    const { who, payout } = await claim();
    await payouts.voucher(payout.id, who);
    await expect(payouts.cancel(payout.id, who)).rejects.toMatchObject({ code: "voucher_outstanding" });
    clock.advanceSeconds(86_401);
    await expect(payouts.voucher(payout.id, who)).rejects.toMatchObject({ code: "voucher_expired" });
    await expect(payouts.cancel(payout.id, who)).rejects.toMatchObject({ code: "voucher_outstanding" });
    // The chain has shown that it was not claimed: the money comes back.
    await world.step([payout], "expired");
    expect(await world.balance(`player:${who.playerId}`, "COIN")).toEqual({ available: 100n, held: 0n });
  });

  it("once given out never lets the payout be approved again, or batched; not even past the code", async () => {
    const { who, payout } = await claim();
    await expect(world.step([payout], "batched", { batchId: payout.id })).rejects.toMatchObject({
      code: "payout_state_conflict",
    });
    await payouts.voucher(payout.id, who);
    await expect(world.step([payout], "approved")).rejects.toMatchObject({ code: "payout_state_conflict" });
    const update = db.pool.query(
      "UPDATE payouts SET status = 'approved', version = version + 1 WHERE id = $1",
      [payout.id],
    );
    await expect(update).rejects.toMatchObject({ constraint: "payouts_guard" });
  });

  it("that was never asked for leaves the payout free to be cancelled", async () => {
    const { who, payout } = await claim();
    expect(await payouts.cancel(payout.id, who)).toMatchObject({ status: "cancelled" });
    await expect(payouts.voucher(payout.id, who)).rejects.toMatchObject({ code: "voucher_unavailable" });
  });

  it("asked for while the payout is cancelled is either given, or the payout is cancelled; never both", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { who, payout } = await claim();
      const [voucher, cancelled] = await Promise.allSettled([
        payouts.voucher(payout.id, who),
        payouts.cancel(payout.id, who),
      ]);
      expect([voucher.status, cancelled.status].sort()).toEqual(["fulfilled", "rejected"]);
      expect((await world.stored(payout.id)).status).toBe(
        voucher.status === "fulfilled" ? "submitted" : "cancelled",
      );
    }
  });

  it("exists for claims only, and not for what is done", async () => {
    const who = await world.player(10n);
    const pushed = await world.request(who, 1n);
    await expect(payouts.voucher(pushed.id, who)).rejects.toMatchObject({ code: "not_a_claim" });
    const { payout } = await claim(5n);
    await payouts.voucher(payout.id, who);
    await world.step([payout], "confirmed", world.final());
    await expect(payouts.voucher(payout.id, who)).rejects.toMatchObject({ code: "voucher_unavailable" });
  });

  it("is not signed while the rail is paused; one that is out already still shows", async () => {
    const [held, out] = [await claim(), await claim()];
    const before = await payouts.voucher(out.payout.id, out.who);
    await db.transaction((tx) =>
      pauseRail(tx, { rail: "flare", actor: "a", reason: "drift", now: clock.now() }),
    );
    await expect(payouts.voucher(held.payout.id, held.who)).rejects.toMatchObject({ code: "rail_paused" });
    expect(await payouts.voucher(out.payout.id, out.who)).toEqual(before);
    await db.transaction((tx) => resumeRail(tx, { rail: "flare", actor: "a", reason: "explained" }));
  });

  it("is not signed by a server without the operator's key, and the payout stays as it is", async () => {
    const { who, payout } = await claim();
    const service = world.service({
      PAYOUT_MODE: "demo",
      FLARE_OPERATOR_KEY: "",
    });
    await expect(service.voucher(payout.id, who)).rejects.toMatchObject({ code: "vouchers_not_signed_here" });
    expect(await world.stored(payout.id)).toEqual(payout);
  });

  it("of another key would not be the operator's", async () => {
    const { who, payout } = await claim();
    const other = world.service({ FLARE_OPERATOR_KEY: Wallet.createRandom().privateKey });
    const [ours, theirs] = [await payouts.voucher(payout.id, who), await other.voucher(payout.id, who)];
    expect(theirs.typedData).toEqual(ours.typedData);
    expect(theirs.signature).not.toBe(ours.signature);
  });
});

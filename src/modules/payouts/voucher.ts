import { Wallet } from "ethers";
import type { Config } from "../../config.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database, Tx } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import { notAClaim, railPaused, voucherExpired, vouchersNotSigned, voucherUnavailable } from "./errors.ts";
import type { Payout } from "./payout.ts";
import { railPause } from "./rail-pause.ts";
import { lockPayouts } from "./store.ts";
import { transitionPayouts } from "./transition.ts";
import { claimTypedData, signTypedData, type VaultTypedData, vaultDomain } from "./typed-data.ts";

export type Voucher = {
  typedData: VaultTypedData;
  signature: string;
  vault: string;
  /** Last second at which the vault takes it. */
  deadline: Date;
};

export type VoucherIssuer = (payoutId: string, actor: string) => Promise<Voucher>;

/** Gives out what a player brings to the vault to be paid. Whether the caller may have it is the caller's to check. */
export function createVoucherIssuer(deps: {
  config: Pick<Config, "payouts" | "flare">;
  db: Database;
  clock: Clock;
}): VoucherIssuer {
  const { config, db, clock } = deps;
  const wallet = config.flare.operatorKey === null ? null : new Wallet(config.flare.operatorKey);

  /**
   * From here on the payout counts as out of our hands: it can be neither cancelled nor paid another way. Its deadline
   * is stored with that, before anything is signed, so every later voucher for it is the same one.
   */
  async function issue(tx: Tx, payoutId: string, actor: string): Promise<Payout> {
    const [payout] = await lockPayouts(tx, [payoutId]);
    if (payout === undefined) throw new InvariantError(`payout ${payoutId} does not exist`);
    if (payout.delivery !== "claim" || payout.source !== "onchain") throw notAClaim(payoutId);
    const now = clock.now();
    if (payout.status === "submitted" && payout.validUntil !== null) {
      if (now > payout.validUntil) throw voucherExpired(payoutId, payout.validUntil);
      return payout;
    }
    if (payout.status !== "approved") throw voucherUnavailable(payoutId, payout.status);
    const pause = await railPause(tx, payout.rail);
    if (pause !== null) throw railPaused(payout.rail, pause.reason);
    const deadline = Math.floor(now.getTime() / 1_000) + config.payouts.voucherSeconds;
    const [issued] = await transitionPayouts(tx, {
      payoutIds: [payoutId],
      from: "approved",
      to: "submitted",
      actor,
      reason: "its voucher was given out",
      now,
      patch: { validUntil: new Date(deadline * 1_000) },
    });
    return issued ?? payout;
  }

  return async function issueVoucher(payoutId, actor) {
    const vault = config.flare.vaultAddress;
    if (wallet === null || vault === null) throw vouchersNotSigned();
    const payout = await db.transaction((tx) => issue(tx, payoutId, actor));
    if (payout.validUntil === null) throw new InvariantError(`voucher of payout ${payoutId} has no deadline`);
    const typedData = claimTypedData(vaultDomain(config.flare.chainId, vault), payout);
    const signature = await signTypedData(wallet, typedData);
    return { typedData, signature, vault, deadline: payout.validUntil };
  };
}

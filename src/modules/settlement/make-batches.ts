import { newId } from "../../platform/ids.ts";
import { closesNumber, duePayouts, takeForBatch } from "../payouts/index.ts";
import type { Batch } from "./batch.ts";
import { roomForBatch } from "./decide.ts";
import type { ChainView } from "./rails/rail.ts";
import { ACTOR, type RailAsset, type Settling } from "./settling.ts";
import { insertBatch, totalsUnderWay } from "./store.ts";

/** Batches of one payout that may wait, each for its own reason, so that some refused ones do not hold up the others. */
const MAX_WAITING_SINGLES = 64;

export type Making = {
  made: number;
  /** Payouts were left to be joined by others. */
  heldBack: boolean;
};

export type MakingLimits = {
  /** Batches that a nonce may pay already. */
  open: number;
  waiting: (kind: Batch["kind"]) => number;
  maxSize: number;
  /** Payouts that would not fill a batch are left for later. */
  onlyFull: boolean;
};

/**
 * Takes approved payouts into batches while the vault can pay them and transactions may be on their way: push payouts
 * as runs of numbers, signed ones one by one. A batch and its members are written together, and it is sent before the
 * next one is made, so that the next block need not wait for all of them. `send` says whether it went.
 */
export async function makeBatches(
  settling: Settling,
  view: ChainView,
  limits: MakingLimits,
  send: (batch: Batch) => Promise<boolean>,
): Promise<Making> {
  const maxSize = Math.min(limits.maxSize, settling.settings.maxBatchSize);
  const due = await duePayouts(settling.db.pool, {
    rail: settling.rail.name,
    assets: settling.assets.map(({ code }) => code),
    closesNumbers: settling.rail.consumedNumbers !== null,
    limit: maxSize,
    now: settling.clock.now(),
  });
  let open = limits.open;
  let heldBack = false;
  for (const asset of settling.assets) {
    const kinds = due.filter((one) => one.asset === asset.code);
    if (kinds.length === 0) continue;
    const [{ balance, owed, locked }, bucket] = await Promise.all([
      settling.rail.holdings(asset.assetRef, view.head),
      settling.rail.capacity(asset.assetRef),
    ]);
    for (const { series: kind, count } of kinds) {
      const batchSize = kind === "push" ? maxSize : 1;
      // What keeps a batch of many waiting would keep the next one waiting too.
      const mayWait = kind === "push" && settling.settings.maxBatchSize > 1 ? 0 : MAX_WAITING_SINGLES;
      if (limits.waiting(kind) > mayWait) continue;
      if (limits.onlyFull && count < batchSize) {
        heldBack = true;
        continue;
      }
      while (open < settling.settings.maxOpenNonces) {
        const underWay = await totalsUnderWay(settling.db.pool, settling.rail.name, asset.code);
        const room = roomForBatch({
          // What approvers signed does not draw on the bucket.
          bucketAvailable: kind === "push" ? bucket.available - underWay.push : balance,
          free: balance - owed - locked - underWay.push - underWay.signed,
          maxBatchSize: batchSize,
        });
        const batch = await makeBatch(settling, asset, kind, room);
        if (batch === null) break;
        open += 1;
        await settling.reached("batch_stored");
        if (!(await send(batch)) && mayWait === 0) break;
        // What follows is not many, or has come meanwhile; the next pass sees it.
        if (limits.onlyFull || batch.size < room.limit) break;
      }
    }
  }
  return { made: open - limits.open, heldBack };
}

async function makeBatch(
  settling: Settling,
  asset: RailAsset,
  kind: "push" | "signed",
  room: { limit: number; budget: bigint },
): Promise<Batch | null> {
  const now = settling.clock.now();
  const batchId = newId(now);
  return settling.write(async (tx) => {
    const members = await takeForBatch(tx, {
      rail: settling.rail.name,
      series: kind,
      asset: asset.code,
      limit: room.limit,
      closesNumbers: settling.rail.consumedNumbers !== null,
      budget: room.budget,
      batchId,
      actor: ACTOR,
      now,
    });
    const firstNumber = members[0]?.number;
    if (firstNumber === undefined || firstNumber === null) return null;
    const batch: Batch = {
      id: batchId,
      rail: settling.rail.name,
      kind,
      asset: asset.code,
      firstNumber,
      size: members.length,
      total: members.reduce((sum, member) => (closesNumber(member) ? sum : sum + member.amount), 0n),
      status: "batched",
      note: null,
      createdAt: now,
    };
    await insertBatch(tx, settling.by, batch);
    return batch;
  });
}

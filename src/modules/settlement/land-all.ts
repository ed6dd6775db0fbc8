import type { Tx } from "../../platform/db/index.ts";
import { applyReceipts } from "./apply-word.ts";
import type { Attempt, OpenNonce } from "./batch.ts";
import { WordRefused } from "./errors.ts";
import type { ChainView, Inclusion } from "./rails/rail.ts";
import type { Settling } from "./settling.ts";
import { closeNonces, lockOpenNonces } from "./store.ts";

/** Payouts whose end is written in one transaction; a batch may be larger, two together are not. */
const PAYOUTS_AT_ONCE = 1_000;

/** An attempt in a final block that did what it was to do, and the nonce that it consumed. */
export type Landing = { open: OpenNonce; attempt: Attempt; inclusion: Inclusion };

/** Writes the end of all that these paid; says of each whether it did, or waits because its word does not fit. */
export async function landAll(
  settling: Settling,
  view: ChainView,
  landings: readonly Landing[],
): Promise<boolean[]> {
  const landed: boolean[] = [];
  for (const group of inGroups(landings)) landed.push(...(await land(settling, view, group)));
  return landed;
}

/** Landings that are written together: each payout more makes the transaction longer and their commit cheaper. */
function inGroups(landings: readonly Landing[]): Landing[][] {
  const groups: Landing[][] = [];
  let payouts = 0;
  for (const landing of landings) {
    const size = landing.inclusion.events.reduce((sum, event) => sum + event.size, 0);
    const last = groups.at(-1);
    if (last !== undefined && payouts + size <= PAYOUTS_AT_ONCE) {
      last.push(landing);
      payouts += size;
    } else {
      groups.push([landing]);
      payouts = size;
    }
  }
  return groups;
}

/**
 * The end of payouts that were paid: events, holds, receipts, feed and nonces in one transaction. Where the chain's word
 * for one of several does not fit, each is landed alone, so that it holds up none of the others.
 */
async function land(settling: Settling, view: ChainView, landings: readonly Landing[]): Promise<boolean[]> {
  await settling.reached("landing_seen");
  try {
    await settling.write((tx) => writeLandings(tx, settling, view, landings));
  } catch (error) {
    if (!(error instanceof WordRefused)) throw error;
    const [first, ...others] = landings;
    if (first === undefined) return [];
    if (others.length > 0) {
      const landed: boolean[] = [];
      for (const landing of landings) landed.push(...(await land(settling, view, [landing])));
      return landed;
    }
    // It stays open and is looked at again with every pass, so that nothing of it is forgotten.
    await settling.pause(error.faults[0] ?? "the chain and the database do not fit", {
      transaction: first.attempt.txHash,
      block: first.inclusion.blockNumber.toString(),
      faults: error.faults.slice(0, 20),
    });
    return [false];
  }
  for (const { open, attempt, inclusion } of landings) {
    settling.log.info(
      { txHash: attempt.txHash, batchId: open.batchId, block: inclusion.blockNumber.toString() },
      "a transaction is final",
    );
  }
  await settling.reached("landing_committed");
  return landings.map(() => true);
}

async function writeLandings(
  tx: Tx,
  settling: Settling,
  view: ChainView,
  landings: readonly Landing[],
): Promise<void> {
  const stillOpen = await lockOpenNonces(
    tx,
    settling.by,
    landings.map(({ open }) => open.nonce),
  );
  const landed = landings.filter(({ open }) => stillOpen.has(open.nonce));
  if (landed.length === 0) return;
  await applyReceipts(
    tx,
    settling,
    landed.map(({ attempt, inclusion }) => ({
      txHash: attempt.txHash,
      events: inclusion.events,
      raw: attempt.raw,
    })),
  );
  await closeNonces(tx, settling.by, {
    ends: landed.map(({ open, attempt, inclusion }) => ({
      nonce: open.nonce,
      status: "landed",
      consumedBy: { txHash: attempt.txHash, ...inclusion },
    })),
    finalBlock: view.final.number,
    now: settling.clock.now(),
  });
  await settling.reached("landing_written");
}

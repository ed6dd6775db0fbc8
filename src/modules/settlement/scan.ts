import { AppError } from "../../platform/errors.ts";
import { HistoryChanged, RailNotStarted } from "./errors.ts";
import { advanceScan, beginRailState, insertEvents, type RailState, railState } from "./events-store.ts";
import type { ChainView } from "./rails/rail.ts";
import type { Settling } from "./settling.ts";

/** Windows that one pass reads, so that catching up on a long history does not starve the rest. */
const WINDOWS_AT_ONCE = 40;

/** Where reading begins: the block before the vault appeared. Throws when this database belongs to another vault. */
export async function openHistory(settling: Settling): Promise<RailState> {
  const { rail, db } = settling;
  const found = await railState(db.pool, rail.name);
  if (found !== null) {
    if (found.vault !== rail.vault || found.chainId !== BigInt(rail.chainId)) {
      throw new HistoryChanged(
        `this database belongs to the vault ${found.vault} on chain ${found.chainId}, not to ${rail.vault} on chain ${rail.chainId}`,
      );
    }
    return found;
  }
  // A wrong vault must not leave its mark: from here on this database belongs to the one that it has read.
  const faults = await rail.findFaults();
  if (faults.length > 0) throw new RailNotStarted(faults);
  const first = await rail.firstBlock();
  const before = first > 0n ? first - 1n : 0n;
  const hash = await rail.blockHash(before);
  if (hash === null) throw new Error(`block ${before} cannot be read`);
  await settling.write((tx) =>
    beginRailState(tx, rail.name, { chainId: rail.chainId, vault: rail.vault, block: before, hash }),
  );
  return openHistory(settling);
}

/**
 * Whether the chain still is the one that was read before; returns what is known of it. A node that is behind what
 * another one told us would make the past look undone, so nothing is decided on what it says.
 */
export async function checkHistory(settling: Settling, view: ChainView): Promise<RailState> {
  const state = await openHistory(settling);
  const { scannedBlock, scannedHash } = state;
  if (view.final.number < scannedBlock) {
    throw nodeBehind(`the node's final block is ${view.final.number}`, scannedBlock);
  }
  const hash = await settling.rail.blockHash(scannedBlock);
  // Another node than the one that gave the view, or the same one restored meanwhile: it says nothing of that block.
  if (hash === null) throw nodeBehind("the node does not have it", scannedBlock);
  if (hash !== scannedHash) {
    throw new HistoryChanged(
      `block ${scannedBlock} was ${scannedHash} and final, now it is ${hash}: the chain was replaced, or finality was broken`,
    );
  }
  return state;
}

function nodeBehind(what: string, scannedBlock: bigint): AppError {
  return new AppError(
    "unavailable",
    "node_behind",
    `${what}, block ${scannedBlock} was read before; waiting until it has caught up`,
  );
}

/**
 * Stores the vault's events up to the final block, together with the cursor: none is missed and none stored twice.
 * Returns how far it came.
 */
export async function scanEvents(settling: Settling, view: ChainView, from: bigint): Promise<bigint> {
  const { rail } = settling;
  let scanned = from;
  for (let window = 0; window < WINDOWS_AT_ONCE && scanned < view.final.number; window += 1) {
    const last = scanned + rail.eventWindowBlocks;
    const to = last < view.final.number ? last : view.final.number;
    const events = await rail.events(scanned + 1n, to);
    const hash = to === view.final.number ? view.final.hash : await rail.blockHash(to);
    if (hash === null) return scanned;
    await settling.reached("events_read");
    await settling.write(async (tx) => {
      await insertEvents(tx, rail.name, events);
      await advanceScan(tx, rail.name, { block: to, hash });
    });
    await settling.reached("events_stored");
    scanned = to;
  }
  return scanned;
}

import { offeredPayloads } from "../approvals/index.ts";
import type { ChainView } from "./rails/rail.ts";
import { fillGap } from "./send-batch.ts";
import type { Settling } from "./settling.ts";
import { knownNonces, openNonces } from "./store.ts";

/**
 * Consumes nonces that something forgotten may be bound to, each by a transaction of nothing: what approvers once signed
 * under one is worth nothing afterwards. One that is on offer for signing is left: as long as its payload lives it never
 * served another payout, so whatever was signed under it pays that one, once. `isOver` when no other is left.
 */
export async function burnDoubted(
  settling: Settling,
  view: ChainView,
  doubtedNonce: bigint,
): Promise<{ isOver: boolean; moved: boolean }> {
  const { db, by, rail, settings } = settling;
  const all = doubtedNonce === 0n ? [] : view.nonces.candidates(null);
  const doubted = all.filter((nonce) => nonce <= doubtedNonce);
  if (doubted.length === 0) return { isOver: true, moved: false };
  const payloads = await offeredPayloads(db.pool, rail.name);
  const offered = new Set(
    payloads.filter(({ lastBlock }) => lastBlock >= view.final.number).map(({ nonce }) => nonce),
  );
  const unbound = doubted.filter((nonce) => !offered.has(nonce));
  const taken = await knownNonces(db.pool, by, unbound);
  let room = settings.maxOpenNonces - (await openNonces(db.pool, by)).length;
  let moved = false;
  for (const nonce of unbound) {
    if (room <= 0) break;
    if (taken.has(nonce) || !(await fillGap(settling, nonce, view))) continue;
    room -= 1;
    moved = true;
  }
  return { isOver: unbound.length === 0, moved };
}

/** The same view without the nonces that may be bound by what was forgotten. */
export function withoutDoubted(view: ChainView, doubtedNonce: bigint): ChainView {
  const { nonces } = view;
  const candidates = (highestTaken: bigint | null): readonly bigint[] =>
    nonces.candidates(highestTaken).filter((nonce) => nonce > doubtedNonce);
  return doubtedNonce === 0n ? view : { ...view, nonces: { ...nonces, candidates } };
}

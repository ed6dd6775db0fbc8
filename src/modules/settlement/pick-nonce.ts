import { reservedNonces } from "../approvals/index.ts";
import type { ChainView } from "./rails/rail.ts";
import type { Settling } from "./settling.ts";
import { highestNonce, knownNonces } from "./store.ts";

/**
 * The nonce for the next transaction: one that was never taken and that no approver was given to sign, `preferred` if it
 * is such a one; null when there is none now.
 */
export async function pickNonce(
  settling: Settling,
  view: ChainView,
  preferred: bigint | null = null,
): Promise<bigint | null> {
  const { db, by } = settling;
  const candidates = view.nonces.candidates(await highestNonce(db.pool, by));
  const [taken, reserved] = await Promise.all([
    knownNonces(db.pool, by, candidates),
    reservedNonces(db.pool, by.rail, view.final.number),
  ]);
  const free = candidates.filter((nonce) => !taken.has(nonce) && !reserved.has(nonce));
  return free.find((nonce) => nonce === preferred) ?? free[0] ?? null;
}

import type { Nonces } from "../rail.ts";

/** How many nonces an account has consumed: at the final block, at the head, and counting what the node still holds. */
export type NonceCounts = { final: bigint; head: bigint; pending: bigint };

/** An account's nonces are consumed one after the other, so three counts say everything. */
export function accountNonces(counts: NonceCounts): Nonces {
  return {
    consumed: (nonce) => (counts.final > nonce ? "final" : counts.head > nonce ? "head" : "no"),
    /**
     * Behind all of ours, and behind whatever the chain or the node's pool already has under this signer, so that a
     * transaction that we forgot or never knew is never fought over.
     */
    candidates: (highestTaken) => [
      max(highestTaken === null ? 0n : highestTaken + 1n, counts.head, counts.pending),
    ],
    /** Nothing of ours and nothing that the node holds will consume these. */
    gaps(open) {
      const taken = new Set(open);
      const highest = open.reduce((most, nonce) => (nonce > most ? nonce : most), -1n);
      const gaps: bigint[] = [];
      for (let nonce = max(counts.head, counts.pending); nonce < highest; nonce += 1n) {
        if (!taken.has(nonce)) gaps.push(nonce);
      }
      return gaps;
    },
    isNext: (nonce) => counts.head === nonce,
    beyond: (highestTaken) => (counts.head > highestTaken + 1n ? counts.head : null),
  };
}

function max(first: bigint, ...others: bigint[]): bigint {
  return others.reduce((most, value) => (value > most ? value : most), first);
}

import type { ChainView, Inclusion } from "./rails/rail.ts";

/** An attempt of an open nonce, with where the chain has it now. */
export type SeenAttempt = {
  txHash: string;
  createdAt: Date;
  broadcastAt: Date | null;
  /** No block above this one can include it. */
  lastBlock: bigint | null;
  /** The block that the database remembers. */
  noted: { blockNumber: bigint; blockHash: string } | null;
  inclusion: Pick<Inclusion, "blockNumber" | "blockHash" | "succeeded"> | null;
};

export type NonceSnapshot = {
  nonce: bigint;
  /** Oldest first; there is always one, because a nonce is stored together with its first attempt. */
  attempts: readonly SeenAttempt[];
  view: ChainView;
  now: Date;
  replaceAfterSeconds: number;
};

/** What to do next about an open nonce. Nothing here is done before it is stored where it must be. */
export type NonceStep =
  /** An attempt is in a final block and did what it was to do. */
  | { do: "land"; txHash: string }
  /** An attempt is in a final block and did nothing: the nonce is spent, the numbers may be free. */
  | { do: "close_reverted"; txHash: string }
  /** The nonce is consumed at a final block, and by none of our attempts. */
  | { do: "close_lost" }
  /** An attempt is in a block that is not final yet: remember it. */
  | { do: "note_included"; txHash: string }
  /** What the database remembers as included is not in the canonical chain any more. */
  | { do: "note_dropped"; txHash: string }
  | { do: "broadcast"; txHash: string }
  /** Every attempt is past its last block and the nonce is unconsumed at the final block: none can ever be included. */
  | { do: "expire" }
  /** Nothing was included in time: a higher fee under the same nonce. */
  | { do: "replace"; txHash: string }
  | { do: "wait"; for: "finality" | "inclusion" | "foreign_finality" };

/** How often the newest attempt is offered again, in case nodes forgot it. */
const OFFER_AGAIN_SECONDS = 5;

/**
 * The next step of one nonce, as a function of what is known. A missing receipt proves nothing: a nonce ends only by
 * an attempt in a final block, by its consumption at a final block while no canonical block holds an attempt, or, where
 * transactions expire, unconsumed at a final block past the last one that could have included any attempt.
 */
export function decideNonce(snapshot: NonceSnapshot): NonceStep {
  const { attempts, view, nonce, now } = snapshot;
  const dropped = attempts.find(
    (attempt) =>
      attempt.noted !== null &&
      (attempt.inclusion === null || attempt.inclusion.blockHash !== attempt.noted.blockHash),
  );
  if (dropped !== undefined) return { do: "note_dropped", txHash: dropped.txHash };

  const included = attempts.find((attempt) => attempt.inclusion !== null);
  if (included !== undefined && included.inclusion !== null) {
    if (included.inclusion.blockNumber <= view.final.number) {
      return { do: included.inclusion.succeeded ? "land" : "close_reverted", txHash: included.txHash };
    }
    if (included.noted === null) return { do: "note_included", txHash: included.txHash };
    return { do: "wait", for: "finality" };
  }

  const consumed = view.nonces.consumed(nonce);
  if (consumed === "final") return { do: "close_lost" };
  if (consumed === "head") return { do: "wait", for: "foreign_finality" };
  if (attempts.every(({ lastBlock }) => lastBlock !== null && lastBlock < view.final.number)) {
    return { do: "expire" };
  }

  const newest = attempts.at(-1);
  if (newest === undefined) return { do: "wait", for: "inclusion" };
  if (newest.broadcastAt === null) return { do: "broadcast", txHash: newest.txHash };
  // Only the lowest open nonce can be included next; the ones behind it wait for it, not for a higher fee.
  if (view.nonces.isNext(nonce) && secondsSince(newest.createdAt, now) >= snapshot.replaceAfterSeconds) {
    return { do: "replace", txHash: newest.txHash };
  }
  if (secondsSince(newest.broadcastAt, now) >= OFFER_AGAIN_SECONDS) {
    return { do: "broadcast", txHash: newest.txHash };
  }
  return { do: "wait", for: "inclusion" };
}

/**
 * How much the next batch may take: what the bucket and the balance allow now, less what batches under way will take.
 * A budget of nothing still closes numbers.
 */
export function roomForBatch(state: { bucketAvailable: bigint; free: bigint; maxBatchSize: number }): {
  limit: number;
  budget: bigint;
} {
  const least = state.bucketAvailable < state.free ? state.bucketAvailable : state.free;
  return { limit: state.maxBatchSize, budget: least > 0n ? least : 0n };
}

/** A member of a batch that no nonce can pay any more. */
export type MemberFact = {
  number: bigint;
  /** To be paid or closed by the batch; otherwise its number's end is known already. */
  live: boolean;
  /** By the vault's bitmap at a final block. */
  consumed: boolean;
};

/**
 * What becomes of such a batch. A live member that the chain consumed waits until the event that says how is applied;
 * the others were proven unpaid and are free for another batch.
 */
export function remainderOf(members: readonly MemberFact[]): { awaited: MemberFact[]; free: MemberFact[] } {
  return {
    awaited: members.filter((member) => member.live && member.consumed),
    free: members.filter((member) => !member.consumed),
  };
}

function secondsSince(then: Date, now: Date): number {
  return (now.getTime() - then.getTime()) / 1_000;
}

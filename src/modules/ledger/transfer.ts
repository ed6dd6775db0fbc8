type Common = {
  /** The caller's key, a UUID (`derivedId`): the same id with the same content is the same transfer. */
  id: string;
  /** Why, in a word or two that statements show, e.g. `click_reward`. */
  cause: string;
  /** For what, e.g. `payout:{id}`. */
  ref: string;
  /** Succeeds or fails together with the next one in the array; a group ends at the first without it. */
  linked?: boolean;
};

type Movement = Common & {
  debit: bigint;
  credit: bigint;
  /** Minor units, positive. */
  amount: bigint;
};

/** Moves now. */
export type PostedTransfer = Movement & { kind: "posted" };

/** Reserves the amount of the debit account until a resolution, or until `expiresAt` by the database's clock. */
export type PendingTransfer = Movement & { kind: "pending"; expiresAt?: Date };

/** Moves what a pending transfer reserved; with an `amount`, that part of it, and releases the rest. */
export type PostPendingTransfer = Common & { kind: "post_pending"; pendingId: string; amount?: bigint };

/** Releases what a pending transfer reserved. */
export type VoidPendingTransfer = Common & { kind: "void_pending"; pendingId: string };

export type Transfer = PostedTransfer | PendingTransfer | PostPendingTransfer | VoidPendingTransfer;

export type BatchStatus = "batched" | "submitted" | "resolved" | "dissolved";

/** What one transaction pays; members and their numbers are fixed for life. */
export type Batch = {
  id: string;
  rail: string;
  kind: "push" | "signed";
  asset: string;
  firstNumber: bigint;
  size: number;
  total: bigint;
  status: BatchStatus;
  /** Why it waits, while it does. */
  note: string | null;
  createdAt: Date;
};

export type NonceStatus = "open" | "landed" | "reverted" | "lost" | "released";

/** A signed transaction, stored before it was sent. */
export type Attempt = {
  nonce: bigint;
  txHash: string;
  raw: string;
  /** The final block when it was signed. */
  signedAtBlock: bigint;
  /** No block above this one can include it. */
  lastBlock: bigint | null;
  createdAt: Date;
  broadcastAt: Date | null;
  noted: { blockNumber: bigint; blockHash: string } | null;
};

/** A nonce that one of its attempts may still consume. */
export type OpenNonce = {
  nonce: bigint;
  /** null when it only fills a gap. */
  batchId: string | null;
  attempts: Attempt[];
};

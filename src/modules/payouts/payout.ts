import type { Series } from "./numbers.ts";
import type { PayoutStatus } from "./state.ts";

/** Where the money of a payout goes: nowhere, to the player's ledger account, or out over its rail. */
export type PayoutSource = "demo" | "server" | "onchain";

/** `push`: we send it. `claim`: the player brings our voucher to the vault and pays the gas. */
export type Delivery = "push" | "claim";

/** Whose money it is: points exchanged for the asset, the player's own balance of it, or the rewards account alone. */
export type Funding = "exchange" | "balance" | "rewards";

/** A payout as the database holds it; amounts in minor units. */
export type Payout = {
  id: string;
  /** null when the payee is no player that we know. */
  playerId: string | null;
  /** To whom the payout belongs: a wallet address, or `demo:{playerId}`. */
  account: string;
  /** Where the money goes: an EVM address; a demo session's account for a demo payout. */
  to: string;
  rail: string;
  source: PayoutSource;
  delivery: Delivery;
  funding: Funding;
  status: PayoutStatus;
  series: Series | null;
  /** Given when approved (when requested, if approvers sign it) and kept for life; null before and for what never settles. */
  number: bigint | null;
  /** The chain consumed the number without a batch of ours. */
  numberClosed: boolean;
  asset: string;
  /** The asset's address on the rail; the zero address is the native coin. */
  assetRef: string;
  amount: bigint;
  spentAsset: string;
  spentAmount: bigint;
  approvalsRequired: number;
  /** A payout to a new address stays `requested` until then. */
  notBefore: Date | null;
  /** Last second at which approvals, or the claim's voucher, hold. */
  validUntil: Date | null;
  reason: string;
  /** An address or account; whoever it is cannot approve the payout. */
  proposedBy: string;
  /** The wallet that they were signed in with; null for a demo session and for the system. */
  proposedWith: string | null;
  metadata: Record<string, unknown>;
  batchId: string | null;
  txHash: string | null;
  blockNumber: bigint | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/** One step of a payout's history. */
export type PayoutTransition = {
  payoutId: string;
  version: number;
  from: PayoutStatus | null;
  to: PayoutStatus;
  actor: string;
  reason: string;
  at: Date;
};

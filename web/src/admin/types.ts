import type { Amount, Money, PayoutListItem, TypedData } from "../api/types.ts";

/** What the API says to approvers and admins, as far as the console reads it. Amounts are decimal strings. */

/** A payout as the console's lists show it. */
export type QueuedPayout = PayoutListItem & {
  proposedBy: string;
  metadata: Record<string, unknown>;
  signedByMe: boolean;
  /** Whoever proposed a payout cannot approve it. */
  proposedByMe: boolean;
};

/** Something that only the chain knows: null and why when it could not be asked. */
export type OnChain<T> = { value: T | null; note: string | null };

type Limit = { used: Amount; cap: Amount; formatted: string };

export type ApprovalSummary = {
  text: string;
  account: string;
  to: string;
  amount: Money & { formatted: string };
  spent: Money & { formatted: string };
  firstPaymentToAddress: boolean;
  history: { count: number; total: Amount; formatted: string };
  limitsToday: { player: Limit | null; asset: Limit | null };
  proposedBy: string;
  reason: string;
  expiresAt: string;
  signedBy: { approver: string; at: string }[];
  warnings: string[];
};

export type Simulation = {
  funds: { owner: string; asset: string; before: Amount; after: Amount; available: Amount };
  vault: {
    address: string;
    balanceBefore: OnChain<Amount>;
    balanceAfter: OnChain<Amount>;
    paused: OnChain<boolean>;
    numberConsumed: OnChain<boolean>;
  };
  requiredApprovals: { ours: number; onChain: OnChain<number>; agree: boolean | null };
  payeeIsContract: OnChain<boolean>;
  /** Why the chain would refuse to pay the payee now, where it can tell. */
  payeeProblem: OnChain<string>;
};

/** A payment of the XRP Ledger without signatures, which each approver signs as it is. */
export type Multisign = {
  transaction: Record<string, unknown>;
  ticket: string;
  lastLedgerSequence: string;
  feeDrops: string;
};

/** All that an approver looks at before signing. What is signed is `typedData` on Flare, `multisign` on the XRP Ledger. */
export type ApprovalView = {
  typedData: TypedData | null;
  multisign: Multisign | null;
  digest: string;
  summary: ApprovalSummary;
  simulation: Simulation;
  signatures: { signer: string; signature: string; at: string }[];
  required: number;
  given: number;
};

export type ApprovalState = { payoutId: string; status: string; required: number; given: number };

export type Proposal = {
  to: string;
  destinationTag?: number;
  asset: string;
  amount: Amount;
  metadata?: Record<string, unknown>;
};

export type Pause = { actor: string; reason: string; details: Record<string, unknown>; pausedAt: string };

export type HouseAccount = {
  owner: string;
  asset: string;
  posted: Amount;
  held: Amount;
  available: Amount;
};

export type AssetTreasury = {
  asset: string;
  ledger: {
    vault: Amount;
    rewardsAvailable: Amount;
    rewardsHeld: Amount;
    credited: Amount;
    underWay: Amount;
  };
  chain: { vault: Amount; owed: Amount; bucketAvailable: Amount; bucketCapacity: Amount } | null;
};

export type SettlementStatus = {
  rail: string;
  state: string;
  problems: string[];
  head: string | null;
  finalBlock: string | null;
  scannedBlock: string | null;
  reconciledAt: string | null;
  drift: unknown;
  batches: {
    id: string;
    status: string;
    size: number;
    asset: string;
    total: Amount;
    note: string | null;
  }[];
  endpoints: { url: string; healthy: boolean; problem: string | null }[];
};

export type Treasury = {
  house: HouseAccount[];
  payouts: { asset: string; status: string; count: number; amount: Amount }[];
  rails: RailTreasury[];
};

/** One way out for money. */
export type RailTreasury = {
  rail: string;
  pause: Pause | null;
  chain: {
    chainId: number | null;
    vault: string | null;
    /** Who pays the fees, and what is left for them in the chain's own coin. */
    operator: { address: string; balance: Amount | null } | null;
    assets: AssetTreasury[];
  };
  settlement: SettlementStatus;
};

export type AuditEntry = {
  id: string;
  actor: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  createdAt: string;
  prevHash: string;
  hash: string;
};

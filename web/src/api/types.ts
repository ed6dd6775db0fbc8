/** What the API says, as far as the page reads it. Amounts are decimal strings of minor units. */

export type Amount = string;
export type Money = { asset: string; amount: Amount };

/** The ways out for money, and the chains whose wallets sign in. */
export type Rail = "flare" | "xrpl";

export type Role = "player" | "demo" | "approver" | "admin";
/** `address` is the wallet that signed in, `account` the first wallet of the account. */
export type Player = { id: string; address: string | null; account: string; roles: Role[] };
export type Session = { player: Player; session: { id: string; expiresAt: string } };

export type Asset = {
  code: string;
  scale: number;
  kind: string;
  tiers: { above: Amount; approvals: number }[];
};

export type ClientConfig = {
  payoutMode: string;
  chains: {
    flare?: { chainId: number; vault: string; rpcUrl?: string };
    xrpl?: { networkId: number; treasury: string; url?: string };
  };
  assets: Asset[];
  rates: { from: string; to: string; rate: Amount }[];
  clicks: { maxEnergy: number; energyPerSecond: number; rewardPerTap: Amount };
  siwe: { domain: string; uri: string };
};

export type ClickState = {
  clicks: number;
  balance: Amount;
  energy: number;
  maxEnergy: number;
  energyPerSecond: number;
  rewardPerTap: Amount;
  retryAfterMs: number;
};

export type ClickReply = {
  ok: true;
  clicks: number;
  accepted: number;
  balance: Amount;
  energy: number;
  maxEnergy: number;
  reason?: "no_energy";
  retryAfterMs?: number;
};

export type PayoutStatus =
  | "requested"
  | "pending_approval"
  | "approved"
  | "batched"
  | "submitted"
  | "confirmed"
  | "credited"
  | "failed"
  | "rejected"
  | "expired"
  | "cancelled";

export type PayoutSource = "demo" | "server" | "onchain";
export type Delivery = "push" | "claim";

/** As events tell it. */
export type PayoutSummary = {
  id: string;
  number: string | null;
  status: PayoutStatus;
  source: PayoutSource;
  rail: string;
  delivery: Delivery;
  account: string;
  to: string;
  asset: string;
  amount: Amount;
  spent: Money;
  approvals: { required: number; expiresAt: string | null };
  waitsUntil: string | null;
  reason: string;
  txHash: string | null;
  blockNumber: string | null;
  createdAt: string;
};

/** As lists show it. */
export type PayoutListItem = PayoutSummary & {
  approvals: { required: number; given: number; expiresAt: string | null };
};

export type PayoutTransition = {
  from: PayoutStatus | null;
  to: PayoutStatus;
  actor: string;
  reason: string;
  at: string;
};

/** In full. */
export type Payout = PayoutListItem & { history: PayoutTransition[] };

export type Quote = {
  rate: Amount;
  spent: Money;
  asset: string;
  amount: Amount;
  source: PayoutSource;
  approvals: { required: number; of: number };
  reason: string;
  delivery: Delivery[];
  fees: Money[];
  expected: { seconds: number | null; text: string };
  limits: { min: Amount; playerLeftToday: Amount; assetLeftToday: Amount };
};

export type PayoutRequest = {
  asset: string;
  amount: Amount;
  payAs: string;
  to?: string;
  destinationTag?: number;
  delivery?: Delivery;
};

/** A wallet of the account. */
export type LinkedWallet = {
  address: string;
  chain: Rail;
  payTo: boolean;
  linkedAt: string;
  isFirst: boolean;
};

/** What a wallet returns for a message, as the API takes it. */
export type WalletProof = { signature: string } | { signature: string; publicKey: string } | { blob: string };

export type TypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: string };
  types: Record<string, { name: string; type: string }[]>;
  primaryType: string;
  message: { number: string; asset: string; to: string; amount: string; validUntil: string };
};

export type Voucher = { typedData: TypedData; signature: string; vault: string; deadline: string };

export type Receipt = {
  id: string;
  status: PayoutStatus;
  source: PayoutSource;
  rail: string;
  account: string;
  to: string;
  asset: string;
  assetAddress: string;
  amount: Amount;
  spent: Money;
  settledAt: string;
  chain: {
    chainId: number;
    vault: string;
    number: string;
    txHash: string;
    blockNumber: string;
  } | null;
  verify: string[];
};

export type Balance = { asset: string; available: Amount; held: Amount };

export type BalanceAt = { available: Amount; held: Amount };
export type StatementLine = {
  id: string;
  asset: string;
  kind: string;
  amount: string;
  previous: BalanceAt;
  current: BalanceAt;
  counterparty: string;
  cause: string;
  ref: string;
  pendingId: string | null;
  at: string;
};

export type Page<T> = { items: T[]; nextCursor: string | null };

export type RankedPlayer = { rank: number; account: string; displayName: string; score: number };
export type Winner = Money & { account: string; payoutId: string; txHash: string | null; at: string };
export type Leaderboard = { players: RankedPlayer[]; winners: Winner[] };

/** A feed or account event. `id` is a position that only grows; what to come back with. */
export type WireEvent = { id: string; type: string; payload: Record<string, unknown> };

export type FeedPayout = {
  id: string;
  amount: Amount;
  asset: string;
  account: string;
  txHash?: string;
  demo: boolean;
  timestamp: string;
};

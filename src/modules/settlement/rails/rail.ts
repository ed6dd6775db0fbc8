export type FinalBlock = {
  number: bigint;
  hash: string;
  /** Unix seconds. */
  timestamp: bigint;
};

/**
 * What the signer can use once: an account's nonces on an EVM chain, its tickets on the XRP Ledger. As one look at the
 * chain showed them.
 */
export type Nonces = {
  /** `final`: consumed for good. `head`: in a block that may still leave the chain. */
  consumed(nonce: bigint): "no" | "head" | "final";
  /** What a new transaction may take, best first; those that the database knows are left out by whoever asks. */
  candidates(highestTaken: bigint | null): readonly bigint[];
  /** Nonces that nothing will consume while those behind them, which are open, wait for it. */
  gaps(open: readonly bigint[]): readonly bigint[];
  /** Whether nothing but its own fee keeps a transaction under it from being included. */
  isNext(nonce: bigint): boolean;
  /** What the chain has consumed beyond all that was ever taken; null where that cannot be told or is not so. */
  beyond(highestTaken: bigint): bigint | null;
};

/** What one look at the chain showed. Everything that is decided in a pass is decided on one such look. */
export type ChainView = {
  head: bigint;
  final: FinalBlock;
  nonces: Nonces;
};

/** One member of a batch as it is to be paid; null closes its number without paying. */
export type Payment = { number: bigint; to: string; amount: bigint };

export type Instruction =
  | { kind: "push"; assetRef: string; firstNumber: bigint; payments: readonly (Payment | null)[] }
  | {
      kind: "signed";
      assetRef: string;
      payment: Payment;
      /** Unix seconds, as it was signed. */
      validUntil: bigint;
      approvals: readonly { signer: string; signature: string }[];
      /** What was signed, on a rail whose approvers sign a transaction in full; null where they sign a message. */
      payload: string | null;
    }
  /** Consumes a nonce that nothing else will, so that those after it can be included. */
  | { kind: "fill" };

/** A signed transaction that nobody has seen yet. It must be stored before it is sent. */
export type SignedAttempt = {
  txHash: string;
  raw: string;
  /** The most that it can cost its signer, in the minor unit of the chain's own coin. */
  maxCost: bigint;
  /** No block above this one can include it; null when it stays valid. */
  lastBlock: bigint | null;
};

/**
 * Why something cannot be sent now. `wait`: it may pass later by itself. `word`: the chain consumed a number already.
 * `split`: too much for one transaction. `payee`: it will not pass as long as the payee changes nothing, so the payout
 * fails and the money goes back. `sign_again`: what approvers signed does not hold any more. `pause`: somebody has to
 * look.
 */
export type Refusal = {
  effect: "wait" | "word" | "split" | "payee" | "sign_again" | "pause";
  code: string;
  message: string;
};

export type Preparation = { ok: true; attempt: SignedAttempt } | { ok: false; refusal: Refusal };

/** What a node made of the bytes. Only `rejected` says that it does not hold them, and even then it may later. */
export type BroadcastResult =
  | { result: "accepted" | "known" | "nonce_consumed" | "underpriced" }
  | { result: "rejected"; message: string };

/** What the vault said, in the words of every rail. Numbers are firstNumber … firstNumber + size - 1. */
export type ChainEvent = {
  kind:
    | "batch_paid"
    | "paid"
    /** Paid by what enough approvers have signed, as the chain itself has checked. */
    | "paid_signed"
    | "credited"
    | "closed"
    | "credit_withdrawn"
    | "funded"
    | "swept"
    /** What the chain took for a transaction out of the money that pays players. */
    | "fee"
    /** Money that left without a number and by nobody's right: the books follow it, and the rail stops. */
    | "unknown_payment";
  txHash: string;
  logIndex: number;
  blockNumber: bigint;
  /** On-chain reference of the asset; null where the event has none. */
  assetRef: string | null;
  firstNumber: bigint | null;
  size: number;
  party: string | null;
  /** What left (`batch_paid`: without what was credited), came, or is owed. */
  amount: bigint;
};

/** Where a transaction stands in the chain that is canonical now. */
export type Inclusion = {
  blockNumber: bigint;
  blockHash: string;
  succeeded: boolean;
  /** The chain's own word for what it did, where it has one; decides what becomes of payouts that it did not pay. */
  result: string | null;
  events: readonly ChainEvent[];
};

/** What the vault holds and owes of an asset, what of it the chain locks, and what may leave now. */
export type Holdings = { balance: bigint; owed: bigint; locked: bigint };
export type Capacity = { available: bigint; bucketCapacity: bigint };

export type PaymentOrder = { assetRef: string; payment: Payment };

/** A payment that `approvals` approvers shall sign; `validUntil` in Unix seconds. */
export type SigningOrder = PaymentOrder & { validUntil: bigint; approvals: number };

/** A transaction without signatures, as JSON; no block above `lastBlock` can include it. */
export type Draft = { body: string; digest: string; lastBlock: bigint };

/** An attempt as it is looked for: what was signed, and the final block when it was. */
export type SentAttempt = { txHash: string; raw: string; signedAtBlock: bigint };

/**
 * A way out for money. The worker persists before it lets the rail act: `prepare` and `raise` only compute, `broadcast`
 * sends stored bytes and may be repeated, `maintain` never pays anybody, everything else reads.
 */
export type Rail = {
  readonly name: string;
  /** What the chain's own people call these, for what payouts' histories say. */
  readonly words: { nonce: string; block: string };
  readonly chainId: number;
  /** Whose nonces: the account that transactions are sent from. */
  readonly signer: string;
  /** What holds the money. */
  readonly vault: string;
  /** The key that signs what needs no approvals; it may be the signer's own. */
  readonly operator: string;
  /** What stands against sending anything: wrong chain, no vault, not its operator, other rules than the policy's. */
  findFaults(): Promise<string[]>;
  look(): Promise<ChainView>;
  /** The newest block, cheaply: whether it is worth looking again. */
  head(): Promise<bigint>;
  /**
   * Simulates and signs under this nonce, at today's fees. Where transactions expire, it is also how an expired one is
   * renewed under its own nonce.
   */
  prepare(instruction: Instruction, nonce: bigint, view: ChainView): Promise<Preparation>;
  /** What approvers sign, where they sign a transaction in full; null where they sign a message that binds no nonce. */
  readonly draft: ((order: SigningOrder, nonce: bigint, view: ChainView) => Promise<Draft>) | null;
  /** The same transaction under the same nonce with a higher fee; null when the cap leaves no room for the least raise. */
  raise(raw: string): Promise<SignedAttempt | null>;
  broadcast(raw: string): Promise<BroadcastResult>;
  /** Null where no canonical block holds it. Two URLs must agree where there are two. */
  inclusionOf(attempt: SentAttempt, view: ChainView): Promise<Inclusion | null>;
  /** What becomes of a payout whose transaction was included with this result and did not pay. */
  refusalOf(end: { result: string | null; block: bigint }, order: PaymentOrder): Promise<Refusal>;
  /** What a stored or a foreign transaction told the vault to pay; null when it is none of the vault's ways out. */
  paymentsOf(transaction: { raw: string } | { txHash: string }): Promise<readonly (Payment | null)[] | null>;
  /**
   * Which of these numbers the vault had consumed at that block; two URLs must agree where there are two. Null on a
   * chain that keeps no numbers: there a payout is bound to one nonce, whose end is the proof, and what the chain's
   * history says is believed once it is read up to the final block.
   */
  readonly consumedNumbers:
    | ((numbers: readonly bigint[], blockNumber: bigint) => Promise<Set<bigint>>)
    | null;
  /**
   * Blocks after which nothing that was signed before can be included without approvals. On a chain that keeps no
   * numbers, a database that may have been restored waits as long before it signs anything new. 0: no need to.
   */
  readonly forgottenBlocks: bigint;
  /** Keeps up what transactions need (tickets); nothing of it pays anybody, and repeating it harms nothing. */
  maintain(view: ChainView): Promise<void>;
  /** The block that the vault appeared in. */
  firstBlock(): Promise<bigint>;
  blockHash(blockNumber: bigint): Promise<string | null>;
  /** Events of these blocks, in their order; the rail says how many blocks it can read at once. */
  readonly eventWindowBlocks: bigint;
  events(fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]>;
  holdings(assetRef: string, blockNumber: bigint): Promise<Holdings>;
  capacity(assetRef: string): Promise<Capacity>;
  /** What is left to pay fees with, in the minor unit of the chain's own coin. */
  operatorBalance(): Promise<bigint>;
};

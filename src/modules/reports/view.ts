import type { StatementEntry } from "../ledger/index.ts";
import type { PublicPayout, Winner } from "./store.ts";

export type WinnerView = {
  account: string;
  amount: string;
  asset: string;
  payoutId: string;
  txHash: string | null;
  at: string;
};

export function winnerView(winner: Winner): WinnerView {
  return {
    account: winner.account,
    amount: String(winner.amount),
    asset: winner.asset,
    payoutId: winner.id,
    txHash: winner.tx_hash,
    at: winner.updated_at.toISOString(),
  };
}

/** What anybody may know of a payout: what the chain shows anyhow, and how far it is. Not who decided what, and why. */
export type PublicPayoutView = {
  id: string;
  number: string | null;
  status: string;
  source: string;
  rail: string;
  to: string;
  asset: string;
  amount: string;
  spent: { asset: string; amount: string };
  txHash: string | null;
  blockNumber: string | null;
  createdAt: string;
};

export function payoutView(payout: PublicPayout): PublicPayoutView {
  return {
    id: payout.id,
    number: payout.number === null ? null : String(payout.number),
    status: payout.status,
    source: payout.source,
    rail: payout.rail,
    to: payout.to_address,
    asset: payout.asset,
    amount: String(payout.amount),
    spent: { asset: payout.spent_asset, amount: String(payout.spent_amount) },
    txHash: payout.tx_hash,
    blockNumber: payout.block_number === null ? null : String(payout.block_number),
    createdAt: payout.created_at.toISOString(),
  };
}

type BalanceAt = { available: string; held: string };

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

/** `amount` is what the entry did to `available`, so a column of amounts adds up to the balance that the player sees. */
export function statementLine(entry: StatementEntry): StatementLine {
  const before = entry.previous.posted - entry.previous.held;
  const after = entry.current.posted - entry.current.held;
  return {
    id: entry.transferId,
    asset: entry.asset,
    kind: entry.kind,
    amount: String(after - before),
    previous: { available: String(before), held: String(entry.previous.held) },
    current: { available: String(after), held: String(entry.current.held) },
    counterparty: entry.counterparty,
    cause: entry.cause,
    ref: entry.ref,
    pendingId: entry.pendingId,
    at: entry.createdAt.toISOString(),
  };
}

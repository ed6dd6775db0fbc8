import type { Transfer, TransferResult } from "../../src/modules/ledger/index.ts";

export type ModelAccount = {
  asset: string;
  allowNegative: boolean;
  posted: bigint;
  held: bigint;
  version: bigint;
};

type Stored = {
  transfer: Transfer;
  debit: bigint;
  credit: bigint;
  amount: bigint;
  /** What a resolution took out of the hold. */
  released: bigint | null;
};

type State = {
  accounts: Map<bigint, ModelAccount>;
  transfers: Map<string, Stored>;
  resolutions: Map<string, TransferResult>;
};

const MAX = 10n ** 38n - 1n;

/** The ledger's rules once more, one transfer at a time and with whole-state snapshots instead of undoing. */
export class LedgerModel {
  #state: State;
  readonly #now: Date;

  constructor(accounts: ReadonlyMap<bigint, Pick<ModelAccount, "asset" | "allowNegative">>, now: Date) {
    this.#now = now;
    this.#state = {
      accounts: new Map(
        [...accounts].map(([id, account]) => [id, { ...account, posted: 0n, held: 0n, version: 0n }]),
      ),
      transfers: new Map(),
      resolutions: new Map(),
    };
  }

  get accounts(): ReadonlyMap<bigint, ModelAccount> {
    return this.#state.accounts;
  }

  post(transfers: readonly Transfer[]): TransferResult[] {
    const results: TransferResult[] = [];
    for (let start = 0; start < transfers.length; ) {
      let end = start;
      while (end < transfers.length - 1 && transfers[end]?.linked === true) end += 1;
      results.push(...this.#postGroup(transfers.slice(start, end + 1)));
      start = end + 1;
    }
    return results;
  }

  /** Releases every hold whose time has come. */
  expire(): number {
    let released = 0;
    for (const [id, { transfer, debit, credit, amount }] of this.#state.transfers) {
      if (transfer.kind !== "pending" || !this.#isDue(transfer.expiresAt)) continue;
      if (this.#state.resolutions.has(id)) continue;
      this.#move(debit, credit, 0n, -amount);
      this.#state.resolutions.set(id, "pending_expired");
      released += 1;
    }
    return released;
  }

  #postGroup(group: readonly Transfer[]): TransferResult[] {
    const before = structuredClone(this.#state);
    for (const [i, transfer] of group.entries()) {
      const open = transfer.linked === true && i === group.length - 1;
      const result = open ? "linked_chain_open" : this.#postOne(transfer);
      if (result === "posted" || result === "exists") continue;
      this.#state = before;
      return group.map((_other, j) => (j === i ? result : "linked_transfer_failed"));
    }
    return group
      .map((transfer) => (before.transfers.has(transfer.id) ? "exists" : "posted"))
      .map((result, i) => (group.findIndex((other) => other.id === group[i]?.id) < i ? "exists" : result));
  }

  #postOne(transfer: Transfer): TransferResult {
    const existing = this.#state.transfers.get(transfer.id);
    if (existing !== undefined) return compare(existing, transfer);
    const amount = "amount" in transfer ? transfer.amount : undefined;
    if (amount !== undefined && amount > MAX) return "amount_too_large";
    if (amount !== undefined && amount <= 0n) return "amount_not_positive";
    return transfer.kind === "posted" || transfer.kind === "pending"
      ? this.#postMovement(transfer)
      : this.#postResolution(transfer);
  }

  #postMovement(transfer: Extract<Transfer, { kind: "posted" | "pending" }>): TransferResult {
    const { debit, credit, amount } = transfer;
    if (debit === credit) return "accounts_not_different";
    const from = this.#state.accounts.get(debit);
    const to = this.#state.accounts.get(credit);
    if (from === undefined) return "debit_account_not_found";
    if (to === undefined) return "credit_account_not_found";
    if (from.asset !== to.asset) return "assets_differ";
    if (!from.allowNegative && from.posted - from.held < amount) return "insufficient_funds";
    const moved = transfer.kind === "posted" ? amount : 0n;
    if (to.posted + moved > MAX || from.posted - moved < -MAX || from.held + amount - moved > MAX) {
      return "balance_overflow";
    }
    this.#move(debit, credit, moved, amount - moved);
    this.#state.transfers.set(transfer.id, { transfer, debit, credit, amount, released: null });
    return "posted";
  }

  #postResolution(transfer: Extract<Transfer, { pendingId: string }>): TransferResult {
    const pending = this.#state.transfers.get(transfer.pendingId);
    if (pending === undefined) return "pending_not_found";
    if (pending.transfer.kind !== "pending") return "pending_not_pending";
    const resolution = this.#state.resolutions.get(transfer.pendingId);
    if (resolution !== undefined) return resolution;
    if (this.#isDue(pending.transfer.expiresAt)) return "pending_expired";
    const { debit, credit } = pending;
    const amount = transfer.kind === "post_pending" ? (transfer.amount ?? pending.amount) : pending.amount;
    if (amount > pending.amount) return "exceeds_pending_amount";
    const moved = transfer.kind === "post_pending" ? amount : 0n;
    const to = this.#state.accounts.get(credit);
    const from = this.#state.accounts.get(debit);
    if ((to?.posted ?? 0n) + moved > MAX || (from?.posted ?? 0n) - moved < -MAX) return "balance_overflow";
    this.#move(debit, credit, moved, -pending.amount);
    this.#state.transfers.set(transfer.id, { transfer, debit, credit, amount, released: pending.amount });
    this.#state.resolutions.set(
      transfer.pendingId,
      transfer.kind === "post_pending" ? "pending_already_posted" : "pending_already_voided",
    );
    return "posted";
  }

  #move(debit: bigint, credit: bigint, moved: bigint, held: bigint): void {
    const from = this.#state.accounts.get(debit);
    const to = this.#state.accounts.get(credit);
    if (from === undefined || to === undefined)
      throw new Error("the model moves between accounts that exist");
    from.posted -= moved;
    from.held += held;
    from.version += 1n;
    to.posted += moved;
    to.version += 1n;
  }

  #isDue(expiresAt: Date | undefined): boolean {
    return expiresAt !== undefined && expiresAt <= this.#now;
  }
}

function compare(existing: Stored, again: Transfer): TransferResult {
  const first = existing.transfer;
  if (first.kind !== again.kind) return "exists_with_different_kind";
  if ("pendingId" in first && "pendingId" in again) {
    if (first.pendingId !== again.pendingId) return "exists_with_different_pending";
    if (again.kind === "post_pending" && (again.amount ?? existing.released) !== existing.amount) {
      return "exists_with_different_amount";
    }
  } else if ("debit" in again) {
    if (existing.debit !== again.debit) return "exists_with_different_debit";
    if (existing.credit !== again.credit) return "exists_with_different_credit";
    if (existing.amount !== again.amount) return "exists_with_different_amount";
  }
  const expiry = (transfer: Transfer): number | undefined =>
    transfer.kind === "pending" ? transfer.expiresAt?.getTime() : undefined;
  if (expiry(first) !== expiry(again)) return "exists_with_different_expiry";
  if ((first.linked ?? false) !== (again.linked ?? false)) return "exists_with_different_linked";
  if (first.cause !== again.cause) return "exists_with_different_cause";
  if (first.ref !== again.ref) return "exists_with_different_ref";
  return "exists";
}

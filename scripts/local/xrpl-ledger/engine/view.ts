import type { AccountRoot, Entry, RippleState, SignerList, Ticket } from "./entries.ts";
import { accountKey, lineKey, signerListKey, ticketKey } from "./keylets.ts";

export type Fees = { baseFeeDrops: bigint; reserveBaseDrops: bigint; reserveIncrementDrops: bigint };

/** What a transaction may ask about the ledger that it is applied to. */
export interface LedgerView {
  readonly ledgerIndex: number;
  /** The open ledger checks fees and gives provisional results; a closing one does neither. */
  readonly isOpen: boolean;
  readonly fees: Fees;
  get(key: string): Entry | undefined;
}

/** Changes over a view that can be thrown away or committed as a whole. Entries are never changed in place. */
export class Sandbox implements LedgerView {
  readonly ledgerIndex: number;
  readonly isOpen: boolean;
  readonly fees: Fees;
  readonly base: LedgerView;
  /** null: erased. */
  readonly changes = new Map<string, Entry | null>();

  constructor(base: LedgerView, as?: { ledgerIndex: number; isOpen: boolean; fees: Fees }) {
    this.base = base;
    this.ledgerIndex = as?.ledgerIndex ?? base.ledgerIndex;
    this.isOpen = as?.isOpen ?? base.isOpen;
    this.fees = as?.fees ?? base.fees;
  }

  get(key: string): Entry | undefined {
    const changed = this.changes.get(key);
    return changed === undefined ? this.base.get(key) : (changed ?? undefined);
  }

  set(key: string, entry: Entry): void {
    this.changes.set(key, entry);
  }

  erase(key: string): void {
    this.changes.set(key, null);
  }

  commitTo(target: Sandbox): void {
    for (const [key, entry] of this.changes) target.changes.set(key, entry);
  }
}

/** Keys are hashes of their kind as well, so what lies under one is of that kind. */
export const accountRoot = (view: LedgerView, account: string): AccountRoot | undefined =>
  view.get(accountKey(account)) as AccountRoot | undefined;
export const ticketOf = (view: LedgerView, account: string, sequence: number): Ticket | undefined =>
  view.get(ticketKey(account, sequence)) as Ticket | undefined;
export const signerListOf = (view: LedgerView, account: string): SignerList | undefined =>
  view.get(signerListKey(account)) as SignerList | undefined;
export const trustLine = (
  view: LedgerView,
  a: string,
  b: string,
  currency: string,
): RippleState | undefined => view.get(lineKey(a, b, currency)) as RippleState | undefined;

export function updateAccount(sandbox: Sandbox, account: string, change: Partial<AccountRoot>): AccountRoot {
  const before = accountRoot(sandbox, account);
  if (before === undefined) throw new Error(`account ${account} is not in the ledger`);
  const after = { ...before, ...change };
  // undefined in a change removes an optional field.
  for (const field of Object.keys(change) as (keyof AccountRoot)[]) {
    if (change[field] === undefined) delete after[field];
  }
  sandbox.set(accountKey(account), after);
  return after;
}

export function adjustOwnerCount(sandbox: Sandbox, account: string, by: number): void {
  const root = accountRoot(sandbox, account);
  if (root !== undefined) updateAccount(sandbox, account, { OwnerCount: Math.max(0, root.OwnerCount + by) });
}

export const reserveDrops = (view: LedgerView, ownerCount: number): bigint =>
  view.fees.reserveBaseDrops + BigInt(ownerCount) * view.fees.reserveIncrementDrops;

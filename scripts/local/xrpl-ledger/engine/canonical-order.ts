import { accountIdOf, sha512Half } from "./keylets.ts";
import { compareUse, sequenceUse, type Transaction } from "./transaction.ts";

const INNER_NODE_PREFIX = "4D494E00";
const NOTHING = "0".repeat(64);

/** The root hash of a tree of leaves that are keyed by 256-bit keys: each inner node hashes its 16 children. */
export function treeHash(leaves: { key: string; hash: string }[]): string {
  return leaves.length === 0 ? NOTHING : innerHash(leaves, 0);
}

function innerHash(leaves: { key: string; hash: string }[], depth: number): string {
  const branches: { key: string; hash: string }[][] = Array.from({ length: 16 }, () => []);
  for (const leaf of leaves) branches[Number.parseInt(leaf.key.charAt(depth), 16)]?.push(leaf);
  const children = branches.map((branch) => {
    const [only] = branch;
    if (only === undefined) return NOTHING;
    return branch.length === 1 ? only.hash : innerHash(branch, depth + 1);
  });
  return sha512Half(INNER_NODE_PREFIX, children.join(""));
}

/** The salt of a ledger's order is the hash of the set of its transactions, whose leaves are their own hashes. */
export const saltOf = (transactions: Transaction[]): string =>
  treeHash(transactions.map(({ hash }) => ({ key: hash, hash })));

export const NO_SALT = NOTHING;

function saltedAccount(account: string, salt: string): bigint {
  return BigInt(`0x${accountIdOf(account).padEnd(64, "0")}`) ^ BigInt(`0x${salt}`);
}

/** Deterministic, but not to be foreseen: by salted account, then by sequence, then by hash. */
export function canonicalOrder(transactions: Iterable<Transaction>, salt: string): Transaction[] {
  return [...transactions]
    .map((tx) => ({ tx, account: saltedAccount(tx.fields.Account, salt), use: sequenceUse(tx.fields) }))
    .sort((a, b) => {
      if (a.account !== b.account) return a.account < b.account ? -1 : 1;
      return compareUse(a.use, b.use) || (a.tx.hash < b.tx.hash ? -1 : 1);
    })
    .map(({ tx }) => tx);
}

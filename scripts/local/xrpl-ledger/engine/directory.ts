import type { DirectoryNode } from "./entries.ts";
import { directoryPageKey, ownerDirectoryKey } from "./keylets.ts";
import type { LedgerView, Sandbox } from "./view.ts";

/** Owner directories are chains of pages of 32: their order is the order of `account_objects`, and of its markers. */
const PAGE_ENTRIES = 32;

const pageNumber = (value: string | undefined): bigint => BigInt(`0x${value ?? "0"}`);
const pageField = (value: bigint): string => value.toString(16).toUpperCase();

export function directoryPage(view: LedgerView, key: string): DirectoryNode | undefined {
  return view.get(key) as DirectoryNode | undefined;
}

export function nextPageKey(page: DirectoryNode): string | null {
  const next = pageNumber(page.IndexNext);
  return next === 0n ? null : directoryPageKey(page.RootIndex, next);
}

/** Returns the page that the entry went to, which the entry itself has to remember. */
export function addToDirectory(sandbox: Sandbox, owner: string, key: string): string {
  const rootKey = ownerDirectoryKey(owner);
  const root = directoryPage(sandbox, rootKey);
  if (root === undefined) {
    sandbox.set(rootKey, {
      LedgerEntryType: "DirectoryNode",
      Flags: 0,
      Owner: owner,
      RootIndex: rootKey,
      Indexes: [key],
    });
    return "0";
  }
  const last = pageNumber(root.IndexPrevious);
  const lastKey = directoryPageKey(rootKey, last);
  const page = directoryPage(sandbox, lastKey) ?? root;
  if (page.Indexes.length < PAGE_ENTRIES) {
    sandbox.set(lastKey, { ...page, Indexes: [...page.Indexes, key].sort() });
    return pageField(last);
  }
  const added = last + 1n;
  sandbox.set(lastKey, { ...page, IndexNext: pageField(added) });
  const currentRoot = directoryPage(sandbox, rootKey) ?? root;
  sandbox.set(rootKey, { ...currentRoot, IndexPrevious: pageField(added) });
  sandbox.set(directoryPageKey(rootKey, added), {
    LedgerEntryType: "DirectoryNode",
    Flags: 0,
    Owner: owner,
    RootIndex: rootKey,
    Indexes: [key],
    ...(last === 0n ? {} : { IndexPrevious: pageField(last) }),
  });
  return pageField(added);
}

export function removeFromDirectory(
  sandbox: Sandbox,
  owner: string,
  node: string,
  key: string,
  keepRoot: boolean,
): void {
  const rootKey = ownerDirectoryKey(owner);
  const number = pageNumber(node);
  const pageKey = directoryPageKey(rootKey, number);
  const page = directoryPage(sandbox, pageKey);
  if (page?.Indexes.includes(key) !== true) throw new Error(`directory of ${owner} has lost ${key}`);
  const left = { ...page, Indexes: page.Indexes.filter((one) => one !== key) };
  sandbox.set(pageKey, left);
  if (left.Indexes.length > 0) return;
  const [previous, next] = [pageNumber(left.IndexPrevious), pageNumber(left.IndexNext)];
  if (number === 0n) {
    if (!keepRoot && next === 0n && previous === 0n) sandbox.erase(pageKey);
    return;
  }
  // A page other than the root is unlinked as soon as it is empty.
  sandbox.erase(pageKey);
  relink(sandbox, rootKey, previous, { IndexNext: pageField(next) });
  relink(sandbox, rootKey, next, { IndexPrevious: pageField(previous) });
  const root = directoryPage(sandbox, rootKey);
  if (!keepRoot && next === 0n && previous === 0n && root?.Indexes.length === 0) sandbox.erase(rootKey);
}

function relink(sandbox: Sandbox, rootKey: string, number: bigint, link: Partial<DirectoryNode>): void {
  const key = directoryPageKey(rootKey, number);
  const page = directoryPage(sandbox, key);
  if (page !== undefined) sandbox.set(key, { ...page, ...link });
}

/** Every entry of an owner, page by page. */
export function* ownedKeys(view: LedgerView, owner: string): Generator<string> {
  let key: string | null = ownerDirectoryKey(owner);
  while (key !== null) {
    const page = directoryPage(view, key);
    if (page === undefined) return;
    yield* page.Indexes;
    key = nextPageKey(page);
  }
}

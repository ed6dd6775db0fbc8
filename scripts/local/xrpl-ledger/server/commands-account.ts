import { directoryPage, nextPageKey, ownedKeys } from "../engine/directory.ts";
import { ACCOUNT_FLAGS, type Entry, hasFlag, type RippleState } from "../engine/entries.ts";
import { addIssued, formatIssued, ZERO } from "../engine/issued-amount.ts";
import { accountKey, isAddress, ownerDirectoryKey, signerListKey, ticketKey } from "../engine/keylets.ts";
import type { LedgerEngine } from "../engine/ledger-engine.ts";
import { isBlocker, spendDrops } from "../engine/transaction-queue.ts";
import { accountRoot, type LedgerView, signerListOf } from "../engine/view.ts";
import { depositRefused } from "../transactions/payment.ts";
import { balanceFor, limitField, lineFlag, sideOf } from "../transactions/trust-lines.ts";
import { chooseLedger, stamped } from "./ledger-choice.ts";
import { accountParam, type Command, knownAddress, limitParam, type Params, type Result } from "./request.ts";
import { invalidParams, RpcError } from "./rpc-error.ts";

const withIndex = (index: string, entry: Entry): Result => ({ ...entry, index });

export const accountInfo: Command = ({ params, apiVersion, context }) => {
  const account = accountParam(params);
  const { view, stamp, closed } = chooseLedger(context, params);
  return stamped(stamp, () => {
    const root = accountRoot(view, knownAddress(account));
    if (root === undefined) throw new RpcError("actNotFound", { account });
    const flags = Object.entries(ACCOUNT_FLAGS).map(([name, flag]) => [name, hasFlag(root.Flags, flag)]);
    const data = withIndex(accountKey(account), root);
    const list = signerListOf(view, account);
    const signerLists = list === undefined ? [] : [withIndex(signerListKey(account), list)];
    const wantsLists = params.signer_lists === true;
    const wantsQueue = params.queue === true;
    if (wantsQueue && closed !== null) throw new RpcError("invalidParams");
    return {
      account_data: wantsLists && apiVersion < 2 ? { ...data, signer_lists: signerLists } : data,
      account_flags: Object.fromEntries(flags),
      ...(wantsLists && apiVersion > 1 ? { signer_lists: signerLists } : {}),
      ...(wantsQueue ? { queue_data: queueData(context.engine.queue.of(account)) } : {}),
      ...stamp,
    };
  });
};

/** An account's queued transactions: what they may spend, and which numbers they use. */
function queueData(queued: ReturnType<LedgerEngine["queue"]["of"]>): Result {
  if (queued.length === 0) return { txn_count: 0 };
  const transactions = queued.map(({ tx, use, level }) => ({
    auth_change: isBlocker(tx),
    fee: tx.fields.Fee,
    fee_level: String(level),
    max_spend_drops: String(BigInt(tx.fields.Fee) + spendDrops(tx)),
    ...(use.kind === "sequence" ? { seq: use.number } : { ticket: use.number }),
  }));
  const total = transactions.reduce((sum, one) => sum + BigInt(one.max_spend_drops), 0n);
  const numbers = (kind: "sequence" | "ticket"): Result => {
    const used = queued.filter(({ use }) => use.kind === kind).map(({ use }) => use.number);
    if (used.length === 0) return {};
    return {
      [`${kind}_count`]: used.length,
      [`lowest_${kind}`]: Math.min(...used),
      [`highest_${kind}`]: Math.max(...used),
    };
  };
  return {
    auth_change_queued: transactions.some((one) => one.auth_change),
    max_spend_drops_total: String(total),
    ...numbers("sequence"),
    ...numbers("ticket"),
    transactions,
    txn_count: queued.length,
  };
}

const TYPES: Record<string, Entry["LedgerEntryType"] | null> = {
  account: "AccountRoot",
  deposit_preauth: "DepositPreauth",
  directory: "DirectoryNode",
  signer_list: "SignerList",
  state: "RippleState",
  ticket: "Ticket",
  // Kinds that this ledger does not have: nobody owns any.
  amm: null,
  bridge: null,
  check: null,
  credential: null,
  did: null,
  escrow: null,
  mpt_issuance: null,
  mptoken: null,
  nft_offer: null,
  nft_page: null,
  offer: null,
  oracle: null,
  payment_channel: null,
};

export const accountObjects: Command = ({ params, context }) => {
  const account = accountParam(params);
  const { view, stamp } = chooseLedger(context, params);
  const type = typeParam(params);
  if (accountRoot(view, knownAddress(account)) === undefined) throw new RpcError("actNotFound");
  const limit = limitParam(params);
  const page = ownedPage(view, account, limit, params.marker);
  const objects = page.keys
    .map((key) => ({ key, entry: view.get(key) }))
    .filter(({ entry }) => entry !== undefined && (type === undefined || entry.LedgerEntryType === type))
    .map(({ key, entry }) => withIndex(key, entry as Entry));
  return {
    account,
    account_objects: objects,
    ...(page.marker === null ? {} : { limit, marker: page.marker }),
    ...stamp,
  };
};

function typeParam({ type }: Params): Entry["LedgerEntryType"] | null | undefined {
  if (type === undefined) return undefined;
  if (typeof type !== "string" || !Object.hasOwn(TYPES, type)) throw invalidParams("Invalid field 'type'.");
  return TYPES[type] ?? null;
}

/** A page of the owner's directory; the limit counts entries of every type. A marker names a page and the entry in it. */
function ownedPage(
  view: LedgerView,
  account: string,
  limit: number,
  marker: unknown,
): { keys: string[]; marker: string | null } {
  const [pageKey, from] = markerParam(marker) ?? [ownerDirectoryKey(account), null];
  const keys: string[] = [];
  let key: string | null = pageKey;
  let skipUntil = from;
  while (key !== null) {
    const page = directoryPage(view, key);
    if (page === undefined || (key === pageKey && page.Owner !== account)) break;
    let entries = page.Indexes;
    if (skipUntil !== null) {
      const at = entries.indexOf(skipUntil);
      if (at < 0) throw invalidParams("Invalid field 'marker'.");
      entries = entries.slice(at);
      skipUntil = null;
    }
    const room = limit - keys.length;
    keys.push(...entries.slice(0, room));
    const next = entries[room];
    if (next !== undefined) return { keys, marker: `${key},${next}` };
    key = nextPageKey(page);
  }
  return { keys, marker: null };
}

function markerParam(marker: unknown): [string, string] | null {
  if (marker === undefined) return null;
  const [page = "", entry = "", ...rest] = typeof marker === "string" ? marker.split(",") : [];
  if (page.length !== 64 || entry.length !== 64 || rest.length > 0)
    throw invalidParams("Invalid field 'marker'.");
  return [page, entry];
}

export const accountLines: Command = ({ params, context }) => {
  const account = accountParam(params);
  const { view, stamp } = chooseLedger(context, params);
  if (accountRoot(view, knownAddress(account)) === undefined) throw new RpcError("actNotFound");
  const { peer, marker } = params;
  if (peer !== undefined && !isAddress(peer)) throw new RpcError("actMalformed");
  const limit = limitParam(params);
  const keys = [...ownedKeys(view, account)].filter((key) => {
    const line = view.get(key);
    if (line?.LedgerEntryType !== "RippleState") return false;
    return peer === undefined || peerOf(line, account) === peer;
  });
  const from = marker === undefined ? 0 : keys.indexOf(String(marker).split(",")[0] ?? "");
  if (from < 0) throw invalidParams("Invalid field 'marker'.");
  const next = keys[from + limit];
  return {
    account,
    lines: keys.slice(from, from + limit).map((key) => lineJson(view.get(key) as RippleState, account)),
    ...(next === undefined ? {} : { limit, marker: `${next},0` }),
    ...stamp,
  };
};

const peerOf = (line: RippleState, account: string): string =>
  line.LowLimit.issuer === account ? line.HighLimit.issuer : line.LowLimit.issuer;

function lineJson(line: RippleState, account: string): Result {
  const peer = peerOf(line, account);
  const mark = (name: string, is: boolean): Result => (is ? { [name]: true } : {});
  return {
    account: peer,
    balance: formatIssued(balanceFor(line, account, peer)),
    currency: line.Balance.currency,
    limit: line[limitField(sideOf(account, peer))].value,
    limit_peer: line[limitField(sideOf(peer, account))].value,
    no_ripple: lineFlag(line, account, peer, "noRipple"),
    no_ripple_peer: lineFlag(line, peer, account, "noRipple"),
    quality_in: 0,
    quality_out: 0,
    ...mark("authorized", lineFlag(line, account, peer, "auth")),
    ...mark("peer_authorized", lineFlag(line, peer, account, "auth")),
    ...mark("freeze", lineFlag(line, account, peer, "freeze")),
    ...mark("freeze_peer", lineFlag(line, peer, account, "freeze")),
  };
}

export const depositAuthorized: Command = ({ params, context }) => {
  const source = accountParam(params, "source_account");
  const destination = accountParam(params, "destination_account");
  knownAddress(source, new RpcError("srcActMalformed"));
  knownAddress(destination, new RpcError("dstActMalformed"));
  const { view, stamp } = chooseLedger(context, params);
  return stamped(stamp, () => {
    if (accountRoot(view, source) === undefined) throw new RpcError("srcActNotFound");
    if (accountRoot(view, destination) === undefined) throw new RpcError("dstActNotFound");
    return {
      deposit_authorized: !depositRefused(view, destination, source),
      destination_account: destination,
      source_account: source,
      ...stamp,
    };
  });
};

/** What an issuer owes in all, by currency. Hot wallets and frozen balances are not told apart here. */
export const gatewayBalances: Command = ({ params, context }) => {
  const account = accountParam(params);
  const { view, stamp } = chooseLedger(context, params);
  if (accountRoot(view, knownAddress(account)) === undefined) throw new RpcError("actNotFound");
  const owed = new Map<string, typeof ZERO>();
  for (const key of ownedKeys(view, account)) {
    const line = view.get(key);
    if (line?.LedgerEntryType !== "RippleState") continue;
    const held = balanceFor(line, peerOf(line, account), account);
    if (held.mantissa > 0n) {
      owed.set(line.Balance.currency, addIssued(owed.get(line.Balance.currency) ?? ZERO, held));
    }
  }
  const obligations = Object.fromEntries([...owed].map(([currency, sum]) => [currency, formatIssued(sum)]));
  return { account, ...(owed.size === 0 ? {} : { obligations }), ...stamp };
};

export const ledgerEntry: Command = ({ params, context }) => {
  const { view, stamp } = chooseLedger(context, params);
  return stamped(stamp, () => {
    const key = entryKey(params);
    const node = view.get(key);
    if (node === undefined) throw new RpcError("entryNotFound");
    return { index: key, node: withIndex(key, node), ...stamp };
  });
};

function entryKey({ index, account_root, ticket }: Params): string {
  if (typeof index === "string") return index.toUpperCase();
  if (typeof account_root === "string") return accountKey(knownAddress(account_root));
  const { account, ticket_seq } = (ticket ?? {}) as Params;
  if (isAddress(account) && typeof ticket_seq === "number") return ticketKey(account, ticket_seq);
  throw invalidParams("Missing or malformed 'index', 'account_root' or 'ticket'.");
}

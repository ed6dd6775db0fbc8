import { metadataBlob } from "../engine/build-ledger.ts";
import { type ClosedTransaction, FIRST_INDEX } from "../engine/ledger-history.ts";
import { chooseLedger } from "./ledger-choice.ts";
import { isoTime } from "./ledger-time.ts";
import {
  accountParam,
  type Command,
  knownAddress,
  type Params,
  type Request,
  type Result,
} from "./request.ts";
import { invalidParams, RpcError } from "./rpc-error.ts";
import { closedJson, ctidOf, metadataJson, transactionJson } from "./transaction-json.ts";

const HASH = /^[0-9A-Fa-f]{64}$/;
const CTID = /^C[0-9A-Fa-f]{15}$/i;
const MAX_RANGE = 1_000;
/** The transaction database of a standalone server begins after the ledgers that it was started with. */
const FIRST_RECORDED_INDEX = FIRST_INDEX + 1;

export const tx: Command = (request) => {
  const { params, context } = request;
  const { engine, gaps } = context;
  const range = rangeParam(params);
  const found = find(request);
  if (found !== undefined && !gaps.isMissing(found.ledgerIndex)) return closedResult(request, found);
  const known = found === undefined ? engine.known.get(hashParam(params)) : undefined;
  if (known !== undefined) {
    const json = transactionJson(known, request.apiVersion);
    return request.apiVersion > 1
      ? { hash: known.hash, tx_json: json, validated: false }
      : { ...json, hash: known.hash, validated: false };
  }
  if (range === null) throw new RpcError("txnNotFound");
  const [from, to] = range;
  const isRecorded = from >= FIRST_RECORDED_INDEX && to <= engine.history.last.index;
  throw new RpcError("txnNotFound", { searched_all: isRecorded && gaps.hasAll(from, to) });
};

function rangeParam({ min_ledger: from, max_ledger: to }: Params): [number, number] | null {
  if (typeof from !== "number" || typeof to !== "number") return null;
  if (from > to) throw new RpcError("invalidLgrRange");
  if (to - from > MAX_RANGE) throw new RpcError("excessiveLgrRange");
  return [from, to];
}

const hashParam = ({ transaction }: Params): string => String(transaction ?? "").toUpperCase();

function find({ params, context }: Request): ClosedTransaction | undefined {
  const { transaction, ctid } = params;
  const { history } = context.engine;
  if (typeof ctid === "string" && CTID.test(ctid)) {
    const place = Number.parseInt(ctid.slice(8, 12), 16);
    const ledger = history.ledger(Number.parseInt(ctid.slice(1, 8), 16));
    return ledger?.transactions.find(({ meta }) => meta.TransactionIndex === place);
  }
  if (transaction === undefined) throw invalidParams("Invalid parameters.");
  if (typeof transaction !== "string" || !HASH.test(transaction)) throw new RpcError("notImpl");
  return history.transaction(transaction.toUpperCase());
}

function closedResult({ params, apiVersion, context }: Request, closed: ClosedTransaction): Result {
  const { engine } = context;
  const ledger = engine.history.ledger(closed.ledgerIndex) ?? engine.history.last;
  const ctid = ctidOf(closed, engine.networkId);
  const place = { ...(ctid === null ? {} : { ctid }) };
  const json = {
    ...transactionJson(closed.tx, apiVersion),
    date: ledger.closeTime,
    ledger_index: ledger.index,
  };
  if (apiVersion < 2) {
    return {
      ...json,
      ...place,
      hash: closed.tx.hash,
      inLedger: ledger.index,
      meta: metadataJson(closed),
      validated: true,
    };
  }
  const { meta, ...stamp } = closedJson(closed, ledger);
  if (params.binary === true) {
    return { ...stamp, ...place, meta_blob: metadataBlob(closed.meta), tx_blob: closed.tx.blob };
  }
  return { ...stamp, ...place, meta, tx_json: json };
}

export const transactionEntry: Command = ({ params, apiVersion, context }) => {
  const hash = String(params.tx_hash ?? "").toUpperCase();
  const { closed: ledger } = chooseLedger(context, params);
  const closed = context.engine.history.transaction(hash);
  if (ledger === null || closed?.ledgerIndex !== ledger.index) throw new RpcError("transactionNotFound");
  return {
    close_time_iso: isoTime(ledger.closeTime),
    hash,
    ledger_hash: ledger.hash,
    ledger_index: ledger.index,
    meta: { ...closed.meta },
    tx_json: transactionJson(closed.tx, apiVersion),
    validated: true,
  };
};

type Marker = { ledger: number; seq: number };

export const accountTx: Command = ({ params, apiVersion, context }) => {
  const { engine, gaps } = context;
  const account = knownAddress(accountParam(params));
  const last = engine.history.last.index;
  const [from, to] = accountTxRange(params, gaps.contiguousFrom(last), last, apiVersion);
  const limit = typeof params.limit === "number" ? params.limit : 0;
  const pageSize = limit > 0 ? Math.min(limit, 200) : 200;
  const isForward = params.forward === true;
  const inRange = engine.history
    .transactionsOf(account)
    .filter(({ ledgerIndex }) => from <= ledgerIndex && ledgerIndex <= to);
  const ordered = isForward ? inRange : inRange.toReversed();
  const marker = params.marker as Marker | undefined;
  // The marker is the first transaction of the next page.
  const start = marker === undefined ? 0 : ordered.findIndex((one) => isAtOrBeyond(one, marker, isForward));
  const page = start < 0 ? [] : ordered.slice(start, start + pageSize);
  const next = start < 0 ? undefined : ordered[start + pageSize];
  return {
    account,
    ledger_index_max: to,
    ledger_index_min: from,
    limit,
    ...(next === undefined
      ? {}
      : { marker: { ledger: next.ledgerIndex, seq: next.meta.TransactionIndex } satisfies Marker }),
    transactions: page.map((one) => accountTxJson(one, params, apiVersion, context)),
    validated: true,
  };
};

function isAtOrBeyond({ ledgerIndex, meta }: ClosedTransaction, marker: Marker, isForward: boolean): boolean {
  const distance = ledgerIndex - marker.ledger || meta.TransactionIndex - marker.seq;
  return isForward ? distance >= 0 : distance <= 0;
}

/** Ranges that the server does not hold are refused from api_version 2 on, instead of being cut silently. */
function accountTxRange(params: Params, first: number, last: number, apiVersion: number): [number, number] {
  const index = params.ledger_index;
  if (typeof index === "number") {
    if (index < first || index > last) throw new RpcError("lgrNotFound");
    return [index, index];
  }
  if (index === "validated") return [last, last];
  const given = (name: string): number | null => {
    const value = params[name];
    return typeof value === "number" && value >= 0 ? value : null;
  };
  const [min, max] = [given("ledger_index_min"), given("ledger_index_max")];
  if (min !== null && max !== null && max < min) throw new RpcError("invalidLgrRange");
  const isOutside = (max !== null && max > last) || (min !== null && min !== 0 && min < first);
  if (apiVersion > 1 && isOutside) throw new RpcError("lgrIdxMalformed");
  const [from, to] = [Math.max(min ?? first, first), Math.min(max ?? last, last)];
  if (to < from) throw new RpcError(apiVersion > 1 ? "invalidLgrRange" : "lgrIdxMalformed");
  return [from, to];
}

function accountTxJson(
  closed: ClosedTransaction,
  { binary }: Params,
  apiVersion: number,
  { engine }: Request["context"],
): Result {
  const ledger = engine.history.ledger(closed.ledgerIndex) ?? engine.history.last;
  const { meta, ...stamp } = closedJson(closed, ledger);
  if (binary === true) {
    const blobs = { tx_blob: closed.tx.blob, ledger_index: ledger.index, validated: true };
    return apiVersion > 1
      ? { ...blobs, meta_blob: metadataBlob(closed.meta) }
      : { ...blobs, meta: metadataBlob(closed.meta) };
  }
  const json = {
    ...transactionJson(closed.tx, apiVersion),
    date: ledger.closeTime,
    ledger_index: ledger.index,
  };
  if (apiVersion > 1) return { ...stamp, meta, tx_json: json };
  return { meta, tx: { ...json, hash: closed.tx.hash, inLedger: ledger.index }, validated: true };
}

import { CLOSE_TIME_RESOLUTION, metadataBlob } from "../engine/build-ledger.ts";
import type { ClosedLedger } from "../engine/ledger-history.ts";
import { chooseLedger } from "./ledger-choice.ts";
import { humanTime, isoTime } from "./ledger-time.ts";
import type { Command, Params, Request, Result } from "./request.ts";
import { RpcError } from "./rpc-error.ts";
import { closedJson, transactionJson } from "./transaction-json.ts";

export const ledgerCurrent: Command = ({ context }) => ({
  ledger_current_index: context.engine.openView.ledgerIndex,
});

export const ledgerClosed: Command = ({ context }) => {
  const { last } = context.engine.history;
  return { ledger_hash: last.hash, ledger_index: last.index };
};

function header(ledger: ClosedLedger): Result {
  return {
    account_hash: ledger.accountHash,
    close_flags: 0,
    close_time: ledger.closeTime,
    close_time_human: humanTime(ledger.closeTime),
    close_time_iso: isoTime(ledger.closeTime),
    close_time_resolution: CLOSE_TIME_RESOLUTION,
    closed: true,
    ledger_hash: ledger.hash,
    ledger_index: ledger.index,
    parent_close_time: ledger.parentCloseTime,
    parent_hash: ledger.parentHash,
    total_coins: String(ledger.totalDrops),
    transaction_hash: ledger.transactionHash,
  };
}

function openHeader({ context }: Request): Result {
  const { engine } = context;
  return {
    closed: false,
    ledger_index: engine.openView.ledgerIndex,
    parent_hash: engine.history.last.hash,
  };
}

function closedTransactions(ledger: ClosedLedger, params: Params, apiVersion: number): unknown[] {
  if (params.expand !== true) return ledger.transactions.map(({ tx }) => tx.hash);
  return ledger.transactions.map((closed) => {
    if (params.binary === true) {
      return { hash: closed.tx.hash, meta_blob: metadataBlob(closed.meta), tx_blob: closed.tx.blob };
    }
    return { ...closedJson(closed, ledger), tx_json: transactionJson(closed.tx, apiVersion) };
  });
}

export const ledger: Command = (request) => {
  const { params, apiVersion, context } = request;
  if (params.ledger_index === undefined && params.ledger_hash === undefined) {
    return { closed: { ledger: header(context.engine.history.last) }, open: { ledger: openHeader(request) } };
  }
  const { closed, stamp } = chooseLedger(context, params);
  if (closed !== null) {
    const transactions =
      params.transactions === true ? { transactions: closedTransactions(closed, params, apiVersion) } : {};
    return { ledger: { ...header(closed), ...transactions }, ...stamp };
  }
  const open = context.engine.openTransactions;
  const transactions =
    params.transactions !== true
      ? {}
      : params.expand === true
        ? { transactions: open.map((tx) => ({ hash: tx.hash, tx_json: transactionJson(tx, apiVersion) })) }
        : { transactions: open.map(({ hash }) => hash) };
  return { ledger: { ...openHeader(request), ...transactions }, ...stamp };
};

/** Closes ledgers, as the operator of a standalone server may. `count` is this ledger's own addition. */
export const ledgerAccept: Command = ({ params, context }) => {
  if (context.isPublic) throw new RpcError("forbidden");
  const count = params.count ?? 1;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1) throw new RpcError("invalidParams");
  context.accept(count);
  return { ledger_current_index: context.engine.openView.ledgerIndex };
};

import type { WebSocket } from "ws";
import { type EngineResult, resultCode, resultMessage } from "../engine/engine-results.ts";
import { isAddress } from "../engine/keylets.ts";
import type { ClosedLedger, ClosedTransaction } from "../engine/ledger-history.ts";
import type { Transaction } from "../engine/transaction.ts";
import type { Request, Result, ServerContext } from "./request.ts";
import { RpcError } from "./rpc-error.ts";
import { closedJson, transactionJson } from "./transaction-json.ts";

const STREAMS = ["ledger", "server", "transactions", "transactions_proposed"];

type Subscriber = { streams: Set<string>; accounts: Set<string>; proposed: Set<string>; apiVersion: number };

const integer = (drops: bigint): number => Number.parseInt(String(drops), 10);

/** Who hears of what. One subscriber for each connection. */
export class Subscriptions {
  readonly #context: ServerContext;
  readonly #subscribers = new Map<WebSocket, Subscriber>();

  constructor(context: ServerContext) {
    this.#context = context;
    context.engine.events.on("closed", (ledger) => this.#ledgerClosed(ledger));
    context.engine.events.on("proposed", (tx, result) => this.#proposed(tx, result));
  }

  subscribe(socket: WebSocket, request: Request): Result {
    const wanted = wantedBy(request);
    const subscriber = this.#subscribers.get(socket) ?? {
      streams: new Set(),
      accounts: new Set(),
      proposed: new Set(),
      apiVersion: request.apiVersion,
    };
    subscriber.apiVersion = request.apiVersion;
    for (const kind of ["streams", "accounts", "proposed"] as const) {
      for (const one of wanted[kind]) subscriber[kind].add(one);
    }
    this.#subscribers.set(socket, subscriber);
    if (this.#context.faults.isUnsynced) return {};
    return wanted.streams.includes("ledger") ? this.#ledgerJson(this.#context.engine.history.last) : {};
  }

  unsubscribe(socket: WebSocket, request: Request): Result {
    const wanted = wantedBy(request);
    const subscriber = this.#subscribers.get(socket);
    for (const kind of ["streams", "accounts", "proposed"] as const) {
      for (const one of wanted[kind]) subscriber?.[kind].delete(one);
    }
    return {};
  }

  forget(socket: WebSocket): void {
    this.#subscribers.delete(socket);
  }

  #ledgerJson(ledger: ClosedLedger): Result {
    const { engine, gaps } = this.#context;
    return {
      fee_base: integer(ledger.fees.baseFeeDrops),
      ledger_hash: ledger.hash,
      ledger_index: ledger.index,
      ledger_time: ledger.closeTime,
      ...(engine.networkId === 0 ? {} : { network_id: engine.networkId }),
      reserve_base: integer(ledger.fees.reserveBaseDrops),
      reserve_inc: integer(ledger.fees.reserveIncrementDrops),
      validated_ledgers: gaps.complete(ledger.index),
    };
  }

  #ledgerClosed(ledger: ClosedLedger): void {
    const message = {
      ...this.#ledgerJson(ledger),
      txn_count: ledger.transactions.length,
      type: "ledgerClosed",
    };
    this.#send(
      ({ streams }) => streams.has("ledger"),
      () => message,
    );
    for (const closed of ledger.transactions) {
      const touched = accountsOf(closed);
      this.#send(
        ({ streams, accounts, proposed }) =>
          streams.has("transactions") ||
          streams.has("transactions_proposed") ||
          touched.some((account) => accounts.has(account) || proposed.has(account)),
        (apiVersion) => transactionMessage(closed, ledger, apiVersion),
      );
    }
  }

  #proposed(tx: Transaction, result: EngineResult): void {
    const touched = [tx.fields.Account, tx.fields.Destination].filter((one) => one !== undefined);
    this.#send(
      ({ streams, proposed }) =>
        streams.has("transactions_proposed") || touched.some((account) => proposed.has(account)),
      (apiVersion) => ({
        ...resultJson(result),
        ...transactionPart(tx, apiVersion, {}),
        ledger_current_index: this.#context.engine.openView.ledgerIndex,
        status: "proposed",
        type: "transaction",
        validated: false,
      }),
    );
  }

  #send(concerns: (subscriber: Subscriber) => boolean, message: (apiVersion: number) => Result): void {
    // A stalled server is silent, not merely slow to answer; one without a network has nothing to say.
    if (this.#context.faults.isSilent) return;
    for (const [socket, subscriber] of this.#subscribers) {
      if (concerns(subscriber)) socket.send(JSON.stringify(message(subscriber.apiVersion)));
    }
  }
}

function wantedBy({ params }: Request): { streams: string[]; accounts: string[]; proposed: string[] } {
  const list = (name: string): unknown[] => {
    const value = params[name];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw new RpcError("invalidParams");
    return value;
  };
  const streams = list("streams");
  if (!streams.every((one) => STREAMS.includes(one as string))) throw new RpcError("malformedStream");
  const [accounts, proposed] = [list("accounts"), list("accounts_proposed")];
  if (![...accounts, ...proposed].every(isAddress)) throw new RpcError("actMalformed");
  return { streams: streams as string[], accounts: accounts as string[], proposed: proposed as string[] };
}

const resultJson = (result: EngineResult): Result => ({
  engine_result: result,
  engine_result_code: resultCode(result),
  engine_result_message: resultMessage(result),
});

/** From api_version 2 on the hash stands beside the transaction, before it stood inside. */
function transactionPart(tx: Transaction, apiVersion: number, extra: Result): Result {
  const json = { ...transactionJson(tx, apiVersion), ...extra };
  return apiVersion > 1 ? { hash: tx.hash, tx_json: json } : { transaction: { ...json, hash: tx.hash } };
}

function transactionMessage(closed: ClosedTransaction, ledger: ClosedLedger, apiVersion: number): Result {
  return {
    ...resultJson(closed.meta.TransactionResult),
    ...closedJson(closed, ledger),
    ...transactionPart(closed.tx, apiVersion, { date: ledger.closeTime }),
    status: "closed",
    type: "transaction",
  };
}

function accountsOf({ tx, meta }: ClosedTransaction): string[] {
  const text = JSON.stringify(meta.AffectedNodes);
  const named = text.match(/"(?:Account|issuer)":"(r[1-9A-HJ-NP-Za-km-z]{24,34})"/g) ?? [];
  return [tx.fields.Account, ...named.map((one) => one.slice(one.indexOf(":") + 2, -1))];
}

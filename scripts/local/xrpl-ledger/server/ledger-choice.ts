import type { ClosedLedger } from "../engine/ledger-history.ts";
import type { LedgerView } from "../engine/view.ts";
import type { Params, Result, ServerContext } from "./request.ts";
import { invalidParams, RpcError } from "./rpc-error.ts";

export type ChosenLedger = {
  view: LedgerView;
  /** null for the open ledger. */
  closed: ClosedLedger | null;
  /** What every answer about this ledger says of it. */
  stamp: Result;
};

const HASH = /^[0-9A-Fa-f]{64}$/;

/** The ledger that a request is about; the open one when it names none. */
export function chooseLedger({ engine, gaps }: ServerContext, params: Params): ChosenLedger {
  const { ledger_hash: hash, ledger_index: index = "current" } = params;
  if (hash !== undefined) {
    if (typeof hash !== "string" || !HASH.test(hash)) throw invalidParams("ledgerHashMalformed");
    return present(engine.history.ledgerByHash(hash.toUpperCase()));
  }
  if (index === "current" || index === "") {
    const view = engine.openView;
    return {
      view,
      closed: null,
      stamp: { ledger_current_index: view.ledgerIndex, validated: false },
    };
  }
  if (index === "validated" || index === "closed") return present(engine.history.last);
  const number = typeof index === "string" && /^\d+$/.test(index) ? Number.parseInt(index, 10) : index;
  if (typeof number !== "number" || !Number.isInteger(number)) throw invalidParams("ledgerIndexMalformed");
  if (number === engine.openView.ledgerIndex) return chooseLedger({ engine, gaps } as ServerContext, {});
  return present(engine.history.ledger(number));

  function present(ledger: ClosedLedger | undefined): ChosenLedger {
    // The last ledger is what the server works on: it has it, whatever its history lacks.
    const isLast = ledger === engine.history.last;
    if (ledger === undefined || (!isLast && gaps.isMissing(ledger.index))) throw new RpcError("lgrNotFound");
    return {
      view: engine.history.at(ledger),
      closed: ledger,
      stamp: { ledger_hash: ledger.hash, ledger_index: ledger.index, validated: true },
    };
  }
}

/** Gives the errors of `work` the ledger that they are about. */
export function stamped<T>(stamp: Result, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RpcError) Object.assign(error.fields, stamp);
    throw error;
  }
}

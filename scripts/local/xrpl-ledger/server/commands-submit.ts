import { resultCode, resultMessage } from "../engine/engine-results.ts";
import { accountIdOf, isAddress } from "../engine/keylets.ts";
import type { SubmitOutcome } from "../engine/ledger-engine.ts";
import { type Signer, type Transaction, transactionOfJson } from "../engine/transaction.ts";
import { ConnectionLost } from "./connection-lost.ts";
import { readBlob } from "./read-blob.ts";
import type { Command, Params, Request, Result, ServerContext } from "./request.ts";
import { invalidParams, RpcError } from "./rpc-error.ts";
import { transactionJson } from "./transaction-json.ts";

type SubmitOptions = { isFailHard: boolean };

/** A submission meets the fault that is next in line, or else the ledger. */
function submit({ engine, faults }: ServerContext, tx: Transaction, options: SubmitOptions): SubmitOutcome {
  const fault = faults.next();
  switch (fault?.kind) {
    case undefined:
      return engine.submit(tx, options);
    case "drop":
      return engine.preview(tx, options);
    case "delay": {
      const outcome = engine.preview(tx, options);
      engine.defer(tx, fault.ledgers);
      return outcome;
    }
    case "queue":
      return engine.enqueue(tx);
    case "refuse":
      return engine.refuse(tx, fault.result, options);
    case "close-after":
      engine.submit(tx, options);
      throw new ConnectionLost();
    case "close-before":
      throw new ConnectionLost();
  }
}

function engineResult({ result }: SubmitOutcome): Result {
  return {
    engine_result: result,
    engine_result_code: resultCode(result),
    engine_result_message: resultMessage(result),
  };
}

export const submitBlob: Command = ({ params, context }) => {
  const { tx_blob: blob } = params;
  // Signing for others is for a server's own operator, and this server holds no keys.
  if (blob === undefined) throw new RpcError("notSupported");
  const { engine } = context;
  const tx = readBlob(engine, String(blob));
  // Seen before the submission: a replay shows where the first one went.
  const closed = engine.history.transaction(tx.hash);
  const place =
    closed === undefined ? {} : { inLedger: closed.ledgerIndex, ledger_index: closed.ledgerIndex };
  const outcome = submit(context, tx, { isFailHard: params.fail_hard === true });
  return {
    accepted: outcome.isApplied || outcome.isKept || outcome.isQueued || outcome.isBroadcast,
    account_sequence_available: outcome.availableSequence,
    account_sequence_next: outcome.nextSequence,
    applied: outcome.isApplied,
    broadcast: outcome.isBroadcast,
    ...engineResult(outcome),
    kept: outcome.isKept,
    open_ledger_cost: String(outcome.openLedgerCostDrops),
    queued: outcome.isQueued,
    tx_blob: tx.blob,
    tx_json: { ...tx.fields, hash: tx.hash, ...place },
    validated_ledger_index: outcome.validatedIndex,
  };
};

export const submitMultisigned: Command = (request: Request) => {
  const { params, apiVersion, context } = request;
  const tx = multisignedTransaction(params);
  let checked: Transaction;
  try {
    checked = readBlob(context.engine, tx.blob);
  } catch (error) {
    if (error instanceof RpcError) throw new RpcError("internal", { error_message: "Invalid signature." });
    throw error;
  }
  const outcome = submit(context, checked, { isFailHard: params.fail_hard === true });
  return {
    ...engineResult(outcome),
    hash: checked.hash,
    tx_blob: checked.blob,
    tx_json: transactionJson(checked, apiVersion),
  };
};

/** The same order of complaints as the real command, which checks the JSON before any signature. */
function multisignedTransaction({ tx_json: json }: Params): Transaction {
  if (json === undefined) throw invalidParams("Missing field 'tx_json'.");
  if (typeof json !== "object" || json === null) throw invalidParams("Invalid field 'tx_json', not object.");
  const fields = { ...json } as Params;
  if (fields.TransactionType === "Payment" && fields.DeliverMax !== undefined) {
    fields.Amount ??= fields.DeliverMax;
    delete fields.DeliverMax;
  }
  const missing = (name: string): RpcError => invalidParams(`Missing field 'tx_json.${name}'.`);
  if (fields.TransactionType === undefined) throw missing("TransactionType");
  if (fields.Account === undefined) {
    throw new RpcError("srcActMissing", { error_message: "Missing field 'tx_json.Account'." });
  }
  if (!isAddress(fields.Account)) throw new RpcError("srcActMalformed");
  for (const name of ["Fee", "Sequence", "SigningPubKey"]) {
    if (fields[name] === undefined) throw missing(name);
  }
  if (fields.SigningPubKey !== "") {
    throw invalidParams("When multi-signing 'tx_json.SigningPubKey' must be empty.");
  }
  if (fields.TxnSignature !== undefined) throw new RpcError("signingMalformed");
  if (!/^[1-9]\d*$/.test(String(fields.Fee))) {
    throw invalidParams("Invalid Fee field.  Fees must be greater than zero.");
  }
  if (!Array.isArray(fields.Signers)) throw missing("Signers");
  if (fields.Signers.length === 0) throw invalidParams("tx_json.Signers array may not be empty.");
  const signers = sortedSigners(fields.Signers as Signer[], fields.Account);
  try {
    return transactionOfJson({ ...fields, Signers: signers });
  } catch (error) {
    throw new RpcError("internal", { error_message: `Exception while serializing transaction: ${error}` });
  }
}

/** Unlike the blob, this command accepts signers in any order. */
function sortedSigners(signers: Signer[], account: string): Signer[] {
  const sorted = signers.toSorted((a, b) =>
    accountIdOf(a.Signer.Account) < accountIdOf(b.Signer.Account) ? -1 : 1,
  );
  for (const [at, { Signer }] of sorted.entries()) {
    if (sorted[at + 1]?.Signer.Account === Signer.Account) {
      throw invalidParams(`Duplicate Signers:Signer:Account entries (${Signer.Account}) are not allowed.`);
    }
    if (Signer.Account === account) {
      throw invalidParams(`A Signer may not be the transaction's Account (${account}).`);
    }
  }
  return sorted;
}

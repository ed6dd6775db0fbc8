import { blobComplaint } from "../engine/blob-shape.ts";
import type { LedgerEngine } from "../engine/ledger-engine.ts";
import { localComplaint } from "../engine/local-checks.ts";
import { signatureComplaint } from "../engine/signatures.ts";
import { type Transaction, transactionOf } from "../engine/transaction.ts";
import { RpcError } from "./rpc-error.ts";

/** Hashes whose signature was bad once: the server does not look twice. */
const badSignatures = new WeakMap<LedgerEngine, Set<string>>();

/** Decodes a signed transaction and checks all that can be checked without a ledger. */
export function readBlob(engine: LedgerEngine, given: string): Transaction {
  if (given === "" || !/^[0-9A-Fa-f]*$/.test(given)) throw new RpcError("invalidParams");
  const blob = given.length % 2 === 0 ? given : `0${given}`;
  const malformed = blobComplaint(blob);
  if (malformed !== null) throw refused(malformed);
  let tx: Transaction;
  try {
    tx = transactionOf(blob);
  } catch (error) {
    throw refused(String((error as Error).message));
  }
  if (engine.known.has(tx.hash)) return tx;
  const bad = badSignatures.get(engine) ?? new Set<string>();
  badSignatures.set(engine, bad);
  if (bad.has(tx.hash)) throw refused("fails local checks: Transaction has bad signature.");
  const complaint = signatureComplaint(tx);
  if (complaint !== null) bad.add(tx.hash);
  const reason = complaint ?? localComplaint(tx.fields);
  if (reason !== null) throw refused(`fails local checks: ${reason}`);
  return tx;
}

const refused = (error_exception: string): RpcError =>
  new RpcError("invalidTransaction", { error_exception });

import { decode } from "xrpl";
import { type XrplClient, XrplRpcError } from "../../../../platform/xrpl/client.ts";
import type { ChainView, Inclusion, SentAttempt } from "../rail.ts";
import { type AccountTransaction, eventsOf } from "./events.ts";
import { readHistory } from "./history.ts";

type Entry = AccountTransaction & { ledger_hash?: string };

/** How a payment of the treasury ended, in validated ledgers up to the view's; null while it has not. */
export async function findInclusion(
  client: XrplClient,
  treasury: string,
  attempt: SentAttempt,
  view: ChainView,
): Promise<Inclusion | null> {
  const entry = await findTransaction(client, attempt.txHash);
  if (entry !== null) return inclusionIn(treasury, entry, view);
  // A server answers "not found" for what its history lacks, too; where the ticket is gone, the whole history tells.
  const ticket = BigInt(String(decode(attempt.raw).TicketSequence));
  if (view.nonces.consumed(ticket) === "no") return null;
  const history = await readHistory(client, treasury, attempt.signedAtBlock + 1n, view.final.number);
  const found = history.find(({ hash }) => hash === attempt.txHash);
  return found === undefined ? null : inclusionIn(treasury, found, view);
}

function inclusionIn(treasury: string, entry: Entry, view: ChainView): Inclusion | null {
  const blockNumber = BigInt(entry.ledger_index);
  if (blockNumber > view.final.number) return null;
  const result = entry.meta.TransactionResult;
  return {
    blockNumber,
    blockHash: entry.ledger_hash ?? entry.hash,
    succeeded: result === "tesSUCCESS",
    result,
    events: eventsOf(treasury, entry),
  };
}

/**
 * Only what is in a validated ledger counts; the server that took a transaction also finds it when it was refused. That
 * one server finds nothing proves nothing, so only what it does find is checked with another.
 */
async function findTransaction(client: XrplClient, txHash: string): Promise<Entry | null> {
  const command = { command: "tx", transaction: txHash };
  try {
    const { validated } = await client.request<AccountTransaction>(command);
    if (!validated) return null;
    return await client.agreed<AccountTransaction>(command, (answer) => [
      answer.validated,
      answer.ledger_index,
      answer.meta.TransactionResult,
    ]);
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "txnNotFound") return null;
    throw error;
  }
}

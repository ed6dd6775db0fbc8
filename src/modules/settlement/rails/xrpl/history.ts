import { AppError } from "../../../../platform/errors.ts";
import { type XrplClient, XrplRpcError } from "../../../../platform/xrpl/client.ts";
import type { AccountTransaction } from "./events.ts";
import { uint32 } from "./transactions.ts";

type Page = {
  ledger_index_min: number;
  ledger_index_max: number;
  transactions: AccountTransaction[];
  marker?: unknown;
};

const PAGE = 400;

/**
 * Every validated transaction of the account in these ledgers, in their order. Throws `history_gap` when the server
 * does not have all of them: what it leaves out would look as if it had never happened.
 */
export async function readHistory(
  client: XrplClient,
  account: string,
  fromLedger: bigint,
  toLedger: bigint,
): Promise<AccountTransaction[]> {
  if (fromLedger > toLedger) return [];
  const from = uint32(fromLedger);
  const to = uint32(toLedger);
  const found: AccountTransaction[] = [];
  let marker: unknown;
  do {
    const page = await readPage(client, { account, from, to, marker });
    if (page.ledger_index_min > from || page.ledger_index_max < to) {
      throw historyGap(
        `it has ledgers ${page.ledger_index_min} to ${page.ledger_index_max}, ${from} to ${to} were asked for`,
      );
    }
    found.push(...page.transactions.filter(({ validated }) => validated));
    marker = page.marker;
  } while (marker !== undefined);
  return found;
}

async function readPage(
  client: XrplClient,
  query: { account: string; from: number; to: number; marker: unknown },
): Promise<Page> {
  try {
    return await client.agreed<Page>(
      {
        command: "account_tx",
        account: query.account,
        ledger_index_min: query.from,
        ledger_index_max: query.to,
        forward: true,
        limit: PAGE,
        ...(query.marker === undefined ? {} : { marker: query.marker }),
      },
      (page) => [
        page.ledger_index_min,
        page.ledger_index_max,
        page.transactions.map(({ hash, meta }) => [hash, meta.TransactionResult]),
      ],
    );
  } catch (error) {
    if (!(error instanceof XrplRpcError)) throw error;
    throw historyGap(error.message, error);
  }
}

/** The ledger in which the account was created. */
export async function firstLedgerOf(client: XrplClient, account: string): Promise<bigint> {
  const page = await client.request<Page>({
    command: "account_tx",
    account,
    ledger_index_min: -1,
    ledger_index_max: -1,
    forward: true,
    limit: 1,
  });
  const [first] = page.transactions;
  const isCreated = first?.meta.AffectedNodes.some(
    ({ CreatedNode: created }) =>
      created?.LedgerEntryType === "AccountRoot" && created.NewFields?.Account === account,
  );
  if (first !== undefined && isCreated === true) return BigInt(first.ledger_index);
  throw new AppError(
    "unavailable",
    "treasury_ledger_unknown",
    `the server's history does not reach back to the ledger in which ${account} was created: set XRPL_TREASURY_FROM_LEDGER to it, and use a server with full history`,
  );
}

function historyGap(why: string, cause?: unknown): AppError {
  return new AppError(
    "unavailable",
    "history_gap",
    `the server cannot give the treasury's whole history: ${why}; waiting for one that can`,
    { cause },
  );
}

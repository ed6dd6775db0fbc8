import { setTimeout as sleep } from "node:timers/promises";
import type { SubmittableTransaction, Wallet } from "xrpl";
import { AppError } from "../../src/platform/errors.ts";
import { LAST_UNNAMED_NETWORK } from "../../src/platform/xrpl/address.ts";
import { type XrplClient, XrplRpcError } from "../../src/platform/xrpl/client.ts";
import { classifyFinal } from "../../src/platform/xrpl/engine-results.ts";

/** What ended without the wanted result; nothing of it can still happen. */
export class TransactionFailed extends Error {}

export type SubmitOptions = {
  wallet: Wallet;
  maxFeeDrops: bigint;
  /** The account's, in the ledger that showed that the transaction is needed: whatever else is on its way then excludes it. */
  sequence: number;
  log: (line: string) => void;
  /** Between two looks at the ledger. */
  pollMs?: number;
  /** After each submit; a ledger that closes by command closes here. */
  onSubmitted?: (() => Promise<unknown>) | undefined;
};

/** Ledgers in which a transaction may be included: about a minute. */
const WINDOW_LEDGERS = 20n;
const PATIENCE = 60;

type TxAnswer = { validated?: boolean; ledger_index?: number; meta?: { TransactionResult: string } };

/**
 * Signs and submits, again after each ledger, until a validated ledger holds the transaction or proves that none will:
 * its LastLedgerSequence has passed and its sequence is unused. What a submit itself says is not final and not believed.
 */
export async function submitReliably(
  client: XrplClient,
  transaction: { TransactionType: string; Account: string } & Record<string, unknown>,
  { wallet, maxFeeDrops, sequence, log, pollMs = 1_000, onSubmitted }: SubmitOptions,
): Promise<{ hash: string; ledgerIndex: number }> {
  const patiently = <T>(read: () => Promise<T>): Promise<T> => retryUnavailable(read, pollMs);
  const { Account } = transaction;
  const { index, baseFeeDrops, openFeeDrops } = await patiently(() => client.validated());
  const feeDrops = fee(baseFeeDrops, openFeeDrops);
  if (feeDrops > maxFeeDrops)
    throw new TransactionFailed(
      `the ledger asks for a fee of ${feeDrops} drops now, above the cap of ${maxFeeDrops}: wait, or raise the cap`,
    );
  const lastLedger = index + WINDOW_LEDGERS;
  const { tx_blob, hash } = wallet.sign({
    ...transaction,
    Sequence: sequence,
    Fee: feeDrops.toString(),
    LastLedgerSequence: Number(lastLedger),
    ...(client.networkId > LAST_UNNAMED_NETWORK ? { NetworkID: client.networkId } : {}),
  } as unknown as SubmittableTransaction);
  // Said before it is sent: whoever interrupts this knows what to look for.
  log(`   ${hash}, sequence ${sequence}, not after ledger ${lastLedger}`);

  let submittedAt = -1n;
  let said = "";
  for (;;) {
    const { index: validatedIndex } = await patiently(() => client.validated());
    if (validatedIndex > submittedAt && validatedIndex <= lastLedger) {
      submittedAt = validatedIndex;
      const answers = await client.broadcast({ command: "submit", tx_blob });
      const words = answers.map((answer) =>
        answer.ok ? String(answer.result.engine_result) : answer.error.message,
      );
      if (words.join("; ") !== said) log(`   submitted: ${words.join("; ")}`);
      said = words.join("; ");
      await onSubmitted?.();
    }
    const found = await patiently(() => lookUp(client, hash));
    if (found !== null) return conclude(hash, found);
    if (validatedIndex > lastLedger)
      return proveDead(client, { hash, Account, sequence, validatedIndex }, patiently, pollMs);
    await sleep(pollMs);
  }
}

/**
 * Waits until no transaction of an account is on its way: a run that was interrupted may have left one, and what is
 * missing on the ledger then is not missing for long.
 */
export async function untilNothingPends(
  client: XrplClient,
  account: string,
  { pollMs = 1_000, onSubmitted }: Pick<SubmitOptions, "pollMs" | "onSubmitted">,
): Promise<void> {
  const sequenceIn = (ledger_index: "validated" | "current") =>
    retryUnavailable(() => sequenceOf(client, account, ledger_index), pollMs);
  for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
    if ((await sequenceIn("current")) === (await sequenceIn("validated"))) return;
    await onSubmitted?.();
    await sleep(pollMs);
  }
  throw new TransactionFailed(
    `other transactions of ${account} are on their way and do not end; run this again later`,
  );
}

/** The next sequence of an account; null where it does not exist. */
export async function sequenceOf(
  client: XrplClient,
  account: string,
  ledger_index: "validated" | "current" | number,
): Promise<number | null> {
  try {
    const { account_data } = await client.request<{ account_data: { Sequence: number } }>({
      command: "account_info",
      account,
      ledger_index,
    });
    return account_data.Sequence;
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
    throw error;
  }
}

async function lookUp(client: XrplClient, hash: string): Promise<TxAnswer | null> {
  try {
    const answer = await client.request<TxAnswer>({ command: "tx", transaction: hash });
    return answer.validated === true ? answer : null;
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "txnNotFound") return null;
    throw error;
  }
}

function conclude(
  hash: string,
  { meta, ledger_index: ledgerIndex = 0 }: TxAnswer,
): { hash: string; ledgerIndex: number } {
  const result = meta?.TransactionResult ?? "";
  if (result === "tesSUCCESS") return { hash, ledgerIndex };
  throw new TransactionFailed(
    `${hash} ended as ${result} in ledger ${ledgerIndex}: ${classifyFinal(result).text}`,
  );
}

type Gone = { hash: string; Account: string; sequence: number; validatedIndex: bigint };

async function proveDead(
  client: XrplClient,
  { hash, Account, sequence, validatedIndex }: Gone,
  patiently: <T>(read: () => Promise<T>) => Promise<T>,
  pollMs: number,
): Promise<{ hash: string; ledgerIndex: number }> {
  const now = await patiently(() => sequenceOf(client, Account, Number(validatedIndex)));
  if (now !== null && now <= sequence)
    throw new TransactionFailed(`${hash} was in no ledger in time and never will be; run this again`);
  // Something took the sequence. A server can need a moment until it finds what it has just validated.
  for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
    const found = await patiently(() => lookUp(client, hash));
    if (found !== null) return conclude(hash, found);
    await sleep(pollMs);
  }
  throw new TransactionFailed(
    `sequence ${sequence} of ${Account} was used by another transaction than ${hash}: find out who else signs for it`,
  );
}

/** A fifth above what the open ledger asks for, so that the next one's fee may rise a little. */
function fee(baseFeeDrops: bigint, openFeeDrops: bigint): bigint {
  const roomy = openFeeDrops > baseFeeDrops ? (openFeeDrops * 6n) / 5n : baseFeeDrops;
  return roomy > baseFeeDrops ? roomy : baseFeeDrops;
}

/** Servers come and go while a setup runs; nothing is concluded from their silence. */
export async function retryUnavailable<T>(read: () => Promise<T>, pollMs: number): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== "unavailable" || attempt >= PATIENCE) throw error;
      await sleep(pollMs);
    }
  }
}

import { hexOf } from "../lib/hex.ts";
import { LOCAL_XRPL_NETWORK_ID } from "./networks.ts";
import { WalletRefused, type XrplNetwork } from "./wallet.ts";
import { keyOfSeed, readToyKey, type XrplKey } from "./xrpl-toy-seed.ts";
import { signedBy } from "./xrpl-transactions.ts";

/** With this every standalone ledger begins, and everybody has its key (xrpl.org, "Genesis Ledger"). */
const GENESIS_SEED = "snoPBrXtMeMyMHUVTgbuqAfg1SUTb";
const FUNDING_DROPS = "50000000";
const FEE_DROPS = "20";
const LEDGERS_TO_WAIT = 12;
const ASK_AGAIN_MS = 300;
const ANSWERS_WITHIN_MS = 5_000;

type Answer = Record<string, unknown>;

/** What the local ledger's node answers to one command. Throws with the code that it refuses with. */
type Ask = (command: string, fields?: Record<string, unknown>) => Promise<Answer>;

/** Creates the toy wallet's account on the local ledger with a payment from the genesis account. */
export function fundToy(network: XrplNetwork): Promise<void> {
  return withLedger(network, async (ask) => {
    const payment = { TransactionType: "Payment", Destination: readToyKey().address, Amount: FUNDING_DROPS };
    await submit(ask, network, payment, keyOfSeed(GENESIS_SEED));
  });
}

/** Lets the toy wallet's account hold what the treasury pays in this currency. */
export function openToyTrustLine(network: XrplNetwork, currency: string): Promise<void> {
  return withLedger(network, async (ask) => {
    const { lines } = await ask("account_lines", { account: network.treasury, ledger_index: "validated" });
    const line = (lines as { account: string; currency: string }[]).find(
      (one) => one.currency === hexCode(currency),
    );
    if (line === undefined) throw new WalletRefused(`The treasury has no trust line for ${currency}.`);
    const LimitAmount = { currency: line.currency, issuer: line.account, value: "1000000000" };
    await submit(ask, network, { TransactionType: "TrustSet", LimitAmount }, readToyKey());
  });
}

/** Signs, sends and waits until a validated ledger says how it ended. */
async function submit(
  ask: Ask,
  { networkId }: XrplNetwork,
  fields: Record<string, unknown>,
  key: XrplKey,
): Promise<void> {
  const { account_data } = await ask("account_info", { account: key.address, ledger_index: "current" });
  const { ledger_current_index: now } = await ask("ledger_current");
  const transaction = {
    ...fields,
    Account: key.address,
    Sequence: (account_data as { Sequence: number }).Sequence,
    Fee: FEE_DROPS,
    NetworkID: networkId,
    LastLedgerSequence: (now as number) + LEDGERS_TO_WAIT,
  };
  const { tx_json, hash } = await ask("submit", { tx_blob: signedBy(transaction, key) });
  const sent = (hash ?? (tx_json as { hash?: string }).hash) as string;
  for (;;) {
    await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    const found = await ask("tx", { transaction: sent }).catch(() => null);
    const result = (found?.meta as { TransactionResult?: string } | undefined)?.TransactionResult;
    if (found?.validated === true && result === "tesSUCCESS") return;
    const { ledger_current_index: head } = await ask("ledger_current");
    const isOver = found?.validated === true || (head as number) > transaction.LastLedgerSequence + 1;
    if (isOver) throw new WalletRefused(`The local ledger refused it: ${result ?? "it was not included"}.`);
  }
}

async function withLedger(network: XrplNetwork, work: (ask: Ask) => Promise<void>): Promise<void> {
  if (network.networkId !== LOCAL_XRPL_NETWORK_ID || network.url === undefined) {
    throw new WalletRefused("This works on the local XRP Ledger only.");
  }
  const socket = new WebSocket(network.url);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new WalletRefused("The local XRP Ledger does not answer."));
    });
    let lastId = 0;
    await work((command, fields = {}) => {
      lastId += 1;
      return askOnce(socket, { id: lastId, command, api_version: 2, ...fields });
    });
  } finally {
    socket.close();
  }
}

function askOnce(socket: WebSocket, question: Answer & { id: number }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const silence = (): void => end(new WalletRefused("The local XRP Ledger does not answer."));
    const timer = setTimeout(silence, ANSWERS_WITHIN_MS);
    function end(outcome: Answer | Error): void {
      clearTimeout(timer);
      socket.removeEventListener("message", heard);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
    function heard({ data }: MessageEvent<string>): void {
      const { id, status, result, error, error_message } = JSON.parse(data) as Answer;
      if (id !== question.id) return;
      if (status === "success") end(result as Answer);
      else end(new WalletRefused(`The local ledger refused it: ${error_message ?? error}.`));
    }
    socket.addEventListener("message", heard);
    socket.send(JSON.stringify(question));
  });
}

/** Names longer than three letters are written as 20 bytes. */
function hexCode(currency: string): string {
  if (currency.length === 3) return currency;
  return hexOf(currency).toUpperCase().padEnd(40, "0");
}

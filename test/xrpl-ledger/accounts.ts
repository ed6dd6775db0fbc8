import { Client, type SubmittableTransaction, Wallet } from "xrpl";
import type { XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";

/** Everybody knows this key: it owns all XRP of every standalone ledger. */
export const genesis = Wallet.fromSeed("snoPBrXtMeMyMHUVTgbuqAfg1SUTb", {
  algorithm: "ecdsa-secp256k1" as never,
});

/** xrpl.js as it comes, against a ledger. */
export async function connectClient(ledger: XrplLedger): Promise<Client> {
  const client = new Client(ledger.url);
  await client.connect();
  return client;
}

/** Signs, submits and closes; returns what the closed ledger says. */
export async function send(
  ledger: XrplLedger,
  client: Client,
  wallet: Wallet,
  transaction: SubmittableTransaction,
): Promise<string> {
  const prepared = await client.autofill(transaction);
  const { tx_blob, hash } = wallet.sign(prepared);
  await client.submit(tx_blob);
  await ledger.accept();
  const { result } = await client.request({ command: "tx", transaction: hash });
  return typeof result.meta === "object" ? result.meta.TransactionResult : "not validated";
}

/** New accounts with 1,000 XRP each. */
export async function fund(ledger: XrplLedger, client: Client, count: number): Promise<Wallet[]> {
  const wallets = Array.from({ length: count }, () => Wallet.generate());
  for (const { address } of wallets) {
    await client.submit(
      { TransactionType: "Payment", Account: genesis.address, Destination: address, Amount: "1000000000" },
      { wallet: genesis },
    );
  }
  await ledger.accept();
  return wallets;
}

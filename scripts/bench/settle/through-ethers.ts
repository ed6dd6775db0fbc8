import { JsonRpcProvider, Wallet } from "ethers";
import { hardhatWallets } from "../../../src/config.ts";
import type { Database } from "../../../src/platform/db/index.ts";
import type { LocalChain } from "../../local/chain.ts";
import { AMOUNT_WEI } from "./product.ts";

/** ethers asks for new blocks every four seconds; what pays every second asks more often. */
const POLL_MS = 100;
const GAS_OF_A_TRANSFER = 21_000n;
/** Requests to send that are on their way at a time; what waits for its receipt is not counted. */
const SENDS_AT_ONCE = 64;

export type ThroughEthers = Awaited<ReturnType<typeof payThroughEthers>>;

/** What most code does: a transaction for each payout, its receipt, a mark in the database. No holds, no numbers. */
export async function payThroughEthers(db: Database, chain: LocalChain) {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, {
    staticNetwork: true,
    pollingInterval: POLL_MS,
  });
  const wallet = new Wallet(hardhatWallets()[10]?.privateKey ?? "", provider);
  await db.pool.query(
    "CREATE TABLE bench_payouts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payee text, tx_hash text)",
  );

  async function insert(payees: readonly string[]): Promise<{ id: bigint; payee: string }[]> {
    const { rows } = await db.pool.query<{ id: bigint; payee: string }>(
      "INSERT INTO bench_payouts (payee) SELECT unnest($1::text[]) RETURNING id, payee",
      [payees],
    );
    return rows;
  }

  const mark = (id: bigint, hash: string) =>
    db.pool.query("UPDATE bench_payouts SET tx_hash = $2 WHERE id = $1", [id, hash]);

  return {
    /** One after the other: the next is sent when the one before has its receipt and its mark. */
    async oneByOne(payees: readonly string[]): Promise<void> {
      for (const { id, payee } of await insert(payees)) {
        const sent = await wallet.sendTransaction({ to: payee, value: AMOUNT_WEI });
        await sent.wait();
        await mark(id, sent.hash);
      }
    },

    /** All at once: nonces, gas and fees are known beforehand, so that sending is one request. */
    async pipelined(payees: readonly string[]): Promise<void> {
      const due = await insert(payees);
      const first = await wallet.getNonce();
      const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
      const settled: Promise<void>[] = [];
      let next = 0;
      await Promise.all(
        Array.from({ length: Math.min(due.length, SENDS_AT_ONCE) }, async () => {
          for (let index = next++; index < due.length; index = next++) {
            const { id, payee } = due[index] ?? { id: 0n, payee: "" };
            const sent = await wallet.sendTransaction({
              to: payee,
              value: AMOUNT_WEI,
              nonce: first + index,
              gasLimit: GAS_OF_A_TRANSFER,
              maxFeePerGas,
              maxPriorityFeePerGas,
            });
            settled.push(
              (async () => {
                await sent.wait();
                await mark(id, sent.hash);
              })(),
            );
          }
        }),
      );
      await Promise.all(settled);
    },

    stop: () => provider.destroy(),
  };
}

import { Wallet } from "ethers";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Payout } from "../../src/modules/payouts/index.ts";
import type { RailSettlement } from "../../src/modules/settlement/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { RpcProxy } from "./rpc-proxy.ts";
import { createWorld, FLR, GUARDIAN, OPERATOR, OWNER, randomAddress, startTestChain } from "./world.ts";

/** A few in every test run; `CHAOS_RUNS=200` for a soak. */
const RUNS = Number.parseInt(process.env.CHAOS_RUNS ?? "4", 10);
const CONFIRMATIONS = 3n;

const chain = await startTestChain();
const databases = await Promise.all(
  Array.from({ length: RUNS }, () => createTestDatabase({ maxConnections: 6 })),
);
const proxy = new RpcProxy(chain.url);
const url = await proxy.start();
afterAll(async () => {
  proxy.stop();
  await chain.stop();
});

class Crash extends Error {}

const act = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("tick" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("mine" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("propose" as const), refuses: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("crash" as const), after: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("automine" as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("swallow" as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("loseAnswers" as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reorganise" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("foreignNonce" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("closeNumber" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fund" as const) }) },
);

describe("settlement in chaos", () => {
  it(
    "pays each payout exactly once, or proves that it never will be, whatever happens in whatever order",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 40, maxLength: 60 }), async (acts) => {
          const db = databases.pop();
          if (db === undefined) throw new Error("more runs than databases");
          const world = await createWorld({
            chain,
            db,
            urls: [url],
            env: { FLARE_CONFIRMATIONS: CONFIRMATIONS.toString() },
            settings: { replaceAfterSeconds: 0, leaseSeconds: 0.01 },
          });
          const start = await world.call("evm_snapshot");
          await world.mine(3);
          await world.settle();
          const made: Payout[] = [];
          const closed = new Set<string>();
          let settlement: RailSettlement = world.settlement;

          const tick = async (): Promise<void> => {
            try {
              await settlement.tick();
            } catch (error) {
              if (!(error instanceof Crash)) throw error;
              // The process is gone with all that it knew; another one takes over when the lease is.
              world.interleave.at = async () => undefined;
              settlement = world.newSettlement();
            }
          };
          const blockNumber = async () => BigInt((await world.call("eth_blockNumber")) as string);

          for (const one of acts) {
            switch (one.do) {
              case "tick":
                await tick();
                break;
              case "mine":
                await world.mine();
                break;
              case "propose":
                made.push(await world.propose(FLR, one.refuses ? chain.refusingPayee : randomAddress()));
                break;
              case "cancel": {
                const last = made.at(-1);
                if (last !== undefined && (await world.payout(last.id)).status === "approved")
                  await world.cancel(last);
                break;
              }
              case "crash": {
                let left = one.after;
                world.interleave.at = async () => {
                  left -= 1;
                  if (left <= 0) throw new Crash();
                };
                break;
              }
              case "automine":
                await world.call("evm_setAutomine", [one.on]);
                break;
              case "swallow":
                proxy.swallowsTransactions = one.on;
                break;
              case "loseAnswers":
                if (one.on) proxy.losesAnswersTo.add("eth_sendRawTransaction");
                else proxy.losesAnswersTo.clear();
                break;
              case "reorganise": {
                const fork = await world.call("evm_snapshot");
                const height = await blockNumber();
                await tick();
                await world.mine();
                await tick();
                // Not deeper than what counts as final.
                if ((await blockNumber()) - height < CONFIRMATIONS) await world.call("evm_revert", [fork]);
                break;
              }
              case "foreignNonce": {
                const wallet = new Wallet(OPERATOR?.privateKey ?? "", world.node);
                const nonce = await world.node.getTransactionCount(wallet.address, "latest");
                const call = { to: randomAddress(), value: 1n, gasLimit: 21_000n, nonce };
                const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n };
                await wallet.sendTransaction({ ...call, ...fees }).catch(() => undefined);
                break;
              }
              case "closeNumber": {
                const last = made.at(-1);
                if (last === undefined || closed.has(last.id)) break;
                const sent = world.vaultSend(GUARDIAN, "closeNumbers", [[last.number]]);
                if (await sent.then(() => true).catch(() => false)) closed.add(last.id);
                break;
              }
              case "fund":
                await world.sendCoins(OWNER, chain.vault, FLR).catch(() => undefined);
                break;
            }
          }

          world.interleave.at = async () => undefined;
          proxy.swallowsTransactions = false;
          proxy.losesAnswersTo.clear();
          await world.call("evm_setAutomine", [true]);
          await world.mine(3);
          await expect
            .poll(() => settlement.tick().then(async () => (await settlement.status()).state))
            .toBe("running");
          for (let round = 0; round < 8; round += 1) {
            await world.mine(3);
            await world.settle(settlement);
          }

          let refused = 0n;
          for (const { id } of made) {
            const payout = await world.payout(id);
            const paid = payout.to === chain.refusingPayee ? 0n : await world.node.getBalance(payout.to);
            const ends = payout.to === chain.refusingPayee ? ["credited"] : ["confirmed"];
            if (payout.status === "cancelled") ends.push("cancelled");
            if (closed.has(id)) ends.push("failed");
            expect(ends, payout.reason).toContain(payout.status);
            expect(paid).toBe(payout.status === "confirmed" ? payout.amount : 0n);
            expect(await world.vaultCall("isConsumed", [payout.number])).toBe(true);
            if (payout.status === "credited") refused += payout.amount;
          }
          expect(await world.vaultCall("creditOf", [`0x${"0".repeat(40)}`, chain.refusingPayee])).toBe(
            refused,
          );
          await world.expectLedgerEqualsChain();
          expect(await settlement.status()).toMatchObject({
            state: "running",
            drift: null,
            batches: [],
            problems: [],
          });

          await settlement.stop();
          await world.call("evm_revert", [start]);
          await world.close();
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    30_000 * RUNS,
  );
});

import { JsonRpcProvider } from "ethers";
import type { Database } from "../../../src/platform/db/index.ts";
import type { LocalChain } from "../../local/chain.ts";
import { meterCpu, secondsOf } from "../cpu-meter.ts";

/** What a way of paying did in one run, and what that took. */
export type Run = {
  perSecond: number;
  /** Milliseconds of a core for one payout, in each of the three that share the machine. */
  cpuMs: { here: number; postgres: number; chain: number };
  /** Gas used of the block that used most, in percent of what a block may use. */
  fullestBlockPercent: number;
  /** Payouts that a block could hold at most, at the gas that they used here. */
  aBlockHolds: number;
};

export async function meter(
  db: Database,
  chain: LocalChain,
  payouts: number,
  work: () => Promise<void>,
): Promise<Run> {
  const node = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
  const first = await node.getBlockNumber();
  const before = secondsOf(chain.pid);
  let seconds = 0;
  const { cores } = await meterCpu(db, async () => {
    const start = performance.now();
    await work();
    seconds = (performance.now() - start) / 1_000;
  });
  const chainSeconds = secondsOf(chain.pid) - before;
  const last = await node.send("eth_blockNumber", []);
  let fullestBlockPercent = 0;
  let gas = 0n;
  let gasLimit = 0n;
  for (let number = first + 1; number <= Number(last); number += 1) {
    const block = await node.getBlock(number);
    if (block === null) continue;
    gas += block.gasUsed;
    gasLimit = block.gasLimit;
    fullestBlockPercent = Math.max(
      fullestBlockPercent,
      Number((block.gasUsed * 1_000n) / block.gasLimit) / 10,
    );
  }
  node.destroy();
  const each = (used: number) => (used * 1_000) / payouts;
  return {
    perSecond: payouts / seconds,
    cpuMs: {
      here: each(cores.server * seconds),
      postgres: each(cores.postgres * seconds),
      chain: each(chainSeconds),
    },
    fullestBlockPercent,
    aBlockHolds: gas === 0n ? 0 : Number((gasLimit * BigInt(payouts)) / gas),
  };
}

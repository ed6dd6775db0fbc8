import { setTimeout as sleep } from "node:timers/promises";
import { JsonRpcProvider, Wallet } from "ethers";
import { hardhatWallets } from "../../src/config.ts";
import type { StepName } from "../../src/modules/settlement/index.ts";
import { LOCAL_OPERATOR } from "../local/stack.ts";
import type { Child } from "./child.ts";
import { restoreForgetful, restoreOlder } from "./restore.ts";
import { rollingRestart } from "./rolling-restart.ts";
import type { FaultyRpc } from "./rpc-proxy.ts";
import type { Run } from "./run.ts";
import type { FaultName, Parameters } from "./schedule.ts";

/** How long a worker is given to come to the step at which it shall end. */
const REACHED_WITHIN_MS = 6_000;
const BASE_FEE_WEI = 25_000_000_000n;

type Inject = (run: Run, parameters: Parameters) => Promise<string>;

const number = (parameters: Parameters, name: string): number => Number(parameters[name]);

/** Does what was drawn, and undoes it where it does not undo itself; says in a few words what came of it. */
export const INJECT: Readonly<Record<FaultName, Inject>> = {
  "worker-killed": ({ world }, parameters) =>
    world.alone("workers", async () => {
      const step = parameters.step as StepName;
      const victim = await firstToReach(world.workers, {
        order: "die",
        step,
        nth: number(parameters, "nth"),
      });
      const dead = victim ?? world.workers[number(parameters, "nth") % 2];
      // A worker that did not come to that step dies wherever it is.
      await dead?.kill();
      await sleep(number(parameters, "downMs"));
      await dead?.start();
      return victim === null
        ? `${dead?.name} died, not at ${step}: it was not reached`
        : `${dead?.name} died at ${step}`;
    }),

  "api-killed": async ({ world }, parameters) => {
    const api = world.apis[number(parameters, "api") - 1];
    await api?.kill();
    await sleep(number(parameters, "downMs"));
    await api?.start();
    return `${api?.name} is back`;
  },

  "lease-doubled": ({ world }, parameters) =>
    world.alone("workers", async () => {
      const step = parameters.step as StepName;
      const order = { order: "freeze" as const, step, nth: number(parameters, "nth") };
      const reached = await firstToReach(world.workers, order);
      const frozen = reached ?? world.workers[0];
      frozen?.signal("SIGSTOP");
      await sleep(number(parameters, "forMs"));
      frozen?.signal("SIGCONT");
      return `${frozen?.name} went on ${reached === null ? "from anywhere" : `from ${step}`} after ${parameters.forMs} ms`;
    }),

  "clock-jumped": async ({ world }, parameters) => {
    const child = world.children[number(parameters, "process") - 1];
    child?.order({ order: "clock", aheadSeconds: number(parameters, "seconds") });
    await sleep(number(parameters, "forMs"));
    child?.order({ order: "clock", aheadSeconds: 0 });
    return `${child?.name} was ${parameters.seconds} s ahead`;
  },

  "postgres-killed": ({ world }, parameters) =>
    world.alone("database", async () => {
      await world.killPostgres();
      await sleep(number(parameters, "downMs"));
      await world.startPostgres();
      return "recovered";
    }),

  "redis-gone": async ({ world }) => {
    await world.redis?.kill();
    return world.redis === null ? "there was none" : "gone";
  },

  "chain-killed": ({ world }, parameters) =>
    world.alone("chain", async () => {
      await world.killChain();
      await sleep(number(parameters, "downMs"));
      await world.restartChain();
      return `continues at block ${await world.height()}`;
    }),

  "rpc-hangs": rpcFault((rpc, on) => {
    rpc.hangs = on;
  }),
  "rpc-lags": rpcFault((rpc, on, parameters) => {
    rpc.lagBlocks = on ? number(parameters, "blocks") : 0;
  }),
  "rpc-null-receipts": rpcFault((rpc, on) => {
    rpc.hidesReceipts = on;
  }),
  "rpc-forgets": rpcFault((rpc, on) => {
    rpc.forgetsTransactions = on;
  }),
  "rpc-refuses-nonce": rpcFault((rpc, on, { says }) => {
    rpc.refusesTransactions = on ? String(says) : null;
  }),
  "rpc-429": rpcFault((rpc, on) => {
    rpc.answers429 = on;
  }),
  "rpc-loses-answers": rpcFault((rpc, on) => {
    rpc.losesAnswers = on;
  }),

  reorganised: ({ world }, parameters) =>
    world.alone("chain", async () => {
      const depth = number(parameters, "depth");
      await world.pauseMining();
      try {
        const fork = await world.rpc("evm_snapshot");
        const from = await world.height();
        for (let block = 0; block < depth; block += 1) {
          await sleep(300);
          await world.rpc("evm_mine");
        }
        // Blocks that a transaction alone brought would make it deeper than what was drawn.
        const lost = (await world.height()) - from;
        await world.rpc("evm_revert", [fork]);
        for (let block = 0; block <= depth; block += 1) await world.rpc("evm_mine");
        return `${lost} blocks after ${from} were replaced`;
      } finally {
        await world.resumeMining();
      }
    }),

  "base-fee": async ({ world }, parameters) => {
    const steps = 6;
    for (let step = 0; step <= steps; step += 1) {
      const fee = (BASE_FEE_WEI * BigInt(Math.round(8 ** (step / steps) * 1_000))) / 1_000n;
      await world.alone("chain", () =>
        world.rpc("hardhat_setNextBlockBaseFeePerGas", [`0x${fee.toString(16)}`]),
      );
      await sleep(number(parameters, "forMs") / steps);
    }
    await world.alone("chain", () => world.rpc("hardhat_setNextBlockBaseFeePerGas", ["0x3b9aca00"]));
    return "up eightfold and down again";
  },

  "foreign-nonce": ({ world }, parameters) =>
    world.alone("chain", async () => {
      const provider = new JsonRpcProvider(world.chain.url, 31_337, { staticNetwork: true });
      const thief = new Wallet(hardhatWallets()[LOCAL_OPERATOR]?.privateKey ?? "", provider);
      let sent = 0;
      try {
        const next = await provider.getTransactionCount(thief.address, "latest");
        for (let nonce = next; nonce < next + number(parameters, "count"); nonce += 1) {
          const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n };
          const call = { to: Wallet.createRandom().address, value: 1n, gasLimit: 21_000n, nonce, ...fees };
          sent += await thief.sendTransaction(call).then(
            () => 1,
            () => 0,
          );
        }
      } finally {
        provider.destroy();
      }
      return `${sent} transactions of somebody else`;
    }),

  "xrpl-restarted": ({ world }, parameters) =>
    world.alone("ledger", async () => {
      await world.restartXrpl(number(parameters, "downMs"));
      return `continues at ledger ${world.xrpl.ledger.validatedIndex()}`;
    }),
  "xrpl-drops": async ({ world }, p) => {
    world.xrpl.ledger.faults.dropSubmissions(number(p, "count"));
    return "the next submissions meet it";
  },
  "xrpl-delays": async ({ world }, p) => {
    world.xrpl.ledger.faults.delaySubmissions(number(p, "count"), number(p, "ledgers"));
    return "the next submissions meet it";
  },
  "xrpl-closes-after": async ({ world }, p) => {
    world.xrpl.ledger.faults.closeAfterAccepting(number(p, "count"));
    return "the next submissions meet it";
  },
  "xrpl-closes-before": async ({ world }, p) => {
    world.xrpl.ledger.faults.closeBeforeAccepting(number(p, "count"));
    return "the next submissions meet it";
  },
  "xrpl-queues": async ({ world }, p) => {
    world.xrpl.ledger.faults.queueSubmissions(number(p, "count"));
    return "the next submissions meet it";
  },
  "xrpl-refuses": async ({ world }, p) => {
    world.xrpl.ledger.faults.refuseSubmissions(number(p, "count"), String(p.says));
    return "the next submissions meet it";
  },
  "xrpl-gap": async ({ world }, p) => {
    const to = world.xrpl.ledger.validatedIndex() + 2;
    world.xrpl.ledger.faults.historyGap(to - number(p, "ledgers") + 1, to);
    await sleep(number(p, "forMs"));
    world.xrpl.ledger.faults.fillHistory();
    return `up to ledger ${to}, filled again`;
  },
  "xrpl-fees": async ({ world }, p) => {
    world.xrpl.ledger.faults.setBaseFee(number(p, "drops"), number(p, "load"));
    await sleep(number(p, "forMs"));
    world.xrpl.ledger.faults.setBaseFee(10);
    return "and down again";
  },
  "xrpl-disconnects": async ({ world }) => {
    world.xrpl.ledger.faults.disconnectAll();
    return "cut";
  },
  "xrpl-unsynced": async ({ world }, p) => {
    world.xrpl.ledger.faults.loseNetwork(true);
    await sleep(number(p, "forMs"));
    world.xrpl.ledger.faults.loseNetwork(false);
    return "synced again";
  },
  "xrpl-stalls": async ({ world }, p) => {
    world.xrpl.ledger.faults.stall(true);
    await sleep(number(p, "forMs"));
    world.xrpl.ledger.faults.stall(false);
    return "answers again";
  },

  "clients-drop": async ({ clients }, p) => {
    for (let time = 0; time < number(p, "times"); time += 1) {
      for (const client of clients) client.drop();
      await sleep(2_000);
    }
    return `${clients.length} clients dropped ${p.times} times`;
  },
  "rolling-restart": (run, parameters) => rollingRestart(run, number(parameters, "clients")),
  "database-older": (run, p) => restoreOlder(run, number(p, "afterMs")),
  "database-forgetful": (run, p) => restoreForgetful(run, number(p, "afterMs")),
};

function rpcFault(set: (rpc: FaultyRpc, on: boolean, parameters: Parameters) => void): Inject {
  return async ({ world }, parameters) => {
    const some = world.rpcs.slice(0, number(parameters, "urls"));
    for (const rpc of some) set(rpc, true, parameters);
    await sleep(number(parameters, "forMs"));
    for (const rpc of some) set(rpc, false, parameters);
    for (const rpc of some) rpc.letGo();
    return `${some.length} of ${world.rpcs.length} URLs, over`;
  };
}

/** Gives the order to both; the first to come to the step is the one, null when neither does in time. */
async function firstToReach(
  workers: readonly Child[],
  order: { order: "die" | "freeze"; step: StepName; nth: number },
): Promise<Child | null> {
  const reached = Promise.withResolvers<Child | null>();
  for (const worker of workers) {
    worker.onReached = () => reached.resolve(worker);
    worker.order(order);
  }
  const timer = setTimeout(() => reached.resolve(null), REACHED_WITHIN_MS);
  const first = await reached.promise;
  clearTimeout(timer);
  for (const worker of workers) {
    worker.onReached = () => undefined;
    if (worker !== first) worker.order({ order: "live" });
  }
  return first;
}

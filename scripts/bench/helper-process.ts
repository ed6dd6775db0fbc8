import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A process of a benchmark's own, that does one order after another. */
export type HelperProcess<Order> = {
  /** Resolves with what the process answered; throws when it ended instead. */
  ask<Answer>(order: Order): Promise<Answer>;
  stop(): Promise<void>;
};

export function startHelper<Order extends object>(
  file: URL,
  options: { args?: readonly string[]; nodeFlags?: readonly string[] } = {},
): HelperProcess<Order> {
  const child = fork(fileURLToPath(file), options.args ?? [], {
    execArgv: ["--disable-warning=ExperimentalWarning", ...(options.nodeFlags ?? [])],
  });
  const ended = once(child, "exit");
  return {
    async ask<Answer>(order: Order): Promise<Answer> {
      child.send(order);
      const [answer] = await Promise.race([once(child, "message"), ended]);
      if (typeof answer !== "object") throw new Error(`${file.pathname} ended with ${answer}`);
      return answer as Answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The other side: carries out orders until the parent lets go, or ends without a word left unsaid. */
export function serveOrders<Order>(carryOut: (order: Order) => Promise<object>): void {
  process.on("message", (order: Order) => {
    carryOut(order).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on("disconnect", () => process.exit(0));
}

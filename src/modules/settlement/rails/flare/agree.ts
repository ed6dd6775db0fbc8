import { type EvmRpc, EvmRpcUnavailable } from "../../../../platform/evm-rpc.ts";

/** Two URLs gave different answers to a question on which money depends: nothing is concluded until they agree. */
export class EndpointsDisagree extends EvmRpcUnavailable {
  constructor(rpc: EvmRpc, method: string, urls: readonly string[]) {
    super(rpc.status());
    this.message = `${urls.join(" and ")} answer ${method} differently; waiting until they agree`;
    this.name = "EndpointsDisagree";
  }
}

/**
 * Asks two URLs where two are healthy and believes the answer only when both give it; `essence` picks what must be
 * equal. One URL's error counts as an answer that differs from any result.
 */
export async function agreed<T>(
  rpc: EvmRpc,
  method: string,
  params: readonly unknown[],
  essence: (answer: T) => unknown,
): Promise<T> {
  const answers = await rpc.requestEach<T>(method, params, { atMost: 2 });
  const [first, second] = answers;
  if (first === undefined) throw new EvmRpcUnavailable(rpc.status());
  if (!first.ok && (second === undefined || !second.ok)) throw first.error;
  if (first.ok && second === undefined) return first.result;
  if (
    !first.ok ||
    second?.ok !== true ||
    JSON.stringify(essence(first.result)) !== JSON.stringify(essence(second.result))
  ) {
    throw new EndpointsDisagree(
      rpc,
      method,
      answers.map((answer) => answer.url),
    );
  }
  return first.result;
}

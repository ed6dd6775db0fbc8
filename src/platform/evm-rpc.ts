import {
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from "ethers";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";

/** How one URL is doing, as `/ready` and the treasury show it. */
export type EndpointStatus = {
  /** Without credentials, path or query: API keys live there. */
  url: string;
  healthy: boolean;
  /** What the last failed request or check met; null while healthy. */
  problem: string | null;
};

/** What one of several URLs said. */
export type EndpointAnswer<T> =
  | { url: string; ok: true; result: T }
  | { url: string; ok: false; error: EvmRpcError };

export type EvmRpc = {
  readonly chainId: number;
  /** For libraries that want an ethers provider; every read goes through the same pool. */
  readonly provider: JsonRpcApiProvider;
  /** Asks the first healthy URL, then the next. An answer that is an error of the call itself is thrown as `EvmRpcError`. */
  request<T = unknown>(method: string, params: readonly unknown[]): Promise<T>;
  /** Asks several healthy URLs at once (all of them unless `atMost` says fewer); throws only when none could be asked. */
  requestEach<T = unknown>(
    method: string,
    params: readonly unknown[],
    options?: { atMost?: number },
  ): Promise<EndpointAnswer<T>[]>;
  /** Hands the signed bytes to every healthy URL. What an answer means is for the rail to say. */
  broadcast(raw: string): Promise<EndpointAnswer<string>[]>;
  status(): EndpointStatus[];
  close(): void;
};

/** A node understood the request and refused it: a revert, a known transaction, a bad parameter. */
export class EvmRpcError extends Error {
  readonly code: number;
  /** Revert data where the node gives it, as hex. */
  readonly data: string | null;
  readonly url: string;
  constructor(method: string, url: string, error: { code: number; message: string; data?: unknown }) {
    super(`${method}: ${error.message}`);
    this.name = "EvmRpcError";
    this.code = error.code;
    this.data = revertData(error.data);
    this.url = url;
  }
}

/** No configured URL can be asked now. The same request may succeed later, so nothing may be concluded from it. */
export class EvmRpcUnavailable extends AppError {
  constructor(status: readonly EndpointStatus[]) {
    super(
      "unavailable",
      "rpc_unavailable",
      "no RPC URL of the chain answers; the request can be repeated later",
      {
        details: { endpoints: status },
        retryAfterSeconds: 5,
      },
    );
    this.name = "EvmRpcUnavailable";
  }
}

type Endpoint = {
  url: string;
  shown: string;
  /** The chain id is asked before the first use and after each failure: a URL may come back as another chain. */
  checked: Promise<void> | null;
  failures: number;
  /** Monotonic milliseconds before which it is left alone. */
  notBefore: number;
  problem: string | null;
};

/** EIP-1474: 'resource unavailable' and 'limit exceeded' are about the node, not about the request. */
const NODE_CODES = new Set([-32_002, -32_005]);
const FIRST_BACKOFF_MS = 200;
const LAST_BACKOFF_MS = 10_000;

export type EvmRpcOptions = {
  urls: readonly string[];
  chainId: number;
  log: Logger;
  timeoutMs?: number;
};

/**
 * Several JSON-RPC URLs as one. Reads go to the first healthy URL in the configured order, so that answers come from
 * one node's view as long as it lives; a URL that fails is left alone for a growing time and its chain id is checked
 * again before it is believed.
 */
export function createEvmRpc(options: EvmRpcOptions): EvmRpc {
  const { chainId, log } = options;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const closing = new AbortController();
  const endpoints: Endpoint[] = options.urls.map((url) => ({
    url,
    shown: new URL(url).origin,
    checked: null,
    failures: 0,
    notBefore: 0,
    problem: null,
  }));
  let nextId = 1;

  async function post(endpoint: Endpoint, method: string, params: readonly unknown[]): Promise<unknown> {
    const id = nextId++;
    const response = await send(endpoint.url, JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    const text = await response.text();
    let answer: { result?: unknown; error?: { code: number; message: string; data?: unknown } };
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw new Error(`HTTP ${response.status} without JSON`, { cause });
    }
    if (answer.error !== undefined && answer.error !== null) {
      if (response.status === 429 || NODE_CODES.has(answer.error.code)) throw new Error(answer.error.message);
      throw new EvmRpcError(method, endpoint.shown, answer.error);
    }
    if (!response.ok || answer.result === undefined)
      throw new Error(`HTTP ${response.status} without a result`);
    return answer.result;
  }

  /**
   * Servers close idle connections just when they are used again, which says nothing about the node: once more on a
   * new one. Nothing that is asked here does harm when it arrives twice.
   */
  async function send(url: string, body: string): Promise<Response> {
    const attempt = () =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      });
    try {
      return await attempt();
    } catch (error) {
      if (!wasConnectionClosed(error)) throw error;
      return attempt();
    }
  }

  async function checkChain(endpoint: Endpoint): Promise<void> {
    const found = BigInt((await post(endpoint, "eth_chainId", [])) as string);
    if (found !== BigInt(chainId)) throw new Error(`it serves chain ${found}, not ${chainId}`);
  }

  async function ask(endpoint: Endpoint, method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      endpoint.checked ??= checkChain(endpoint);
      await endpoint.checked;
    } catch (error) {
      failed(endpoint, error);
      throw new Error("the chain id could not be checked", { cause: error });
    }
    try {
      const result = await post(endpoint, method, params);
      recovered(endpoint);
      return result;
    } catch (error) {
      if (error instanceof EvmRpcError) recovered(endpoint);
      else failed(endpoint, error);
      throw error;
    }
  }

  function recovered(endpoint: Endpoint): void {
    if (endpoint.problem !== null) log.info({ url: endpoint.shown }, "an RPC URL is back");
    endpoint.failures = 0;
    endpoint.problem = null;
  }

  function failed(endpoint: Endpoint, error: unknown): void {
    endpoint.checked = null;
    if (closing.signal.aborted) return;
    // Requests in flight fail together; they count as one failure.
    if (endpoint.notBefore <= performance.now()) {
      endpoint.notBefore =
        performance.now() + Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** endpoint.failures);
      endpoint.failures += 1;
    }
    const problem = describe(error);
    if (endpoint.problem === null) log.warn({ url: endpoint.shown, problem }, "an RPC URL does not answer");
    endpoint.problem = problem;
  }

  const usable = (): Endpoint[] => endpoints.filter((endpoint) => endpoint.notBefore <= performance.now());

  async function request<T>(method: string, params: readonly unknown[]): Promise<T> {
    for (const endpoint of usable()) {
      try {
        return (await ask(endpoint, method, params)) as T;
      } catch (error) {
        if (error instanceof EvmRpcError) throw error;
      }
    }
    throw new EvmRpcUnavailable(status());
  }

  async function requestEach<T>(
    method: string,
    params: readonly unknown[],
    { atMost = endpoints.length }: { atMost?: number } = {},
  ): Promise<EndpointAnswer<T>[]> {
    const answers: EndpointAnswer<T>[] = [];
    let candidates = usable();
    while (answers.length < atMost && candidates.length > 0) {
      const asked = candidates.slice(0, atMost - answers.length);
      candidates = candidates.slice(asked.length);
      const settled = await Promise.allSettled(asked.map((endpoint) => ask(endpoint, method, params)));
      for (const [index, outcome] of settled.entries()) {
        const url = asked[index]?.shown ?? "";
        if (outcome.status === "fulfilled") answers.push({ url, ok: true, result: outcome.value as T });
        else if (outcome.reason instanceof EvmRpcError)
          answers.push({ url, ok: false, error: outcome.reason });
      }
    }
    if (answers.length === 0) throw new EvmRpcUnavailable(status());
    return answers;
  }

  function status(): EndpointStatus[] {
    return endpoints.map(({ shown, problem }) => ({ url: shown, healthy: problem === null, problem }));
  }

  const provider = new PooledProvider(Network.from(chainId), request);
  return {
    chainId,
    provider,
    request,
    requestEach,
    broadcast: (raw) => requestEach<string>("eth_sendRawTransaction", [raw]),
    status,
    close() {
      closing.abort();
      provider.destroy();
    },
  };
}

/** ethers' reads on the pool: `send` bypasses its queue, and the network is known, so it never asks for it. */
class PooledProvider extends JsonRpcApiProvider {
  readonly #request: EvmRpc["request"];
  constructor(network: Network, request: EvmRpc["request"]) {
    super(network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1 });
    this.#request = request;
  }

  override async send(method: string, params: unknown[] | Record<string, unknown>): Promise<unknown> {
    const list = Array.isArray(params) ? params : [params];
    try {
      return await this.#request(method, list);
    } catch (error) {
      if (!(error instanceof EvmRpcError)) throw error;
      const payload = { id: 1, jsonrpc: "2.0" as const, method, params: list };
      throw this.getRpcError(payload, {
        id: 1,
        error: { code: error.code, message: error.message, data: error.data ?? undefined },
      } as JsonRpcError);
    }
  }

  override async _send(
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    return Promise.all(
      payloads.map(async ({ id, method, params }) => {
        const result = await this.#request(method, Array.isArray(params) ? params : [params]);
        return { id, result };
      }),
    );
  }
}

/** geth gives revert data as a string (`rpc.DataError`); Hardhat's node as `{ data }` or `{ data: { data } }`. */
function revertData(data: unknown): string | null {
  if (typeof data === "string") return /^0x([0-9a-fA-F]{2})*$/.test(data) ? data : null;
  if (typeof data === "object" && data !== null && "data" in data) return revertData(data.data);
  return null;
}

/** undici `core/errors.js`: SocketError has the code UND_ERR_SOCKET ("other side closed"). */
function wasConnectionClosed(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return cause === "" ? error.message : `${error.message}: ${cause}`;
}

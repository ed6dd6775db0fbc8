import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "../local/read-body.ts";

type Request = { id: number; method: string; params: unknown[] };
type Reply = { result?: unknown; error?: { code: number; message: string } };

const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Which parameter of a call names the block that it is asked at. */
const BLOCK_PARAMETER: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getBlockByNumber: 0,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_feeHistory: 1,
};

/** A node in front of the node, as bad as public ones are on a bad day. Every switch may be on at any time. */
export class FaultyRpc {
  /** Requests arrive and are never answered. */
  hangs = false;
  /** Everything is as it was that many blocks ago. */
  lagBlocks = 0;
  /** No transaction has a receipt. */
  hidesReceipts = false;
  /** Transactions are taken with thanks and never passed on. */
  forgetsTransactions = false;
  /** Transactions are answered with this error and never passed on. */
  refusesTransactions: string | null = null;
  answers429 = false;
  /** Requests are carried out, answers are lost. */
  losesAnswers = false;
  readonly #target: string;
  readonly #server: Server;
  readonly #hanging = new Set<ServerResponse>();

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 120_000;
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  heal(): void {
    this.hangs = false;
    this.lagBlocks = 0;
    this.hidesReceipts = false;
    this.forgetsTransactions = false;
    this.refusesTransactions = null;
    this.answers429 = false;
    this.losesAnswers = false;
    this.letGo();
  }

  /** Cuts the connections of those that wait for an answer which will not come. */
  letGo(): void {
    if (this.hangs) return;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = JSON.parse(await readBody(request, MAX_BODY_BYTES)) as Request;
    if (this.hangs) {
      this.#hanging.add(response);
      return;
    }
    if (this.answers429) {
      response.writeHead(429, { "retry-after": "1" }).end("too many requests");
      return;
    }
    const reply = await this.#answer(call);
    if (this.losesAnswers) {
      response.destroy();
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, ...reply }));
  }

  async #answer(call: Request): Promise<Reply> {
    if (call.method === "eth_sendRawTransaction") {
      if (this.refusesTransactions !== null)
        return { error: { code: -32_000, message: this.refusesTransactions } };
      if (this.forgetsTransactions) return { result: `0x${"00".repeat(32)}` };
    }
    if (call.method === "eth_getTransactionReceipt" && this.hidesReceipts) return { result: null };
    if (this.lagBlocks === 0) return this.#ask(call);
    const head = Number((await this.#ask({ ...call, method: "eth_blockNumber", params: [] })).result);
    return this.#answerAsOf(call, Math.max(0, head - this.lagBlocks));
  }

  /** What a node says whose newest block is this one. */
  async #answerAsOf(call: Request, height: number): Promise<Reply> {
    const newest = `0x${height.toString(16)}`;
    if (call.method === "eth_blockNumber") return { result: newest };
    const index = BLOCK_PARAMETER[call.method];
    if (index !== undefined) {
      const params = [...call.params];
      const asked = params[index];
      if (asked === undefined || asked === "latest" || asked === "pending") params[index] = newest;
      else if (Number(asked) > height)
        return call.method === "eth_getBlockByNumber"
          ? { result: null }
          : { error: { code: -32_000, message: "header not found" } };
      return this.#ask({ ...call, params });
    }
    const reply = await this.#ask(call);
    if (call.method === "eth_getLogs" && Array.isArray(reply.result)) {
      return {
        result: reply.result.filter((log: { blockNumber: string }) => Number(log.blockNumber) <= height),
      };
    }
    const block = (reply.result as { blockNumber?: string | null } | null | undefined)?.blockNumber;
    return block !== undefined && block !== null && Number(block) > height ? { result: null } : reply;
  }

  async #ask({ id, method, params }: Request): Promise<Reply> {
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const answer = await fetch(this.#target, { method: "POST", body, signal: AbortSignal.timeout(20_000) });
    const { result, error } = (await answer.json()) as Reply;
    return error === undefined ? { result } : { error };
  }
}

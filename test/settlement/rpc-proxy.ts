import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Request = { id: number; method: string; params: unknown[] };
type Reply = { result?: unknown; error?: unknown };

/** A node in front of the node, that can be down, lose its answers, keep transactions to itself, or lie. */
export class RpcProxy {
  /** Connections are cut. */
  down = false;
  /** Requests of these methods arrive, their answers do not. */
  readonly losesAnswersTo = new Set<string>();
  /** Transactions are taken with thanks and never passed on. */
  swallowsTransactions = false;
  /** Changes an answer. */
  rewrite: (request: Request, reply: Reply) => Reply = (_request, reply) => reply;
  readonly sent: string[] = [];
  readonly #target: string;
  readonly #server: Server;

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const call = JSON.parse(body) as Request;
    if (this.down) {
      response.destroy();
      return;
    }
    const isTransaction = call.method === "eth_sendRawTransaction";
    if (isTransaction) this.sent.push(String(call.params[0]));
    const reply: Reply =
      isTransaction && this.swallowsTransactions
        ? { result: `0x${"00".repeat(32)}` }
        : ((await (await fetch(this.#target, { method: "POST", body })).json()) as Reply);
    if (this.losesAnswersTo.has(call.method)) {
      response.destroy();
      return;
    }
    response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, ...this.rewrite(call, reply) }));
  }
}

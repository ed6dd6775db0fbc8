import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";

export type XrplRequest = { id: unknown; command: string } & Record<string, unknown>;
export type XrplReply = { id: unknown; status: string; result?: Record<string, unknown> } & Record<
  string,
  unknown
>;

/** A server in front of the ledger, that can be late, behind, lose answers, or lie. */
export class XrplProxy {
  /** Changes an answer; null loses it. */
  rewrite: (request: XrplRequest, reply: XrplReply) => XrplReply | null = (_request, reply) => reply;
  /** Before each answer. */
  delayMs = 0;
  /** It has no ledger above this one. */
  newestLedger = Number.POSITIVE_INFINITY;
  readonly #target: string;
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1" });

  constructor(target: string) {
    this.#target = target;
    this.#server.on("connection", (client) => this.#serve(client));
  }

  async start(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, "listening");
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  honest(): void {
    this.rewrite = (_request, reply) => reply;
    this.delayMs = 0;
    this.newestLedger = Number.POSITIVE_INFINITY;
  }

  stop(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #serve(client: WebSocket): void {
    const server = new WebSocket(this.#target);
    const asked = new Map<unknown, XrplRequest>();
    const early: string[] = [];
    server.on("open", () => {
      for (const text of early.splice(0)) server.send(text);
    });
    client.on("message", (data) => {
      const request = JSON.parse(String(data)) as XrplRequest;
      asked.set(request.id, request);
      const text = JSON.stringify(this.#asBehind(request));
      if (server.readyState === WebSocket.OPEN) server.send(text);
      else early.push(text);
    });
    server.on("message", async (data) => {
      const reply = JSON.parse(String(data)) as XrplReply;
      const request = asked.get(reply.id);
      asked.delete(reply.id);
      if (this.delayMs > 0) await sleep(this.delayMs);
      const changed = request === undefined ? reply : this.rewrite(request, this.#seenBehind(request, reply));
      if (changed !== null) client.send(JSON.stringify(changed));
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("close", () => other.terminate());
      one.on("error", () => other.terminate());
    }
  }

  /** What such a server answers about its newest ledger. */
  #asBehind(request: XrplRequest): XrplRequest {
    return request.ledger_index === "validated" && Number.isFinite(this.newestLedger)
      ? { ...request, ledger_index: this.newestLedger }
      : request;
  }

  /** And about what it does not have yet. */
  #seenBehind(request: XrplRequest, reply: XrplReply): XrplReply {
    const newest = this.newestLedger;
    const asked = [request.ledger_index, request.ledger_index_max].filter((at) => typeof at === "number");
    const { id, result } = reply;
    if (asked.some((at) => at > newest)) return refusal(id, "lgrNotFound");
    if (request.command === "tx" && Number(result?.ledger_index ?? 0) > newest)
      return refusal(id, "txnNotFound");
    const state = result?.state as { validated_ledger?: { seq: number } } | undefined;
    if (state?.validated_ledger === undefined || state.validated_ledger.seq <= newest) return reply;
    const validated_ledger = { ...state.validated_ledger, seq: newest };
    return { ...reply, result: { ...result, state: { ...state, validated_ledger } } };
  }
}

export function refusal(id: unknown, error: string): XrplReply {
  return { id, status: "error", type: "response", error, error_message: error };
}

import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

type Command = { id: unknown; command: string } & Record<string, unknown>;
type Reply = { result: Record<string, unknown> } | ({ error: string } & Record<string, unknown>);

const RIPPLE_EPOCH_SECONDS = 946_684_800;

/** A server that answers in the shapes that a real one was recorded with, and can fall ill in every known way. */
export class ServerDouble {
  networkId = 0;
  state = "full";
  amendmentBlocked = false;
  loadFactor = 256;
  /** Null: it never had one. */
  validatedIndex: number | null = 7;
  /** Unix seconds. */
  closeTime = Math.trunc(Date.now() / 1_000);
  /** Answers beside `server_state` and `ledger`. */
  readonly replies: Record<string, Reply | ((command: Command) => Reply)> = {};
  /** Commands that arrive and are never answered; "*" is all of them. */
  readonly silentTo = new Set<string>();
  /** The server dies when one of these arrives. */
  readonly diesOn = new Set<string>();
  /** Refuses connections with "threshold exceeded". */
  isOverloaded = false;
  readonly asked: Command[] = [];
  #server: WebSocketServer | null = null;
  #port = 0;

  async start(): Promise<string> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: this.#port, path: "/" });
    await new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      if (this.isOverloaded) socket.close(1008, "threshold exceeded");
      socket.on("message", (data) => this.#answer(socket, JSON.parse(String(data)) as Command));
    });
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Every connection is cut, new ones are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    for (const socket of server.clients) socket.terminate();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Cuts the connections of this moment. */
  cut(): void {
    for (const socket of this.#server?.clients ?? []) socket.terminate();
  }

  /** Says this to everybody who is connected. */
  say(text: string): void {
    for (const socket of this.#server?.clients ?? []) socket.send(text);
  }

  countOf(command: string): number {
    return this.asked.filter((asked) => asked.command === command).length;
  }

  #answer(socket: WebSocket, command: Command): void {
    this.asked.push(command);
    if (this.silentTo.has("*") || this.silentTo.has(command.command)) return;
    if (this.diesOn.has(command.command)) {
      void this.stop();
      return;
    }
    const reply = this.#reply(command);
    const message =
      "result" in reply
        ? { ...reply, status: "success", type: "response" }
        : { ...reply, request: command, status: "error", type: "response" };
    socket.send(JSON.stringify({ api_version: 2, id: command.id, ...message }));
  }

  #reply(command: Command): Reply {
    const reply = this.replies[command.command];
    if (reply !== undefined) return typeof reply === "function" ? reply(command) : reply;
    if (command.command === "server_state") return { result: { state: this.#serverState() } };
    if (command.command === "ledger" && command.ledger_index === "validated") {
      if (this.validatedIndex === null)
        return { error: "notSynced", error_code: 18, error_message: "notSynced" };
      return {
        result: {
          ledger: { close_time: this.closeTime - RIPPLE_EPOCH_SECONDS, closed: true },
          ledger_hash: "AB".repeat(32),
          ledger_index: this.validatedIndex,
          validated: true,
        },
      };
    }
    return { error: "unknownCmd", error_code: 32, error_message: "Unknown method." };
  }

  #serverState(): Record<string, unknown> {
    return {
      build_version: "2.3.0",
      complete_ledgers: "2-7",
      load_base: 256,
      load_factor: this.loadFactor,
      load_factor_server: 256,
      network_id: this.networkId,
      server_state: this.state,
      ...(this.amendmentBlocked ? { amendment_blocked: true } : {}),
      ...(this.validatedIndex === null
        ? {}
        : {
            validated_ledger: {
              base_fee: 10,
              close_time: this.closeTime - RIPPLE_EPOCH_SECONDS,
              hash: "AB".repeat(32),
              reserve_base: 1_000_000,
              reserve_inc: 200_000,
              seq: this.validatedIndex,
            },
          }),
    };
  }
}

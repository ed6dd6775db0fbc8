import { once } from "node:events";
import { WebSocket } from "ws";

type Message = Record<string, unknown>;

/** A bare connection: what is sent and received is what stands on the wire. */
export class LedgerClient {
  readonly #socket: WebSocket;
  readonly #inbox: Message[] = [];
  #waiting: (() => void)[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#inbox.push(JSON.parse(String(data)) as Message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("close", () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async connect(url: string): Promise<LedgerClient> {
    const socket = new WebSocket(url);
    await once(socket, "open");
    return new LedgerClient(socket);
  }

  async #take(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const at = this.#inbox.findIndex(wanted);
      if (at >= 0) return this.#inbox.splice(at, 1)[0] as Message;
      if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("the connection was closed");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Sends a request and waits for its response. */
  async request(request: Message): Promise<Message> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, ...request }));
    const { id: _, ...response } = await this.#take((message) => message.id === id);
    return response;
  }

  /** Sends a text as it is and waits for whatever comes next. */
  async raw(text: string): Promise<Message> {
    this.#socket.send(text);
    return this.#take(() => true);
  }

  /** The next messages of subscriptions. */
  async messages(count: number): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.length < count) messages.push(await this.#take((message) => message.type !== "response"));
    return messages;
  }

  /** Resolves when everything that was sent has reached the server, answered or not. */
  async arrived(): Promise<void> {
    this.#socket.ping();
    await once(this.#socket, "pong");
  }

  /** Resolves when the server has ended the connection. */
  async closed(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.CLOSED) await once(this.#socket, "close");
  }

  close(): void {
    this.#socket.terminate();
  }
}

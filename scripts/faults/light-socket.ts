import { WebSocket } from "ws";

const ANSWER_TIMEOUT_MS = 4_000;

/**
 * One Socket.IO connection over a bare WebSocket (Engine.IO 4), without reconnection: a thousand of them fit beside
 * everything else, and whoever holds one sees exactly when it ends.
 */
export class LightSocket {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #nextId = 0;
  onEvent: (name: string, payload: unknown) => void = () => undefined;
  onClose: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(url: string, token: string | null): Promise<LightSocket> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
      handshakeTimeout: ANSWER_TIMEOUT_MS,
    });
    const light = new LightSocket(socket);
    const connected = Promise.withResolvers<void>();
    const timer = setTimeout(() => socket.terminate(), ANSWER_TIMEOUT_MS);
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "2") socket.send("3");
      else if (text.startsWith("0")) socket.send(token === null ? "40" : `40${JSON.stringify({ token })}`);
      else if (text.startsWith("40")) connected.resolve();
      else if (text.startsWith("42")) light.#hear(text.slice(2));
      else if (text.startsWith("43")) light.#settle(text.slice(2));
      else socket.terminate();
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      connected.reject(new Error("the connection was closed"));
      for (const [id, settle] of light.#asked) {
        light.#asked.delete(id);
        settle(null);
      }
      light.onClose();
    });
    try {
      await connected.promise;
      return light;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer, or null when the connection ended or nothing came in time. */
  ask(event: string, payload: unknown): Promise<Answer> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve(null);
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => {
      this.#asked.delete(id);
      resolve(null);
    }, ANSWER_TIMEOUT_MS);
    this.#asked.set(id, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    this.#socket.send(`42${id}${JSON.stringify([event, payload])}`);
    return promise;
  }

  /** Ends it without a word, as a phone does that loses its network. */
  drop(): void {
    this.#socket.terminate();
  }

  #hear(text: string): void {
    const [name, payload] = JSON.parse(text) as [string, unknown];
    this.onEvent(name, payload);
  }

  #settle(text: string): void {
    const id = Number.parseInt(text, 10);
    const [answer] = JSON.parse(text.slice(String(id).length)) as [Record<string, unknown>];
    // In the same turn as the packet is read: what follows it in the stream is heard after it.
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }
}

/** What a handler answered: `ok: true` with what it gives, or `ok: false` with a problem. */
export type Answer = Record<string, unknown> | null;

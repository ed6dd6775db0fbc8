import { WebSocket } from "ws";
import { XrplRpcError } from "./errors.ts";

/** A connection that broke, was refused, or stayed silent: it says nothing about the command. */
export class XrplConnectionError extends Error {
  readonly reason: "refused" | "lost" | "timeout";
  /** Whether the server may have read the command. */
  readonly mayHaveArrived: boolean;
  /** RFC 6455 status code, where the server closed. */
  readonly closeCode: number | null;
  constructor(
    reason: XrplConnectionError["reason"],
    message: string,
    options: { mayHaveArrived: boolean; closeCode?: number | null },
  ) {
    super(message);
    this.name = "XrplConnectionError";
    this.reason = reason;
    this.mayHaveArrived = options.mayHaveArrived;
    this.closeCode = options.closeCode ?? null;
  }
}

export type XrplCommand = { command: string } & Record<string, unknown>;

export type XrplConnection = {
  /** False once it broke; it never comes back. */
  readonly isUsable: boolean;
  /** The `result` of the answer; an error of the server is thrown as `XrplRpcError`. */
  send(command: XrplCommand): Promise<Record<string, unknown>>;
  /** Drops it at once; what waits fails. */
  close(): Promise<void>;
};

type Waiting = {
  command: string;
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
};

/**
 * One WebSocket to one server. `ws` rather than xrpl's `Client`: that one reconnects on timers of its own, gives up
 * after a failed attempt, and does not say whether a command that failed had left. This one breaks once and for good,
 * and whoever holds it opens another.
 */
export function openConnection(url: string, shown: string, timeoutMs: number): XrplConnection {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map<number, Waiting>();
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  // Whoever sends meets the failure; with nobody there it is nobody's error.
  opened.promise.catch(() => undefined);
  let nextId = 1;
  let lastHeardAt = 0;
  let isOpened = false;
  let socketError: string | null = null;
  let broken: XrplConnectionError | null = null;

  // ws' own handshakeTimeout begins only after TCP has connected.
  const opening = setTimeout(() => breakOff(`no connection within ${timeoutMs} ms`), timeoutMs);

  socket.on("open", () => {
    clearTimeout(opening);
    isOpened = true;
    opened.resolve();
  });
  socket.on("error", (error) => {
    socketError ??= error.message === "" ? error.name : error.message;
  });
  socket.on("close", (code: number, text: Buffer) => {
    clearTimeout(opening);
    const words = text.length > 0 ? `${code} ${text}` : `${code}`;
    const error =
      broken ??
      new XrplConnectionError(
        isOpened ? "lost" : "refused",
        socketError ?? `the server closed the connection (${words})`,
        { mayHaveArrived: isOpened, closeCode: code },
      );
    broken = error;
    opened.reject(error);
    for (const [id, entry] of waiting) settle(id, () => entry.reject(error));
    closed.resolve();
  });
  socket.on("message", (data) => {
    lastHeardAt = performance.now();
    const answer = parse(String(data));
    if (answer === null) return breakOff("the server sent something that is not an answer");
    if (answer.type !== "response") return;
    const id = Number(answer.id);
    const entry = waiting.get(id);
    if (entry === undefined) return;
    if (answer.status === "success" && typeof answer.result === "object" && answer.result !== null)
      settle(id, () => entry.resolve(answer.result as Record<string, unknown>));
    else settle(id, () => entry.reject(new XrplRpcError(entry.command, shown, answer)));
  });

  function settle(id: number, outcome: () => void): void {
    clearTimeout(waiting.get(id)?.timer);
    waiting.delete(id);
    outcome();
  }

  function breakOff(
    why: string,
    reason: XrplConnectionError["reason"] = isOpened ? "lost" : "refused",
  ): void {
    broken ??= new XrplConnectionError(reason, why, { mayHaveArrived: isOpened });
    socket.terminate();
  }

  return {
    get isUsable() {
      return broken === null && socket.readyState <= WebSocket.OPEN;
    },
    async send(command) {
      await opened.promise;
      if (socket.readyState !== WebSocket.OPEN) {
        // The server has said goodbye; with what words is known once the socket is gone.
        socket.terminate();
        await closed.promise;
        const { message, closeCode } = broken ?? { message: "the connection was closed", closeCode: null };
        throw new XrplConnectionError("lost", message, { mayHaveArrived: false, closeCode });
      }
      const id = nextId++;
      const sentAt = performance.now();
      return new Promise<Record<string, unknown>>((resolve, reject) => {
        const giveUp = (): void => {
          if (!waiting.has(id)) return;
          const why = `no answer to ${command.command} within ${timeoutMs} ms`;
          settle(id, () => reject(new XrplConnectionError("timeout", why, { mayHaveArrived: true })));
          // A server that answers others is slow; one that says nothing at all may be gone without a word.
          if (lastHeardAt < sentAt) breakOff(why, "timeout");
        };
        // What arrived while this process was busy is read first: its own pauses are not the server's.
        const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
        waiting.set(id, { command: command.command, resolve, reject, timer });
        // A failed write closes the socket, which fails what waits.
        socket.send(JSON.stringify({ ...command, id, api_version: 2 }), () => undefined);
      });
    },
    async close() {
      breakOff("the connection was closed from here");
      await closed.promise;
    },
  };
}

/** A JSON object that is a response or a message of a stream; null for errors that belong to no request. */
function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const message = value as Record<string, unknown>;
    return message.type === "error" ? null : message;
  } catch {
    return null;
  }
}

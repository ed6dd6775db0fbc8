import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { answerHttp } from "./http.ts";
import type { ServerContext } from "./request.ts";
import { Subscriptions } from "./subscriptions.ts";
import { serveSocket } from "./websocket.ts";

export type Listening = {
  port: number;
  /** Ends every connection without a word, as a server does that dies. */
  disconnectAll(): void;
  stop(): Promise<void>;
};

/** Serves WebSocket and JSON-RPC on one port of the loopback interface. Rejects when the port is taken. */
export async function listen(context: ServerContext, wantedPort: number): Promise<Listening> {
  const http = createServer((request, response) => {
    answerHttp(request, response, context).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${wantedPort} is taken`) : error);
    });
    http.listen(wantedPort, "127.0.0.1", resolve);
  });
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  const subscriptions = new Subscriptions(context);
  sockets.on("connection", (socket) => serveSocket(socket, context, subscriptions));
  const address = http.address();
  const disconnectAll = (): void => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : wantedPort,
    disconnectAll,
    async stop() {
      disconnectAll();
      sockets.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}

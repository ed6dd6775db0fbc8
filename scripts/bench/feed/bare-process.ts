import { WebSocketServer } from "ws";
import { serveOrders } from "../helper-process.ts";
import { type Begun, type BroadcastOrder, measureMemory, PAYLOAD } from "./broadcaster.ts";

let server: WebSocketServer | undefined;
let id = 1_000_000;

async function start(): Promise<{ port: number }> {
  const opened = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    backlog: 4_096,
    perMessageDeflate: false,
  });
  server = opened;
  await new Promise((done) => opened.once("listening", done));
  const address = opened.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port };
}

/** The same bytes as Socket.IO's, encoded once as well. */
function broadcast(events: number): Begun {
  const startedNs = String(process.hrtime.bigint());
  for (let event = 0; event < events; event += 1) {
    id += 1;
    const text = `42${JSON.stringify(["feed", { id: String(id), type: "payout", payload: PAYLOAD }])}`;
    const bytes = Buffer.from(text);
    for (const client of server?.clients ?? []) client.send(bytes, { binary: false });
  }
  return { startedNs };
}

serveOrders<BroadcastOrder | { do: "start" }>(async (order) => {
  if (order.do === "start") return start();
  return order.do === "memory" ? measureMemory() : broadcast(order.events);
});

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { serveOrders } from "../helper-process.ts";
import type { Arrived, CrowdOrder } from "./crowd.ts";

const AT_ONCE = 50;
const FIN_AND_TEXT = 0x81;
const MASKED = 0x80;
const QUOTE = 0x22;

let sockets: Socket[] = [];
let missing = 0;
let onLast: (() => void) | undefined;

function onEvent(): void {
  missing -= 1;
  if (missing === 0) onLast?.();
}

/** The first events may be faster than the word that they are coming. */
async function expectMore(messages: number): Promise<Arrived> {
  const cpu = process.cpuUsage();
  missing += messages;
  if (missing !== 0) await new Promise<void>((done) => (onLast = done));
  onLast = undefined;
  const lastNs = String(process.hrtime.bigint());
  const { user, system } = process.cpuUsage(cpu);
  return { lastNs, cpuMs: (user + system) / 1_000 };
}

/** Clients must mask; nobody says that the mask may not be zero. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([FIN_AND_TEXT, MASKED | payload.length, 0, 0, 0, 0]), payload]);
}

/**
 * A WebSocket client that reads frame heads and little else, because a client per message must cost less than the server
 * does, or the benchmark measures its clients. Of Engine.IO and Socket.IO it speaks what a subscriber needs.
 */
function open(order: Extract<CrowdOrder, { do: "connect" }>, inbox: Buffer): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  let rest = Buffer.alloc(0);
  let upgraded = false;
  const [hostname = "", port = ""] = order.host.split(":");
  const socket = connect({
    host: hostname,
    port: Number(port),
    localAddress: order.localAddress,
    onread: {
      // One for all sockets: what is not used up at once is copied.
      buffer: inbox,
      callback(length, buffer) {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
        const left = read(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
        rest = left.length === 0 ? EMPTY : Buffer.from(left);
        return true;
      },
    },
  });
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.write(
      `GET ${order.path} HTTP/1.1\r\nHost: ${order.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
  });

  function read(bytes: Buffer): Buffer {
    if (upgraded) return readFrames(bytes);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return bytes;
    if (!bytes.toString("latin1", 0, end).startsWith("HTTP/1.1 101")) {
      reject(new Error(bytes.toString("latin1", 0, end)));
      return EMPTY;
    }
    upgraded = true;
    if (!order.socketIo) resolve(socket);
    return readFrames(bytes.subarray(end + 4));
  }

  function readFrames(bytes: Buffer): Buffer {
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (at + head > bytes.length) break;
      const length =
        short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? bytes.readUInt32BE(at + 6) : short;
      const start = at + head;
      if (start + length > bytes.length) break;
      onFrame(bytes, start, length);
      at = start + length;
    }
    return bytes.subarray(at);
  }

  function onFrame(bytes: Buffer, start: number, length: number): void {
    // 42["feed",…
    if (length > 10 && bytes[start] === 0x34 && bytes[start + 1] === 0x32 && bytes[start + 3] === QUOTE) {
      onEvent();
      return;
    }
    if (order.socketIo) answer(bytes.toString("latin1", start, start + Math.min(length, 8)));
  }

  function answer(text: string): void {
    if (text === "2") socket.write(frame("3"));
    else if (text.startsWith("0{")) socket.write(frame("40"));
    else if (text.startsWith("40{")) socket.write(frame('420["subscribe",{"channel":"feed"}]'));
    else if (text.startsWith("430[")) resolve(socket);
    else reject(new Error(`unexpected: ${text}`));
  }

  return promise;
}

const EMPTY = Buffer.alloc(0);

async function gather(order: Extract<CrowdOrder, { do: "connect" }>): Promise<void> {
  const inbox = Buffer.allocUnsafeSlow(256 * 1024);
  while (sockets.length < order.clients) {
    const some = Math.min(AT_ONCE, order.clients - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => open(order, inbox)))));
  }
}

serveOrders<CrowdOrder>(async (order) => {
  if (order.do === "expect") return expectMore(order.messages);
  if (order.do === "connect") await gather(order);
  else {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  }
  return {};
});

import { connect, type Socket } from "node:net";
import type { Client, OnAnswer } from "./load.ts";

const HEAD_END = "\r\n\r\n";

/**
 * One keep-alive connection with one request at a time, as lean as can be: what the generator spends is taken from the
 * server, and a general HTTP client would spend as much as a fast route.
 */
export async function connectHttp(
  url: URL,
  client: number,
  token: string,
  nextNonce: () => string,
  onAnswer: OnAnswer,
): Promise<Client> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await new Promise<void>((done, fail) => socket.once("connect", done).once("error", fail));
  const bodyLength = Buffer.byteLength(bodyOf(nextNonce()));
  const head =
    `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n` +
    `user-agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: application/json\r\ncontent-length: ${bodyLength}${HEAD_END}`;
  readAnswers(socket, (ok) => onAnswer(client, ok));
  return {
    send: () => void socket.write(head + bodyOf(nextNonce()), "latin1"),
    close: () => void socket.destroy(),
  };
}

function bodyOf(nonce: string): string {
  return `{"clientNonce":"${nonce}"}`;
}

function readAnswers(socket: Socket, onAnswer: (ok: boolean) => void): void {
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text = text === "" ? chunk : text + chunk;
    for (;;) {
      const headEnd = text.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = text.slice(0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      const end = headEnd + HEAD_END.length + length;
      if (Number.isNaN(end)) throw new Error(`an answer without a length: ${head}`);
      if (text.length < end) return;
      const ok = head.startsWith("HTTP/1.1 200 ") && text.includes('"accepted":1', headEnd);
      text = text.slice(end);
      onAnswer(ok);
    }
  });
}

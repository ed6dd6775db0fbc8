import net from "node:net";

export type LossyProxy = {
  /** The database behind the proxy. */
  url: string;
  /** The next answer of a finished statement is thrown away, with the connection that it came on. */
  loseNextAnswer(): Promise<void>;
  /** While refusing, no connection is accepted. */
  refuse(refusing: boolean): void;
  close(): Promise<void>;
};

/** Stands between a pool and PostgreSQL, to lose what the server said after it had committed. */
export async function startLossyProxy(databaseUrl: string): Promise<LossyProxy> {
  const target = new URL(databaseUrl);
  let lose: (() => void) | undefined;
  let refusing = false;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      // CommandComplete of a SELECT: an autocommitted statement is durable before the server says so.
      if (lose !== undefined && chunk.includes("SELECT 1\0")) {
        lose();
        lose = undefined;
        client.destroy();
        return;
      }
      client.write(chunk);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    loseNextAnswer: () =>
      new Promise((lost) => {
        lose = lost;
      }),
    refuse(value) {
      refusing = value;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

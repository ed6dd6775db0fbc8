import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { drainHttp } from "../src/drain-http.ts";
import { createHttpServer } from "../src/platform/http/index.ts";
import { silentLog } from "./kit/log.ts";

it("a server that ends answers what is under way, and waits for no connection that is merely open", async () => {
  const server = await createHttpServer({ log: silentLog, trustProxy: false, version: "0" });
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  server.get("/slow", async () => {
    asked.resolve();
    await answer.promise;
    return { answered: true };
  });
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  // What it kept alive it would keep for ever.
  server.server.keepAliveTimeout = 0;
  const unused = connect(Number(new URL(url).port), "127.0.0.1");
  await once(unused, "connect");
  const agent = new Agent({ keepAlive: true });
  const response = new Promise<IncomingMessage>((done) => get(`${url}/slow`, { agent }, done));
  await asked.promise;

  const ended = drainHttp(server, 500);
  answer.resolve();
  let body = "";
  for await (const chunk of await response) body += String(chunk);
  expect(JSON.parse(body)).toEqual({ answered: true });
  await ended;
  agent.destroy();
  unused.destroy();
});

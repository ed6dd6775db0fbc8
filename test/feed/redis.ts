import { createRedisServer } from "../kit/redis-server.ts";
import { onCleanup } from "./kit.ts";

/** A running redis-server of the test's own; killed, it has forgotten everything. */
export async function startRedis() {
  const server = await createRedisServer();
  onCleanup(server.kill);
  await server.start();
  return server;
}

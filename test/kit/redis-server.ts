import { hasRedisServer } from "../../scripts/local/redis.ts";

export { createRedisServer, hasRedisServer } from "../../scripts/local/redis.ts";

if (!hasRedisServer)
  process.stderr.write("redis-server is not installed: the tests that need it are skipped\n");

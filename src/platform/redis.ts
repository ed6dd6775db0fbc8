import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "./log.ts";

export type { Redis } from "ioredis";

const RECONNECT_MAX_MS = 5_000;

/**
 * A connection that comes back by itself and never ends the process. While it is away commands fail at once instead of
 * queueing: everything in Redis may be lost, so every user has something to do without it.
 */
export function createRedis(url: string, log: Logger, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, {
    connectTimeout: 5_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_MAX_MS),
    ...options,
  });
  return superviseRedis(redis, log);
}

/** Listens to what would otherwise go to the console; says once that Redis is gone, and once that it is back. */
export function superviseRedis<R extends Redis>(redis: R, log: Logger): R {
  let down = false;
  redis.on("error", (error: Error) => {
    if (!down) log.warn({ err: error }, "redis cannot be reached");
    down = true;
  });
  redis.on("ready", () => {
    if (down) log.info("redis is back");
    down = false;
  });
  return redis;
}

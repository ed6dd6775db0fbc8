import { setTimeout as sleep } from "node:timers/promises";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "../../platform/log.ts";
import { superviseRedis } from "../../platform/redis.ts";

/** The stream and the prefix of the channels that our processes share. */
const STREAM = "coinclicker:ws";
const RETRY_READ_MS = 1_000;

const COMMON = {
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
  connectTimeout: 5_000,
  keepAlive: 10_000,
} satisfies RedisOptions;
/** Publishing: what cannot go out now is dropped, because nothing that goes this way may not be lost. */
const PUBLISHER = { ...COMMON, enableOfflineQueue: false, maxRetriesPerRequest: 1 } satisfies RedisOptions;
/** Reading: waits for Redis as long as it takes. */
const READER = { ...COMMON, enableOfflineQueue: true, maxRetriesPerRequest: null } satisfies RedisOptions;

export type RedisLink = {
  readonly adapter: ReturnType<typeof createAdapter>;
  readonly connected: boolean;
  /** After the Socket.IO adapter has been closed. */
  close(): void;
};

/**
 * The adapter (0.3.1) leaves rejected PUBLISH and SUBSCRIBE promises unhandled, which would end the process when Redis goes
 * away, and repeats a failed XREAD without a pause. So its clients take their rejections themselves, and fail slowly.
 */
class QuietRedis extends Redis {
  override sendCommand(...args: Parameters<Redis["sendCommand"]>): unknown {
    const sent = super.sendCommand(...args) as Promise<unknown>;
    const reply =
      args[0].name !== "xread"
        ? sent
        : sent.catch(async (error: unknown) => {
            await sleep(RETRY_READ_MS, undefined, { ref: false });
            throw error;
          });
    // Also for ioredis itself, which sends what was queued once more through here and drops what it gets.
    reply.catch(() => undefined);
    return reply;
  }
}

/** Carries between processes what the feed does not: ended sessions, balances after clicks, how many are connected. */
export function createRedisLink(url: string, log: Logger): RedisLink {
  const readers: Redis[] = [];
  class Publisher extends QuietRedis {
    override duplicate(): Redis {
      const reader = new QuietRedis(url, READER);
      readers.push(reader);
      return reader;
    }
  }
  const publisher = superviseRedis(new Publisher(url, PUBLISHER), log.child({ part: "feed" }));
  return {
    adapter: createAdapter(publisher, {
      streamName: STREAM,
      channelPrefix: STREAM,
      maxLen: 1_000,
      blockTimeInMs: 2_000,
    }),
    get connected() {
      return publisher.status === "ready";
    },
    close() {
      for (const client of [publisher, ...readers]) client.disconnect();
    },
  };
}

import { isIPv6 } from "node:net";
import type { FastifyReply } from "fastify";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type Redis, superviseRedis } from "./redis.ts";

/** `points` in every window of `seconds`; `name` is public, in the headers and in refusals. */
export type RateLimitRule = { name: string; points: number; seconds: number };

export type RateLimitState = { rule: RateLimitRule; remaining: number; resetSeconds: number };

export type RateLimit = {
  readonly rule: RateLimitRule;
  /** Takes points for a key; throws `RateLimitedError` when the window has too few left. */
  consume(key: string, points?: number): Promise<RateLimitState>;
};

export type Limiters = {
  limit(rule: RateLimitRule): RateLimit;
  close(): void;
};

export class RateLimitedError extends AppError {
  readonly state: RateLimitState;
  constructor(state: RateLimitState) {
    const { rule, resetSeconds } = state;
    super(
      "rate_limited",
      "rate_limited",
      `more than ${rule.points} in ${rule.seconds} s (limit ${rule.name}); try again in ${resetSeconds} s`,
      {
        details: { limit: rule.name, points: rule.points, seconds: rule.seconds },
        retryAfterSeconds: resetSeconds,
      },
    );
    this.name = "RateLimitedError";
    this.state = state;
  }
}

const COMMAND_TIMEOUT_MS = 500;

/**
 * Limits that all processes share through Redis. Without Redis, or while it is gone or hangs, each process counts by
 * itself: limits get looser by the number of processes, and no request fails for it.
 */
export function createLimiters(options: { redis: Redis | null; log: Logger; keyPrefix?: string }): Limiters {
  const keyPrefix = options.keyPrefix ?? "cc:limit";
  // A connection of its own: a blocking command or a long answer on the shared one must not hold up requests.
  const redis =
    options.redis === null
      ? null
      : superviseRedis(
          options.redis.duplicate({
            commandTimeout: COMMAND_TIMEOUT_MS,
            // A server that hangs is dropped, so that only the first requests wait for it.
            socketTimeout: COMMAND_TIMEOUT_MS,
            enableOfflineQueue: false,
            maxRetriesPerRequest: 0,
          }),
          options.log,
        );

  return {
    limit(rule) {
      const window = { keyPrefix: `${keyPrefix}:${rule.name}`, points: rule.points, duration: rule.seconds };
      const memory = new RateLimiterMemory(window);
      const limiter =
        redis === null
          ? memory
          : new RateLimiterRedis({
              ...window,
              storeClient: redis,
              rejectIfRedisNotReady: true,
              insuranceLimiter: memory,
              // A key that is over its limit is refused without asking Redis again.
              inMemoryBlockOnConsumed: rule.points + 1,
            });
      const stateOf = (result: RateLimiterRes): RateLimitState => ({
        rule,
        remaining: Math.max(0, result.remainingPoints),
        resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1_000)),
      });
      return {
        rule,
        async consume(key, points = 1) {
          try {
            return stateOf(await limiter.consume(key, points));
          } catch (result) {
            if (result instanceof RateLimiterRes) throw new RateLimitedError(stateOf(result));
            throw result;
          }
        },
      };
    },
    close() {
      redis?.disconnect();
    },
  };
}

/**
 * Takes from several limits for one request, in order, and tells the client what is left of them, also when one
 * refuses (draft-ietf-httpapi-ratelimit-headers-10).
 */
export async function enforceRateLimits(
  reply: FastifyReply,
  uses: readonly { limit: RateLimit; key: string; points?: number }[],
): Promise<void> {
  const states: RateLimitState[] = [];
  try {
    for (const { limit, key, points } of uses) states.push(await limit.consume(key, points));
  } catch (error) {
    if (error instanceof RateLimitedError) states.push(error.state);
    throw error;
  } finally {
    if (states.length > 0) reply.headers(rateLimitHeaders(states));
  }
}

export function rateLimitHeaders(states: readonly RateLimitState[]): {
  ratelimit: string;
  "ratelimit-policy": string;
} {
  return {
    ratelimit: states.map((s) => `"${s.rule.name}";r=${s.remaining};t=${s.resetSeconds}`).join(", "),
    "ratelimit-policy": states
      .map(({ rule }) => `"${rule.name}";q=${rule.points};w=${rule.seconds}`)
      .join(", "),
  };
}

/**
 * Whom to count an IP address as: one IPv4 address, or the /64 that an IPv6 address is in, because a customer gets at
 * least that many to choose from.
 */
export function ipLimitKey(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip.slice(0, 64);
  const [head = "", tail] = ip.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [
    ...left,
    ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"),
    ...right,
  ];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

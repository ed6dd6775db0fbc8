import type { FastifyInstance } from "fastify";
import { enforceRateLimits, ipLimitKey, type Limiters } from "../platform/rate-limit.ts";

/** Counts for itself, per session and tap, without leaving the process. */
const HOT_ROUTES = new Set(["/api/v1/click"]);

/** The outermost limit: what one address may ask of the API in a minute, whatever it asks. */
export function guardEdge(api: FastifyInstance, options: { limiter: Limiters; perMinute: number }): void {
  const limit = options.limiter.limit({ name: "api", points: options.perMinute, seconds: 60 });
  api.addHook("onRequest", async (request, reply) => {
    if (HOT_ROUTES.has(request.routeOptions.url ?? "")) return;
    await enforceRateLimits(reply, [{ limit, key: ipLimitKey(request.ip) }]);
  });
}

import type { HttpServer } from "./platform/http/index.ts";
import type { Metrics } from "./platform/metrics.ts";

/** Logs and measures every answer; a line of a quiet route is for debugging only. */
export function observeAnswers(http: HttpServer, metrics: Metrics, quietRoutes: ReadonlySet<string>): void {
  http.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unmatched";
    const level = quietRoutes.has(route) ? "debug" : "info";
    request.log[level](
      { method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime },
      "answered",
    );
    metrics.httpSeconds.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1_000,
    );
  });
}

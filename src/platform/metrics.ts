import { collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** Prometheus metrics of one process. Modules register their own on `registry`; `/metrics` prints all of them. */
export type Metrics = {
  readonly registry: Registry;
  readonly contentType: string;
  /** Everything in the text format. */
  text(): Promise<string>;
  /** Seconds from request to response, by route pattern (never by URL: that would be one series per id). */
  readonly httpSeconds: Histogram<"method" | "route" | "status">;
};

/** A registry of its own, so that several apps in one process (tests) do not share counters. */
export function createMetrics(options: { processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const httpSeconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Seconds from request to response",
    labelNames: ["method", "route", "status"] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  return {
    registry,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    httpSeconds,
  };
}

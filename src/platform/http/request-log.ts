import type { FastifyBaseLogger } from "fastify";
import { symbols } from "pino";

/** Under `chindingsSym` pino keeps a logger's bindings ready-made, as they stand in each of its lines. */
type Bound = Record<symbol, string>;

/**
 * The logger of one request: its parent with the request's id in every line. By hand what pino's `child` does, which
 * would look for secrets in an id that is ours, at every request: pino redacts bindings by all of its paths.
 */
export function requestLog(parent: FastifyBaseLogger, requestId: string): FastifyBaseLogger {
  const log = Object.create(parent) as FastifyBaseLogger;
  const { chindingsSym } = symbols;
  (log as unknown as Bound)[chindingsSym] =
    `${(parent as unknown as Bound)[chindingsSym]},"reqId":"${requestId}"`;
  return log;
}

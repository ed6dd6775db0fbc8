import type { HttpServer } from "./platform/http/index.ts";

const LOOK_EVERY_MS = 50;
/** Orchestrators kill what has not ended after 10 to 30 s. */
const PATIENCE_MS = 8_000;

/**
 * Closes the server: requests under way are answered, new ones refused. What is idle when closing begins is closed by
 * Node. A connection that is answered after that stays open, kept alive for the client's next request, and one that was
 * opened ahead of its first request counts as busy; neither may hold up the end.
 */
export async function drainHttp(http: HttpServer, patienceMs: number = PATIENCE_MS): Promise<void> {
  const sweep = setInterval(() => http.server.closeIdleConnections(), LOOK_EVERY_MS);
  const limit = setTimeout(() => http.server.closeAllConnections(), patienceMs);
  try {
    await http.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(limit);
  }
}

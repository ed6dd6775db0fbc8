import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";

/** Nothing but the reference: no fonts, registries or assistants from elsewhere, which the content policy refuses anyway. */
const SETTINGS = {
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>CoinClicker API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <script id="api-reference" data-url="/openapi.json"
      data-configuration='${JSON.stringify(SETTINGS)}'></script>
    <script src="/docs/scalar.js"></script>
  </body>
</html>
`;

/**
 * `/docs` shows the API (Scalar), `/openapi.json` is its description. The page is our own rather than the plugin's,
 * because that one starts itself by an inline script, which the content policy refuses.
 */
export async function docsRoutes(server: FastifyInstance): Promise<void> {
  const entry = createRequire(import.meta.url).resolve("@scalar/fastify-api-reference");
  const script = readFileSync(join(entry, "../js/standalone.js"));
  const hidden = { schema: { hide: true } };
  server.get("/openapi.json", hidden, async () => server.swagger());
  server.get("/docs", hidden, async (_request, reply) => reply.type("text/html; charset=utf-8").send(PAGE));
  server.get("/docs/scalar.js", hidden, async (_request, reply) =>
    reply
      .type("text/javascript; charset=utf-8")
      .header("cache-control", "public, max-age=86400")
      .send(script),
  );
}

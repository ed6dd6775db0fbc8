import { existsSync, globSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply } from "fastify";

const DIST = fileURLToPath(new URL("../../web/dist", import.meta.url));

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

type Asset = { type: string; body: Buffer; gzipped: Buffer | null; cacheControl: string };

export type WebOptions = {
  /** Where the page was built to. */
  dist?: string;
  /** A node that the page may ask by itself; only the local chain's. */
  localRpcUrl: string | null;
};

/**
 * The page, from memory: it is a few megabytes, and its names change with its contents. Every address that is none of the
 * API's is the page's own to route. While it is not built, `/` leads to the API's description.
 */
export function webRoutes(options: WebOptions): (server: FastifyInstance) => Promise<void> {
  return async (server) => {
    const hidden = { schema: { hide: true } };
    const assets = readAssets(options.dist ?? DIST);
    const page = assets.get("/index.html");
    if (page === undefined) {
      server.get("/", hidden, async (_request, reply) => reply.redirect("/docs"));
      return;
    }
    server.get("/", hidden, async (request, reply) => {
      allowRpc(reply, options.localRpcUrl);
      return send(reply, page, request.headers["accept-encoding"]);
    });
    server.get("/*", hidden, async (request, reply) => {
      const path = request.url.split("?")[0] ?? "/";
      const asset = assets.get(path);
      if (asset !== undefined && asset !== page)
        return send(reply, asset, request.headers["accept-encoding"]);
      const isNavigation = (request.headers.accept ?? "").includes("text/html") && !/\.[^/]*$/.test(path);
      if (!isNavigation || path.startsWith("/api/")) return reply.callNotFound();
      allowRpc(reply, options.localRpcUrl);
      return send(reply, page, request.headers["accept-encoding"]);
    });
  };
}

function readAssets(dist: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const file of globSync("**/*.*", { cwd: dist })) {
    const path = `/${file.replaceAll("\\", "/")}`;
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const zipped = join(dist, `${file}.gz`);
    assets.set(path, {
      type,
      body: readFileSync(join(dist, file)),
      gzipped: existsSync(zipped) ? readFileSync(zipped) : null,
      cacheControl: path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    });
  }
  return assets;
}

function send(
  reply: FastifyReply,
  asset: Asset,
  acceptEncoding: string | string[] | undefined,
): FastifyReply {
  reply.type(asset.type).header("cache-control", asset.cacheControl).header("vary", "accept-encoding");
  if (asset.gzipped !== null && String(acceptEncoding ?? "").includes("gzip")) {
    return reply.header("content-encoding", "gzip").send(asset.gzipped);
  }
  return reply.send(asset.body);
}

/** The built-in throwaway wallet sends its own transactions, which a page may do only to whom its policy names. */
function allowRpc(reply: FastifyReply, rpcUrl: string | null): void {
  const policy = reply.getHeader("content-security-policy");
  if (rpcUrl === null || typeof policy !== "string") return;
  reply.header(
    "content-security-policy",
    policy.replace("connect-src 'self'", `connect-src 'self' ${new URL(rpcUrl).origin}`),
  );
}

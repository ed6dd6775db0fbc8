import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../platform/errors.ts";
import { sameSecret } from "../platform/same-secret.ts";

/** How one thing that the server leans on is doing. */
export type Check = {
  name: string;
  /** Without it the process cannot serve; others are shown, but do not make it unready. */
  required: boolean;
  run(): Promise<{ ok: boolean; detail: string }>;
};

export type OpsOptions = {
  checks: readonly Check[];
  /** Prometheus text. */
  metrics: () => Promise<{ contentType: string; body: string }>;
  /** Asked of callers that are not on this machine; null refuses them all. */
  metricsToken: string | null;
};

const CHECK_TIMEOUT_MS = 2_000;

const ReadySchema = Type.Object({
  status: Type.Union([Type.Literal("ready"), Type.Literal("degraded"), Type.Literal("unready")]),
  checks: Type.Array(
    Type.Object({ name: Type.String(), ok: Type.Boolean(), required: Type.Boolean(), detail: Type.String() }),
  ),
});

/** `/health` (the process answers), `/ready` (what it leans on answers) and `/metrics`, for operators. */
export function opsRoutes(options: OpsOptions): (server: FastifyInstance) => Promise<void> {
  return async (server) => {
    server.get(
      "/health",
      {
        schema: {
          tags: ["ops"],
          summary: "Whether the process answers",
          response: { 200: Type.Object({ status: Type.Literal("ok") }) },
        },
      },
      async () => ({ status: "ok" as const }),
    );

    server.get(
      "/ready",
      {
        schema: {
          tags: ["ops"],
          summary: "Whether it can serve, and how everything that it leans on is doing",
          description:
            "503 when a required check fails. `degraded`: it serves, but payouts wait or limits are local.",
          response: { 200: ReadySchema, 503: ReadySchema },
        },
      },
      async (_request, reply) => {
        const checks = await Promise.all(options.checks.map(runCheck));
        const unready = checks.some((check) => !check.ok && check.required);
        const degraded = checks.some((check) => !check.ok);
        const status = unready ? "unready" : degraded ? "degraded" : "ready";
        return reply
          .code(unready ? 503 : 200)
          .header("cache-control", "no-store")
          .send({ status, checks });
      },
    );

    server.get(
      "/metrics",
      {
        schema: {
          tags: ["ops"],
          summary: "Prometheus metrics",
          description: "From this machine, or with METRICS_TOKEN as bearer token.",
        },
      },
      async (request: FastifyRequest, reply: FastifyReply) => {
        requireOperator(request, options.metricsToken);
        const { contentType, body } = await options.metrics();
        return reply.type(contentType).send(body);
      },
    );
  };
}

async function runCheck(
  check: Check,
): Promise<{ name: string; ok: boolean; required: boolean; detail: string }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<{ ok: boolean; detail: string }>((done) => {
    timer = setTimeout(
      () => done({ ok: false, detail: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
      CHECK_TIMEOUT_MS,
    );
  });
  const outcome = await Promise.race([check.run(), timeout]).catch((error: Error) => ({
    ok: false,
    detail: error.message,
  }));
  clearTimeout(timer);
  return { name: check.name, required: check.required, ...outcome };
}

function requireOperator(request: FastifyRequest, token: string | null): void {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (token !== null && given !== undefined && sameSecret(given, token)) return;
  // The socket's own address: a forwarded header could claim to be local.
  if (token === null && isLoopback(request.socket.remoteAddress ?? "")) return;
  throw new AppError(
    "forbidden",
    "metrics_forbidden",
    token === null
      ? "metrics are for callers on this machine; set METRICS_TOKEN to read them from elsewhere"
      : "metrics need METRICS_TOKEN as bearer token",
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import swagger from "@fastify/swagger";
import type { FastifyPluginAsyncTypebox, TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { Ajv } from "ajv";
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  fastify,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { AppError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { sendProblem } from "./problems.ts";
import { refuseUnreadable } from "./refuse-unreadable.ts";
import { refuseUnstorable } from "./refuse-unstorable.ts";
import { requestLog } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";

export type HttpServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A module's routes: an ordinary plugin, mounted by `app.ts` under `/api/v1`. */
export type Routes = FastifyPluginAsyncTypebox;

const BODY_LIMIT_BYTES = 64 * 1024;
/** From the first byte to the last: whoever sends a byte a second does not hold a connection forever. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Fastify with what every route gets: strict schemas (unknown members are refused, bodies are never coerced),
 * problem+json, request ids, security headers, cookies and OpenAPI.
 */
export async function createHttpServer(options: {
  log: Logger;
  trustProxy: boolean;
  version: string;
  /** The order in which the API's reference shows its parts. */
  tags?: readonly string[];
}): Promise<HttpServer> {
  const server: HttpServer = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    // app.ts logs a line for each answered request, with the route rather than the URL.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustProxy,
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => randomUUID(),
    childLoggerFactory: (log, { reqId }) => requestLog(log, String(reqId)),
    requestIdHeader: false,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 200 },
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A path that cannot be decoded: no hook runs for it.
    frameworkErrors: (error, request, reply) => {
      reply.headers({ "x-request-id": request.id, "x-content-type-options": "nosniff" });
      sendProblem(error, request, reply);
    },
    clientErrorHandler: refuseUnreadable,
  });

  // Query strings and headers are text, so numbers in them are coerced; a body is JSON and means what it says.
  const strict = new Ajv({
    coerceTypes: false,
    useDefaults: true,
    removeAdditional: false,
    allErrors: false,
  });
  const coercing = new Ajv({
    coerceTypes: "array",
    // `Infinity` is coerced to a number; as a strict one it would then be none, and past every limit.
    strictNumbers: false,
    useDefaults: true,
    removeAdditional: false,
    allErrors: false,
  });
  server.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === "body" ? strict : coercing).compile(schema as Record<string, unknown>),
  );

  refuseUnstorable(server as FastifyInstance);
  server.setErrorHandler(sendProblem);
  server.setNotFoundHandler((request) => {
    throw new AppError(
      "not_found",
      "route_not_found",
      `there is no ${request.method} ${request.url.split("?")[0]}`,
    );
  });
  const secured = await securityHeaders();
  // With `done` rather than a promise for each: every answer goes through here.
  server.addHook("onRequest", (_request, reply, done) => {
    reply.headers(secured);
    done();
  });
  server.addHook("onSend", (request, reply, payload, done) => {
    reply.header("x-request-id", request.id);
    done(null, payload);
  });

  await server.register(cookie);
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      tags: (options.tags ?? []).map((name) => ({ name })),
      info: {
        title: "CoinClicker",
        version: options.version,
        description:
          "A payout service: players earn on a ledger and are paid on chain, exactly once. " +
          "Amounts are decimal strings of minor units. Errors are `application/problem+json` with a stable `code`.",
      },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          cookie: { type: "apiKey", in: "cookie", name: "cc_access" },
        },
      },
    },
  });
  return server;
}

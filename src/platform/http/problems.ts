import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type Static, Type } from "typebox";
import { sqlState } from "../db/index.ts";
import { AppError, type ErrorKind } from "../errors.ts";

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
};

const TITLE: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** RFC 9457. `code` is stable; `detail` is for people and may change. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    requestId: Type.String(),
  },
  {
    description:
      "A problem (RFC 9457): `code` is stable, `detail` says what was wrong and what would be right.",
  },
);

type ProblemResponse = {
  description: string;
  content: { "application/problem+json": { schema: typeof ProblemSchema } };
};

/** The problem responses of a route, for its `response` schema. */
export function problemResponses(...statuses: number[]): Record<number, ProblemResponse> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: TITLE[status] ?? "Error",
        content: { "application/problem+json": { schema: ProblemSchema } },
      },
    ]),
  );
}

/** A problem as it is sent; `details` only where there are any. */
export function problemBody(problem: {
  status: number;
  code: string;
  detail: string;
  details: Record<string, unknown>;
  requestId: string;
}): Static<typeof ProblemSchema> {
  const { status, code, detail, details, requestId } = problem;
  return {
    type: `urn:coinclicker:problem:${code}`,
    title: TITLE[status] ?? "Error",
    status,
    code,
    detail,
    ...(Object.keys(details).length > 0 ? { details } : {}),
    requestId,
  };
}

/** Texts of node-postgres 8 (`lib/client.js`, pg-pool `index.js`), which gives these errors no code. */
const LOST_CONNECTION_TEXTS =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

/** SQLSTATE classes 08 and 57P0x and driver errors that mean "no database now", not "wrong statement". */
function isDatabaseUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith("08") || state.startsWith("57P") || state === "53300";
  const code = (error as { code?: string }).code;
  if (code === "ECONNREFUSED" || code === "ECONNRESET" || code === "EPIPE") return true;
  return error instanceof Error && LOST_CONNECTION_TEXTS.test(error.message);
}

/** Any error as the refusal that a client is shown; what is unexpected becomes `internal`, with its cause kept for the log. */
export function toAppError(error: FastifyError | Error): AppError {
  if (error instanceof AppError) return error;
  const fastifyError = error as FastifyError;
  if (fastifyError.validation !== undefined) {
    const where = fastifyError.validationContext ?? "request";
    const faults = fastifyError.validation.map((fault) => ({
      at: `${where}${fault.instancePath}`,
      message: fault.message ?? "is not valid",
      ...(fault.params as Record<string, unknown>),
    }));
    const text = faults.map((fault) => `${fault.at} ${fault.message}`).join("; ");
    return new AppError("invalid", "invalid_request", text, { details: { faults } });
  }
  switch (fastifyError.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new AppError(
        "too_large",
        "body_too_large",
        "the request body is larger than this route accepts",
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new AppError(
        "invalid",
        "unsupported_media_type",
        "send the body as Content-Type: application/json",
      );
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return new AppError("invalid", "invalid_json", "the request body is not valid JSON");
    default:
  }
  if (isDatabaseUnavailable(error)) {
    return new AppError(
      "unavailable",
      "database_unavailable",
      "the database cannot be reached; try again shortly",
      {
        cause: error,
        retryAfterSeconds: 1,
      },
    );
  }
  const status = fastifyError.statusCode;
  if (status === 429) return new AppError("rate_limited", "rate_limited", error.message);
  if (status === 503)
    return new AppError("unavailable", "overloaded", "the server is overloaded; try again shortly");
  if (status !== undefined && status >= 400 && status < 500) {
    return new AppError("invalid", "invalid_request", error.message);
  }
  return new AppError(
    "internal",
    "internal",
    "something went wrong on our side; the request id names the log entry",
    {
      cause: error,
    },
  );
}

/** Sends any error as problem+json; only what is `internal` is logged as an error, with its cause. */
export function sendProblem(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = toAppError(error);
  const status = STATUS[problem.kind];
  if (problem.kind === "internal") request.log.error({ err: problem.cause ?? error }, "unexpected error");
  else if (problem.kind === "unavailable")
    request.log.warn({ err: problem.cause ?? problem }, problem.message);
  // RFC 9110 wants it on every 401.
  if (problem.kind === "unauthenticated") reply.header("www-authenticate", 'Bearer realm="coinclicker"');
  if (problem.retryAfterSeconds !== undefined) reply.header("retry-after", problem.retryAfterSeconds);
  return reply
    .code(status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(
      problemBody({
        status,
        code: problem.code,
        detail: problem.message,
        details: problem.details,
        requestId: request.id,
      }),
    );
}

export { IdempotencyHeaders, runIdempotently } from "./idempotency.ts";
export { CursorQuery, decodeCursor, encodeCursor, type Page, pageOf, pageSchema } from "./pagination.ts";
export { ProblemSchema, problemResponses, toAppError } from "./problems.ts";
export { createHttpServer, type HttpServer, type Routes } from "./server.ts";

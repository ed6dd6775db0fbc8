import type { FastifyInstance } from "fastify";
import { AppError } from "../errors.ts";

/** Far beyond what any route takes, and far below where recursion ends, ours or PostgreSQL's. */
const MAX_DEPTH = 32;
/** How NUL and halves of surrogate pairs are written in JSON; unescaped, neither can stand in a body. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i;

/**
 * PostgreSQL stores neither NUL nor half of a surrogate pair, and what nests without end overflows whatever walks it. So
 * both are refused where they come in, whatever the field, and not found out by a statement that fails.
 */
export function refuseUnstorable(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser("application/json", { parseAs: "string" }, (request, raw, done) => {
    const text = String(raw);
    parse(request, text, (error, body) => {
      if (error !== null) return done(error);
      // A short body cannot nest deep, so that the hot routes' are not walked.
      const mayBe = text.length <= 2 * MAX_DEPTH && !SUSPECT.test(text);
      const fault = mayBe ? null : findFault(body);
      if (fault === null) done(null, body);
      else done(new AppError("invalid", "invalid_json", `the request body ${fault}`));
    });
  });
  server.addHook("preValidation", (request, _reply, done) => {
    const fault = request.url.includes("%00") ? "the request's address holds a NUL" : null;
    done(fault === null ? undefined : new AppError("invalid", "invalid_request", fault));
  });
}

/** Iterative, because what nests too deep would end a recursion. */
function findFault(body: unknown): string | null {
  const rest: { value: unknown; depth: number }[] = [{ value: body, depth: 0 }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { value, depth } = next;
    if (typeof value === "string") {
      if (value.includes("\0") || !value.isWellFormed())
        return "holds a NUL or half of a surrogate pair, which no text may hold";
    } else if (typeof value === "object" && value !== null) {
      if (depth === MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`;
      for (const [key, inner] of Object.entries(value)) {
        rest.push({ value: key, depth }, { value: inner, depth: depth + 1 });
      }
    }
  }
  return null;
}

import { createHash } from "node:crypto";
import { Type } from "typebox";
import { type Database, runAgain, type Tx } from "../db/index.ts";
import { AppError } from "../errors.ts";

/** The header of every money POST. */
export const IdempotencyHeaders = Type.Object({
  "idempotency-key": Type.String({
    minLength: 8,
    maxLength: 128,
    pattern: "^[\\x21-\\x7e]+$",
    description:
      "A key of the caller's choice, new for each intent; the same key and body give the first reply again.",
  }),
});

export type StoredReply = { status: number; body: Record<string, unknown> };

/** JSON with sorted keys, so that the same body always hashes the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Runs `work` once for `scope` and `key`, and stores its reply in the same transaction: a crash leaves both or neither.
 * The same key with the same request gives the stored reply; with another request it is `idempotency_key_reused`
 * (422); while the first is under way it is `request_in_flight` (409). A refusal (a throw) stores nothing, so the
 * same key may be tried again once its cause is gone.
 */
export async function runIdempotently(
  db: Database,
  request: { scope: string; key: string; route: string; body: unknown },
  work: (tx: Tx) => Promise<StoredReply>,
): Promise<StoredReply & { replayed: boolean }> {
  const hash = createHash("sha256")
    .update(canonical([request.route, request.body]))
    .digest();
  return runAgain(() => db.transaction(answer));

  async function answer(tx: Tx): Promise<StoredReply & { replayed: boolean }> {
    // Held until the transaction ends, so a crash of this process leaves no key stuck "in flight".
    const lock = await tx.query<{ locked: boolean }>({
      name: "idempotency_lock",
      text: "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1)) AS locked",
      values: [`${request.scope.length}:${request.scope}${request.key}`],
    });
    if (lock.rows[0]?.locked !== true) {
      throw new AppError(
        "conflict",
        "request_in_flight",
        "a request with this Idempotency-Key is still under way",
        {
          retryAfterSeconds: 1,
        },
      );
    }
    const stored = await tx.query<{
      request_hash: Buffer;
      response_status: number;
      response_body: Record<string, unknown>;
    }>({
      name: "idempotency_find",
      text: "SELECT request_hash, response_status, response_body FROM idempotency_keys WHERE scope = $1 AND key = $2",
      values: [request.scope, request.key],
    });
    const first = stored.rows[0];
    if (first !== undefined) {
      if (!first.request_hash.equals(hash)) {
        throw new AppError(
          "unprocessable",
          "idempotency_key_reused",
          "this Idempotency-Key was used for another request; use a new key for a new request",
        );
      }
      return { status: first.response_status, body: first.response_body, replayed: true };
    }
    const reply = await work(tx);
    await tx.query({
      name: "idempotency_store",
      text: `INSERT INTO idempotency_keys (scope, key, route, request_hash, response_status, response_body)
             VALUES ($1, $2, $3, $4, $5, $6::jsonb)`,
      values: [request.scope, request.key, request.route, hash, reply.status, JSON.stringify(reply.body)],
    });
    return { ...reply, replayed: false };
  }
}

import { isSerializationFailure, isUniqueViolation, sqlState } from "../../platform/db/index.ts";

/** `retryable`: it did nothing, or nobody knows what it did; since a click's id decides, recording again is right for both. */
export type Failure = "retryable" | "final";

const LOST_CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Texts of node-postgres 8 (`lib/client.js`, pg-pool `index.js`), which gives these errors no code. */
const LOST_CONNECTION_TEXTS =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

export function failureOf(error: unknown): Failure {
  // A racing writer of the same id is only possible when a session's row vanished, but the first answer is right even then.
  if (isSerializationFailure(error) || isUniqueViolation(error)) return "retryable";
  const state = sqlState(error);
  // 08: connection; 53: out of resources; 57P: shutdown, crash, starting up; 25006: a standby that is being promoted.
  if (state !== undefined) return /^(08|53|57P|25006)/.test(state) ? "retryable" : "final";
  if (!(error instanceof Error)) return "final";
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && LOST_CONNECTION.has(code)) return "retryable";
  return LOST_CONNECTION_TEXTS.test(error.message) ? "retryable" : "final";
}

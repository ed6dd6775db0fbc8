/** What kind of refusal an error is. HTTP statuses are derived from it in one place, `http/problems.ts`. */
export type ErrorKind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "unprocessable"
  | "too_large"
  | "rate_limited"
  | "unavailable"
  | "internal";

export type AppErrorOptions = {
  /** What was wrong, in values that a client may see. */
  details?: Record<string, unknown>;
  cause?: unknown;
  /** Seconds after which the same call may succeed. */
  retryAfterSeconds?: number;
};

/**
 * A refusal that a caller is meant to see: `code` is stable and machine-readable, `message` says in one sentence
 * what was wrong and what would be right.
 */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.kind = kind;
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** For a branch that no input can reach: it fails loudly instead of guessing. */
export class InvariantError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`invariant broken: ${message}`, options);
    this.name = "InvariantError";
  }
}

/** Ends an exhaustive switch; the type checker refuses it while a case is missing. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected value ${JSON.stringify(value)}`);
}

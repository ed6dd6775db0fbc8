/** A refusal by the API (RFC 9457). `code` is stable; `message` is for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  constructor(
    status: number,
    body: { code?: string; detail?: string; details?: Record<string, unknown>; requestId?: string },
    retryAfterMs: number | null,
  ) {
    super(body.detail ?? `the server answered ${status}`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = body.code ?? "unknown";
    this.details = body.details ?? {};
    this.requestId = body.requestId ?? null;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came: whether the server did what was asked is not known. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("The server cannot be reached.", { cause });
    this.name = "Unreachable";
  }
}

/** Whether the same request may simply be sent again, now or a little later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof ApiProblem && (error.status === 429 || error.status >= 502);
}

/** What to show a person: the problem's own words, as a sentence. An address that comes first stays as it is. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const first = text.replace(/^[a-z](?=[a-z]*(?:[\s,:;.'’-]|$))/, (letter) => letter.toUpperCase());
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

import { setTimeout as sleep } from "node:timers/promises";

/** An answer of the API that repeating the request would not change. */
export type Answered = { status: number; body: Record<string, unknown> };

const REQUEST_TIMEOUT_MS = 6_000;
const FIRST_WAIT_MS = 60;
const LAST_WAIT_MS = 1_000;

/** Something that must never be answered, whatever goes wrong behind the API. */
export type Offence = { what: string };

/**
 * A client of several api processes that does what ours are told to do: a request whose answer was lost is sent again,
 * to another process, as it was, until it is answered for good.
 */
export class Caller {
  readonly #urls: readonly string[];
  readonly #offences: Offence[];
  readonly #signal: AbortSignal;
  token: string | null = null;
  #turn: number;

  constructor(options: { urls: readonly string[]; offences: Offence[]; signal: AbortSignal; turn: number }) {
    this.#urls = options.urls;
    this.#offences = options.offences;
    this.#signal = options.signal;
    this.#turn = options.turn;
  }

  get url(): string {
    return this.#urls[this.#turn % this.#urls.length] ?? "";
  }

  /** null only when the run ended without an answer. `isLater` says which refusals are worth a wait. */
  async call(
    method: "GET" | "POST",
    path: string,
    options: { body?: unknown; key?: string; isLater?: (answer: Answered) => boolean } = {},
  ): Promise<Answered | null> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.#signal.aborted) {
      const answer = await this.once(method, path, options);
      if (answer !== null && !isPassing(answer) && options.isLater?.(answer) !== true) return answer;
      this.#turn += 1;
      await sleep(waitMs, undefined, { signal: this.#signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
    }
    return null;
  }

  /** null when the answer was lost. */
  async once(
    method: "GET" | "POST",
    path: string,
    { body, key, waitMs = REQUEST_TIMEOUT_MS }: { body?: unknown; key?: string; waitMs?: number } = {},
  ): Promise<Answered | null> {
    try {
      const response = await fetch(`${this.url}/api/v1${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(waitMs),
      });
      const text = await response.text();
      const answer = { status: response.status, body: text === "" ? {} : JSON.parse(text) };
      if (answer.status === 500 || answer.status === 401)
        this.#offences.push({
          what: `${method} ${path} was answered ${answer.status}: ${text.slice(0, 300)}`,
        });
      return answer;
    } catch {
      return null;
    }
  }
}

/** Not an answer yet: limits, what is away for now, and a first request with the same key that is still under way. */
function isPassing({ status, body }: Answered): boolean {
  return status === 429 || status >= 500 || (status === 409 && body.code === "request_in_flight");
}

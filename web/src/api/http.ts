import { ApiProblem, Unreachable } from "./problem.ts";
import { suspectServer } from "./server-status.ts";
import { sessionHint } from "./session-hint.ts";

const PREFIX = "/api/v1";

export type RequestOptions = {
  body?: unknown;
  /** For everything that moves money: the same key and body give the first reply again. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** Finishes even when the page goes away meanwhile. */
  keepalive?: boolean;
};

/** Asks the API with the session's cookie. Throws `ApiProblem` for a refusal and `Unreachable` without an answer. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const before = sessionHint.get();
  try {
    return await send<T>(method, path, options);
  } catch (error) {
    const isStale = error instanceof ApiProblem && /^token_(missing|expired)$/.test(error.code);
    if (!isStale || before === null || !(await renewSession(before))) throw error;
    return send<T>(method, path, options);
  }
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>("GET", path, { signal });

export const post = <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> =>
  request<T>("POST", path, { ...options, body });

let renewal: Promise<boolean> | null = null;

/**
 * Trades the refresh cookie for new ones; false when the session is over. A refresh token is good once and a second use
 * ends the session, so only one tab asks at a time, and a tab that waited for another one's renewal takes that. `seen`
 * is the hint from before the request that was refused.
 */
export function renewSession(seen: string | null): Promise<boolean> {
  renewal ??= exclusively(async () => {
    const now = sessionHint.get();
    if (now === null) return false;
    if (now !== seen) return true;
    try {
      // Kept alive, because a renewal whose answer is lost would leave us with a used token.
      await send("POST", "/auth/refresh", { keepalive: true });
      sessionHint.renew();
      return true;
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
      sessionHint.clear();
      return false;
    }
  }).finally(() => {
    renewal = null;
  });
  return renewal;
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // Absent on plain http from another machine; there, a tab has only itself to wait for.
  const locks = navigator.locks as LockManager | undefined;
  return locks === undefined ? work() : locks.request("cc.renew-session", work);
}

async function send<T>(method: string, path: string, options: RequestOptions): Promise<T> {
  const { body, idempotencyKey, signal, keepalive = false } = options;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${PREFIX}${path}`, {
      method,
      credentials: "same-origin",
      keepalive,
      signal: signal ?? null,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    suspectServer();
    throw new Unreachable(error);
  }
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  if (!isJson && text !== "") {
    // A proxy answers in the place of a server that is away.
    suspectServer();
    throw new Unreachable(new Error(`${response.status} without JSON`));
  }
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  if (response.ok) return answer as T;
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  throw new ApiProblem(
    response.status,
    (answer ?? {}) as ConstructorParameters<typeof ApiProblem>[1],
    Number.isFinite(seconds) ? seconds * 1_000 : null,
  );
}

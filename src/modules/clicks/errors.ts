import { AppError } from "../../platform/errors.ts";
import type { ClickScope } from "./throttle.ts";

export function invalidClick(fault: string): AppError {
  return new AppError("invalid", "invalid_click", fault);
}

/** The session ended between its token's check and the click's commit, in this process or another. */
export function sessionEnded(): AppError {
  return new AppError(
    "unauthenticated",
    "session_ended",
    "this session has ended; sign in again and click on",
  );
}

export function nonceReused(clientNonce: string, firstCount: number): AppError {
  return new AppError(
    "unprocessable",
    "nonce_reused",
    `this clientNonce was used for a click with count ${firstCount}; use a new one for every new click`,
    { details: { clientNonce, firstCount } },
  );
}

const WHOSE: Record<ClickScope, string> = {
  session: "this session",
  wallet: "this player",
  ip: "this network address",
};

export function tooManyClicks(scope: ClickScope, retryAfterMs: number): AppError {
  return new AppError(
    "rate_limited",
    "too_many_clicks",
    `${WHOSE[scope]} sends more click requests than it may; wait ${retryAfterMs} ms, and send several taps in one request (count)`,
    { details: { scope, retryAfterMs }, retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) },
  );
}

export function clicksOverloaded(): AppError {
  return new AppError(
    "unavailable",
    "overloaded",
    "more clicks are waiting than can be recorded; try again shortly",
    {
      retryAfterSeconds: 1,
    },
  );
}

/** The database went away and stayed away: whether the click counted is not known here, but its nonce will tell. */
export function clickOutcomeUnknown(cause: unknown): AppError {
  return new AppError(
    "unavailable",
    "click_outcome_unknown",
    "the database cannot be reached, so it is not known whether this click counted; repeat it with the same clientNonce",
    { cause, retryAfterSeconds: 2 },
  );
}

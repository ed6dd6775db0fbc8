import { AppError } from "../../platform/errors.ts";

export const channelInvalid = (received: string) =>
  new AppError(
    "invalid",
    "invalid_channel",
    'channel must be "feed", "account:…" with the address of the first wallet, or "account:demo:…" with the player id of a demo session',
    { details: { channel: received.slice(0, 80) } },
  );

export const sessionRequired = (what: string) =>
  new AppError(
    "unauthenticated",
    "session_required",
    `${what} needs a session: connect with auth: { token }, or emit authenticate { token } first`,
  );

export const notYourAccount = (channel: string) =>
  new AppError(
    "forbidden",
    "not_your_account",
    "an account's channel is open to that account's session only",
    {
      details: { channel },
    },
  );

export const payloadInvalid = (event: string, faults: string) =>
  new AppError("invalid", "invalid_payload", `${event}: ${faults}`);

export const eventUnknown = (event: string, known: readonly string[]) =>
  new AppError("invalid", "unknown_event", `there is no such event; send one of ${known.join(", ")}`, {
    details: { event: event.slice(0, 64) },
  });

export const eventsTooFast = (perSecond: number) =>
  new AppError(
    "rate_limited",
    "rate_limited",
    `a connection may send ${perSecond} events a second; one that goes on regardless is closed`,
    { retryAfterSeconds: 1 },
  );

export const subscribeSuperseded = () =>
  new AppError(
    "conflict",
    "superseded",
    "a later subscribe, unsubscribe or authenticate on this connection took its place",
  );

export const feedUnavailable = (cause: unknown) =>
  new AppError(
    "unavailable",
    "feed_unavailable",
    "the events since that id cannot be read now; subscribe again shortly with the same id",
    { cause, retryAfterSeconds: 1 },
  );

import type { Logger } from "../log.ts";
import { openConnection, type XrplCommand, type XrplConnection, XrplConnectionError } from "./connection.ts";
import { isAboutServer, isOverloaded, XrplRpcError } from "./errors.ts";
import {
  findServerProblem,
  type LedgerHeader,
  readValidated,
  type ServerState,
  type XrplValidated,
} from "./server-state.ts";

/** One URL, what was last seen of the server behind it, and how long it is left alone. */
export type XrplEndpoint = {
  /** Without credentials, path or query. */
  readonly url: string;
  /** What its last look showed, with the monotonic milliseconds of it; null while nothing is known. */
  readonly seen: { at: number; validated: XrplValidated } | null;
  /** Why it cannot be used. */
  readonly problem: string | null;
  readonly isResting: boolean;
  readonly isLooking: boolean;
  /** Whether it must be looked at before it can be compared with others. */
  readonly isUnknown: boolean;
  look(): Promise<void>;
  /** `again`: once more on a new connection when the old one was cut. */
  ask(command: XrplCommand, options?: { again?: boolean }): Promise<Record<string, unknown>>;
  close(): Promise<void>;
};

const FIRST_BACKOFF_MS = 200;
const LAST_BACKOFF_MS = 10_000;
/** A server that drops connections for their load lets new ones in after about a second, and drops them sooner. */
const OVERLOAD_BACKOFF_MS = 2_000;
/** About a ledger: how long one look at a server is believed. */
const LOOK_MS = 3_000;

export type XrplEndpointOptions = { url: string; networkId: number; timeoutMs: number; log: Logger };

/**
 * A server is looked at before it is believed, and again on every new connection: behind the same URL may be another
 * one. After a failure it is left alone for a growing time.
 */
export function createXrplEndpoint(options: XrplEndpointOptions): XrplEndpoint {
  const { networkId, timeoutMs, log } = options;
  const shown = new URL(options.url).origin;
  let connection: XrplConnection | null = null;
  let seen: XrplEndpoint["seen"] = null;
  let looking: Promise<XrplConnection> | null = null;
  let failures = 0;
  let restsUntil = 0;
  let problem: string | null = null;
  let isClosed = false;

  function lookOnce(): Promise<XrplConnection> {
    looking ??= lookNow().finally(() => {
      looking = null;
    });
    return looking;
  }

  async function lookNow(): Promise<XrplConnection> {
    if (isClosed)
      throw new XrplConnectionError("refused", "the client was closed", { mayHaveArrived: false });
    const current =
      connection?.isUsable === true ? connection : openConnection(options.url, shown, timeoutMs);
    connection = current;
    try {
      const [{ state }, header] = await Promise.all([
        current.send({ command: "server_state" }) as Promise<{ state?: ServerState }>,
        current.send({ command: "ledger", ledger_index: "validated" }) as Promise<LedgerHeader>,
      ]);
      if (state === undefined) throw new Error("its server_state says nothing");
      const found = findServerProblem(state, networkId);
      if (found !== null) throw new Error(found);
      seen = { at: performance.now(), validated: readValidated(state, header) };
    } catch (error) {
      failed(error);
      // Whoever wanted something else must not take this for the answer to it.
      throw new XrplConnectionError("refused", messageOf(error), { mayHaveArrived: false });
    }
    recovered();
    return current;
  }

  async function ask(command: XrplCommand, { again = false } = {}): Promise<Record<string, unknown>> {
    const known = seen !== null && connection?.isUsable === true ? connection : await lookOnce();
    try {
      const result = await known.send(command);
      recovered();
      return result;
    } catch (error) {
      if (error instanceof XrplRpcError && !isAboutServer(error.code)) throw error;
      // Servers close idle connections just when they are used again, which says nothing about them.
      if (again && isCut(error)) return ask(command);
      failed(error);
      throw error;
    }
  }

  function recovered(): void {
    if (problem !== null) log.info({ url: shown }, "an XRP Ledger URL is back");
    failures = 0;
    problem = null;
  }

  function failed(error: unknown): void {
    seen = null;
    if (isClosed) return;
    // Requests in flight fail together; they count as one failure.
    if (restsUntil <= performance.now()) {
      const backoffMs = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
      restsUntil =
        performance.now() + (wantsRest(error) ? Math.max(OVERLOAD_BACKOFF_MS, backoffMs) : backoffMs);
      failures += 1;
    }
    const found = messageOf(error);
    if (problem === null) log.warn({ url: shown, problem: found }, "an XRP Ledger URL cannot be used");
    problem = found;
  }

  return {
    url: shown,
    get seen() {
      return seen;
    },
    get problem() {
      return problem;
    },
    get isResting() {
      return restsUntil > performance.now();
    },
    get isLooking() {
      return looking !== null;
    },
    get isUnknown() {
      return connection?.isUsable !== true || seen === null || seen.at + LOOK_MS < performance.now();
    },
    async look() {
      await lookOnce();
    },
    ask,
    async close() {
      isClosed = true;
      await connection?.close();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A connection that was there and is not, which a new one may mend. */
function isCut(error: unknown): boolean {
  return error instanceof XrplConnectionError && error.reason === "lost" && error.closeCode !== 1008;
}

/** 1008: rippled `server/detail/BaseWSPeer`, "threshold exceeded". */
function wantsRest(error: unknown): boolean {
  if (error instanceof XrplRpcError) return isOverloaded(error.code);
  return error instanceof XrplConnectionError && error.closeCode === 1008;
}

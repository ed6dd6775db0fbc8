import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../clock.ts";
import type { AppError } from "../errors.ts";
import type { EndpointStatus } from "../evm-rpc.ts";
import type { Logger } from "../log.ts";
import { type XrplCommand, XrplConnectionError } from "./connection.ts";
import { createXrplEndpoint, type XrplEndpoint } from "./endpoint.ts";
import {
  isAboutServer,
  isLedgerMissing,
  mayHoldTransaction,
  XrplNodesDisagree,
  XrplRpcError,
  XrplUnavailable,
} from "./errors.ts";
import type { XrplValidated } from "./server-state.ts";

export type { EndpointStatus } from "../evm-rpc.ts";
export type { XrplCommand } from "./connection.ts";
export { XrplNodesDisagree, XrplRpcError, XrplUnavailable } from "./errors.ts";
export type { XrplValidated } from "./server-state.ts";

/** What became of a command at one URL. */
export type XrplOutcome =
  | { url: string; ok: true; result: Record<string, unknown> }
  | {
      url: string;
      ok: false;
      error: XrplRpcError | AppError;
      /** Whether that server may hold the transaction all the same. */
      mayHaveArrived: boolean;
    };

export type XrplClient = {
  readonly networkId: number;
  /** Answer of the best URL; another one is asked when it fails. An error of the command itself is thrown as `XrplRpcError`. */
  request<T = Record<string, unknown>>(command: XrplCommand): Promise<T>;
  /**
   * Believes an answer only when two URLs agree on what `pick` takes from it, where two are configured; errors count as
   * answers by their code. Name the ledger by its index: two servers' `validated` need not be the same one.
   */
  agreed<T = Record<string, unknown>>(command: XrplCommand, pick: (result: T) => unknown): Promise<T>;
  /** Hands a command to every healthy URL and reports each; throws nothing. */
  broadcast(command: XrplCommand): Promise<XrplOutcome[]>;
  /** As the best URL sees it now; can step back by a ledger or two when another URL takes over. */
  validated(): Promise<XrplValidated>;
  status(): EndpointStatus[];
  close(): Promise<void>;
};

export type XrplClientOptions = {
  urls: readonly string[];
  networkId: number;
  clock: Clock;
  log: Logger;
  timeoutMs?: number;
};

/** How long servers are waited for after the first has shown itself well. */
const GRACE_MS = 300;
/** Ledgers that servers of one network may be apart. */
const MAX_BEHIND = 3n;
/** The network closes a ledger every 3 to 5 seconds; after a minute without one something is wrong. */
const MAX_AGE_SECONDS = 60n;

/** How often, and how long apart, a server is asked again for a ledger that others have already. */
const CATCH_UP_TRIES = 5;
const CATCH_UP_MS = 400;

/** An endpoint, and why others are better: it is behind them, or its newest ledger is old. */
type Member = { endpoint: XrplEndpoint; weakness: string | null };

/**
 * Several servers of one network as one. Reads go to the first healthy URL in the configured order; a server of
 * another network, out of sync, too slow or overloaded is left alone for a growing time. One that is behind or stands
 * still is used only where there is no better: what it says is old, not wrong.
 */
export function createXrplClient(options: XrplClientOptions): XrplClient {
  const { networkId, clock, log } = options;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const members: Member[] = options.urls.map((url) => ({
    endpoint: createXrplEndpoint({ url, networkId, timeoutMs, log }),
    weakness: null,
  }));

  /** Those that can be asked now, the best first. */
  async function usable(): Promise<Member[]> {
    const rested = members.filter(({ endpoint }) => !endpoint.isResting);
    const unknown = rested.filter(({ endpoint }) => endpoint.isUnknown);
    if (unknown.length > 0) await firstAndGrace(unknown.map(({ endpoint }) => endpoint.look()));
    compare();
    const able = rested.filter(({ endpoint }) => endpoint.problem === null);
    const well = able.filter(
      (member) => member.endpoint.seen !== null && !(unknown.includes(member) && member.endpoint.isLooking),
    );
    return [
      ...well.filter(({ weakness }) => weakness === null),
      ...well.filter(({ weakness }) => weakness !== null).sort((a, b) => Number(indexOf(b) - indexOf(a))),
      // Still being looked at: asked last, which waits for it.
      ...able.filter((member) => !well.includes(member)),
    ];
  }

  function compare(): void {
    const seen = members.filter(({ endpoint }) => endpoint.problem === null && endpoint.seen !== null);
    const indexes = seen.map(indexOf).sort((a, b) => Number(b - a));
    // One of three that runs away alone is not the measure of the others.
    const newest = indexes[indexes.length > 2 ? 1 : 0] ?? 0n;
    for (const member of seen) {
      const weakness = findWeakness(member.endpoint, newest, clock.now());
      if (weakness !== null && member.weakness === null)
        log.warn({ url: member.endpoint.url, problem: weakness }, "an XRP Ledger URL is behind");
      member.weakness = weakness;
    }
  }

  async function request<T>(command: XrplCommand): Promise<T> {
    let missing: XrplRpcError | null = null;
    for (const { endpoint } of await usable()) {
      try {
        return (await endpoint.ask(command, { again: true })) as T;
      } catch (error) {
        if (!(error instanceof XrplRpcError) || isAboutServer(error.code)) continue;
        if (!isLedgerMissing(error.code)) throw error;
        missing ??= error;
      }
    }
    throw missing ?? new XrplUnavailable(status());
  }

  async function agreed<T>(command: XrplCommand, pick: (result: T) => unknown): Promise<T> {
    if (members.length < 2) return request<T>(command);
    type Answer = { url: string; essence: unknown; give: () => T };
    const answerOf = async ({ endpoint }: Member): Promise<Answer | null> => {
      let result: T;
      try {
        result = (await askUntilThere(endpoint, command)) as T;
      } catch (error) {
        if (!(error instanceof XrplRpcError) || isAboutServer(error.code)) return null;
        const give = (): never => {
          throw error;
        };
        return { url: endpoint.url, essence: { error: error.code }, give };
      }
      return { url: endpoint.url, essence: { result: pick(result) }, give: () => result };
    };
    const answers: Answer[] = [];
    let candidates = await usable();
    while (candidates.length > 0) {
      // Two at first, then one by one until two agree.
      const asked = candidates.slice(0, Math.max(1, 2 - answers.length));
      candidates = candidates.slice(asked.length);
      for (const answer of await Promise.all(asked.map(answerOf))) {
        if (answer === null) continue;
        const same = answers.find(({ essence }) => isDeepStrictEqual(essence, answer.essence));
        if (same !== undefined) return same.give();
        answers.push(answer);
      }
    }
    if (answers.length > 1)
      throw new XrplNodesDisagree(
        command.command,
        answers.map(({ url }) => url),
      );
    throw new XrplUnavailable(status(), {
      message:
        "fewer than two URLs of the XRP Ledger answer, and two must agree; the request can be repeated later",
    });
  }

  async function broadcast(command: XrplCommand): Promise<XrplOutcome[]> {
    const found = await usable();
    const healthy = found.filter(({ weakness }) => weakness === null);
    const targets = healthy.length > 0 ? healthy : found;
    if (targets.length === 0) {
      const error = new XrplUnavailable(status());
      return members.map(({ endpoint }) => ({ url: endpoint.url, ok: false, error, mayHaveArrived: false }));
    }
    return Promise.all(
      targets.map(async ({ endpoint }): Promise<XrplOutcome> => {
        const url = endpoint.url;
        try {
          return { url, ok: true, result: await endpoint.ask(command) };
        } catch (error) {
          if (error instanceof XrplRpcError)
            return { url, ok: false, error, mayHaveArrived: mayHoldTransaction(error.code) };
          const mayHaveArrived = error instanceof XrplConnectionError && error.mayHaveArrived;
          const message = `${url} gave no answer: ${error instanceof Error ? error.message : String(error)}`;
          return {
            url,
            ok: false,
            error: new XrplUnavailable(status(), { message, cause: error }),
            mayHaveArrived,
          };
        }
      }),
    );
  }

  async function validated(): Promise<XrplValidated> {
    const began = performance.now();
    for (const { endpoint } of await usable()) {
      try {
        if (endpoint.seen === null || endpoint.seen.at < began) await endpoint.look();
      } catch {
        continue;
      }
      if (endpoint.seen !== null) return endpoint.seen.validated;
    }
    throw new XrplUnavailable(status());
  }

  function status(): EndpointStatus[] {
    return members.map(({ endpoint, weakness }) => {
      const problem = endpoint.problem ?? weakness;
      return { url: endpoint.url, healthy: problem === null, problem };
    });
  }

  return {
    networkId,
    request,
    agreed,
    broadcast,
    validated,
    status,
    async close() {
      await Promise.all(members.map(({ endpoint }) => endpoint.close()));
    },
  };
}

/** Servers get a ledger within a second of each other: the last to have it is waited for rather than called of another opinion. */
async function askUntilThere(endpoint: XrplEndpoint, command: XrplCommand): Promise<unknown> {
  const asked = [command.ledger_index, command.ledger_index_max].filter((index) => typeof index === "number");
  for (let tries = CATCH_UP_TRIES; ; tries -= 1) {
    try {
      return await endpoint.ask(command, { again: true });
    } catch (error) {
      const isMissing = error instanceof XrplRpcError && isLedgerMissing(error.code);
      const { seen } = endpoint;
      const isAhead = seen !== null && asked.some((index) => BigInt(index) > seen.validated.index);
      if (!isMissing || !isAhead || tries <= 1) throw error;
      await sleep(CATCH_UP_MS, undefined, { ref: false });
      await endpoint.look();
    }
  }
}

const indexOf = ({ endpoint }: Member): bigint => endpoint.seen?.validated.index ?? 0n;

function findWeakness({ seen }: XrplEndpoint, newest: bigint, now: Date): string | null {
  if (seen === null) return null;
  const { index, closeTime } = seen.validated;
  if (newest - index > MAX_BEHIND)
    return `it is ${newest - index} ledgers behind: at ${index} while another is at ${newest}`;
  // As it was when it was looked at: time that passes unasked is not the server's.
  const sinceSeconds = BigInt(Math.trunc((performance.now() - seen.at) / 1_000));
  const ageSeconds = BigInt(Math.trunc(now.getTime() / 1_000)) - closeTime - sinceSeconds;
  if (ageSeconds > MAX_AGE_SECONDS)
    return `its newest validated ledger is ${ageSeconds} seconds old: it, the network or this machine's clock stands still`;
  return null;
}

/** Waits for the first to succeed and then not long for the rest; failures are kept by whoever caused them. */
async function firstAndGrace(attempts: readonly Promise<unknown>[]): Promise<void> {
  const all = Promise.allSettled(attempts);
  await Promise.race([Promise.any(attempts).catch(() => undefined), all]);
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GRACE_MS);
  });
  await Promise.race([all, grace]);
  clearTimeout(timer);
}

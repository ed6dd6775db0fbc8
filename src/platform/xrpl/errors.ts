import { AppError } from "../errors.ts";
import type { EndpointStatus } from "../evm-rpc.ts";

/** A server understood the command and answered with an error: an unknown account, a malformed blob. */
export class XrplRpcError extends Error {
  /** The server's own word, e.g. `actNotFound`. */
  readonly code: string;
  readonly url: string;
  /** The whole answer without the request that it repeats: `searched_all`, `ledger_index` and the like. */
  readonly answer: Readonly<Record<string, unknown>>;
  constructor(command: string, url: string, answer: Record<string, unknown>) {
    const { request: _request, ...rest } = answer;
    const words = [rest.error_message ?? rest.error, rest.error_exception].filter(
      (word) => word !== undefined,
    );
    super(`${command}: ${words.join(": ")}`);
    this.name = "XrplRpcError";
    this.code = String(rest.error);
    this.url = url;
    this.answer = rest;
  }
}

/** No configured URL can be asked now. The same request may succeed later, so nothing may be concluded from it. */
export class XrplUnavailable extends AppError {
  constructor(status: readonly EndpointStatus[], options: { message?: string; cause?: unknown } = {}) {
    super(
      "unavailable",
      "xrpl_unavailable",
      options.message ?? "no URL of the XRP Ledger answers; the request can be repeated later",
      { details: { endpoints: status }, cause: options.cause, retryAfterSeconds: 5 },
    );
    this.name = "XrplUnavailable";
  }
}

/** Servers gave different answers to a question on which money depends: nothing is concluded until two agree. */
export class XrplNodesDisagree extends AppError {
  constructor(command: string, urls: readonly string[]) {
    super(
      "unavailable",
      "nodes_disagree",
      `${urls.join(" and ")} answer ${command} differently; waiting until two agree`,
      { details: { command, urls }, retryAfterSeconds: 5 },
    );
    this.name = "XrplNodesDisagree";
  }
}

/** rippled `protocol/ErrorCodes.h`: the server is not in a state to answer anything. */
const UNFIT = new Set([
  "amendmentBlocked",
  "expiredValidatorList",
  "noClosed",
  "noCurrent",
  "noNetwork",
  "notReady",
  "notSynced",
  "slowDown",
  "tooBusy",
]);

/** Clio `rpc/Errors.cpp`: the server behind did not answer it, so nobody knows what that one has done. */
const UNFORWARDED = new Set([
  "connectionError",
  "failedToForward",
  "invalidResponse",
  "requestError",
  "timeout",
]);

/** Whether the server itself is unwell, so that another one should be asked. */
export function isAboutServer(code: string): boolean {
  return UNFIT.has(code) || UNFORWARDED.has(code);
}

/** Whether the server wants to be left alone for a while. */
export function isOverloaded(code: string): boolean {
  return code === "slowDown" || code === "tooBusy";
}

/** Whether the server lacks a ledger that another one may have. */
export function isLedgerMissing(code: string): boolean {
  return code === "lgrNotFound" || code === "lgrNotValidated" || code === "lgrIdxMalformed";
}

/** What is checked before a submitted transaction is looked at. `internal` and the like come from later. */
const BEFORE_SUBMIT = new Set([
  "badSyntax",
  "forbidden",
  "invalidParams",
  "invalidTransaction",
  "invalid_API_version",
  "missingCommand",
  "noPermission",
  "notImpl",
  "notSupported",
  "unknownCmd",
]);

/** Whether this answer to a submit leaves open that the server has the transaction now. */
export function mayHoldTransaction(code: string): boolean {
  return !BEFORE_SUBMIT.has(code) && !UNFIT.has(code);
}

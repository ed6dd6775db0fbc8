/** Codes and texts of rippled 2.3.0. */
const TABLE = {
  forbidden: [3, "Bad credentials."],
  notSynced: [18, "Not synced to the network."],
  actNotFound: [19, "Account not found."],
  lgrNotFound: [21, "ledgerNotFound"],
  txnNotFound: [29, "Transaction not found."],
  invalidParams: [31, "Invalid parameters."],
  unknownCmd: [32, "Unknown method."],
  actMalformed: [35, "Account malformed."],
  badFeature: [40, "Feature unknown or invalid."],
  dstActNotFound: [50, "Destination account not found."],
  lgrIdxMalformed: [58, "Ledger index malformed."],
  dstActMalformed: [51, "Destination account is malformed."],
  signingMalformed: [63, "Signing of transaction is malformed."],
  srcActMalformed: [65, "Source account is malformed."],
  srcActMissing: [66, "Source account not provided."],
  srcActNotFound: [67, "Source account not found."],
  malformedStream: [71, "Stream malformed."],
  internal: [73, "Internal error."],
  notImpl: [74, "Not implemented."],
  notSupported: [75, "Signing is not supported by this server."],
  excessiveLgrRange: [78, "Ledger range exceeds 1000."],
  invalidLgrRange: [79, "Ledger range is invalid."],
} as const satisfies Record<string, readonly [code: number, message: string]>;

/** Errors that come with nothing but a name, or with an exception's text. */
type Uncoded =
  | "invalidTransaction"
  | "entryNotFound"
  | "missingCommand"
  | "invalid_API_version"
  | "transactionNotFound";

export type ErrorName = keyof typeof TABLE | Uncoded;

/** A request that could not be answered, as the client gets to see it. */
export class RpcError extends Error {
  readonly fields: Record<string, unknown>;

  constructor(name: ErrorName, extra: Record<string, unknown> = {}) {
    super(name);
    const [error_code, error_message] = Object.hasOwn(TABLE, name) ? TABLE[name as keyof typeof TABLE] : [];
    this.fields = {
      error: name,
      ...(error_code === undefined ? {} : { error_code, error_message }),
      ...extra,
    };
  }
}

export const invalidParams = (error_message: string): RpcError =>
  new RpcError("invalidParams", { error_message });

/** A fault of this ledger itself is said, so that it is seen. */
export const rpcErrorOf = (error: unknown): RpcError =>
  error instanceof RpcError ? error : new RpcError("internal", { error_message: String(error) });

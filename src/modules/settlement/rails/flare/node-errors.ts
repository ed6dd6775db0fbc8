import { EvmRpcError } from "../../../../platform/evm-rpc.ts";
import type { BroadcastResult } from "../rail.ts";

/**
 * What nodes say about a transaction that they are given, in their own words. Sources:
 * geth and coreth (Flare): `core/txpool/errors.go` (ErrAlreadyKnown "already known", ErrUnderpriced "transaction
 * underpriced", ErrReplaceUnderpriced "replacement transaction underpriced") and `core/error.go` (ErrNonceTooLow
 * "nonce too low"); `internal/ethapi` passes them on as they are.
 * EDR 0.20, the EVM of Hardhat's node: "Known transaction: 0x…", "Nonce too low. Expected nonce to be …",
 * "Transaction nonce too low. Expected nonce to be at least …", "Replacement transaction underpriced. …".
 */
const KNOWN = /already known|known transaction/i;
const NONCE_CONSUMED = /nonce too low/i;
const UNDERPRICED = /underpriced/i;

/** geth `core/txpool/errors.go` ErrGasLimit "exceeds block gas limit"; geth `eth/gasestimator` "gas required exceeds allowance"; EDR "exceeds block gas limit of", "exceeds transaction gas cap of". */
const TOO_MUCH_GAS =
  /exceeds block gas limit|gas required exceeds allowance|exceeds transaction gas cap|out of gas/i;

/** geth `core/error.go` ErrInsufficientFunds "insufficient funds for gas * price + value"; EDR "Sender doesn't have enough funds to send tx". */
const NO_FUNDS = /insufficient funds|doesn't have enough funds/i;

/** geth `eth/filters` and providers in front of it, asked for a block that the node does not have yet or any more. */
const NO_STATE =
  /header not found|missing trie node|unknown block|block.* not found|state.* not available|pruned|Received invalid block tag/i;

export function broadcastResult(error: EvmRpcError): BroadcastResult {
  if (KNOWN.test(error.message)) return { result: "known" };
  if (NONCE_CONSUMED.test(error.message)) return { result: "nonce_consumed" };
  if (UNDERPRICED.test(error.message)) return { result: "underpriced" };
  return { result: "rejected", message: error.message };
}

export function isTooMuchGas(error: EvmRpcError): boolean {
  return TOO_MUCH_GAS.test(error.message);
}

export function isSignerOutOfFunds(error: EvmRpcError): boolean {
  return NO_FUNDS.test(error.message);
}

/** The node does not have the state of the block that it was asked about. */
export function isStateMissing(error: unknown): boolean {
  return error instanceof EvmRpcError && NO_STATE.test(error.message);
}

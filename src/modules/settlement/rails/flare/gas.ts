import type { Instruction } from "../rail.ts";

/** Other transactions may change what the call costs before it is included. */
const ROOM_PERCENT = 125n;

/**
 * The most that one payee can use: what the vault gives it (Payments.PAYEE_GAS, TOKEN_GAS) and the 64th that a call
 * cannot pass on, with opening an account, moving value and the entry's own work on top.
 */
const NATIVE_PAYEE_GAS = 100_000n;
const TOKEN_PAYEE_GAS = 350_000n;

const TRANSACTION_GAS = 150_000n;

/**
 * A payee may be a contract that burns little gas when simulated and all it gets when paid; with a limit as tight as
 * the estimate, the vault would then revert the whole batch (NotEnoughGas). What is not used is not paid for, so the
 * worst case is offered, up to three tenths of a block: with more a block would hold fewer, because each needs as much
 * room as it offers when its turn comes. Where that is not enough, the batch reverts and smaller ones follow.
 */
export function gasToOffer(estimate: bigint, instruction: Instruction, blockGasLimit: bigint): bigint {
  const payees =
    instruction.kind === "push"
      ? BigInt(instruction.payments.filter((payment) => payment !== null).length)
      : 1n;
  const perPayee =
    instruction.kind === "fill" || BigInt(instruction.assetRef) === 0n ? NATIVE_PAYEE_GAS : TOKEN_PAYEE_GAS;
  const needed = (estimate * ROOM_PERCENT) / 100n;
  const worst = TRANSACTION_GAS + payees * perPayee;
  const most = (blockGasLimit * 3n) / 10n;
  const bounded = worst < most ? worst : most;
  return needed > bounded ? needed : bounded;
}

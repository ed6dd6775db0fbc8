import { Interface, isError, type Provider } from "ethers";
import { payoutVaultAbi } from "../../generated/contracts.ts";
import type { EvmAddress } from "../../platform/evm-address.ts";

/** What the chain said, or why it said nothing: unknown is shown as unknown, never guessed. */
export type Known<T> = { known: true; value: T } | { known: false; note: string };

/** Reads about one vault, each answered within a few seconds or not at all. */
export type VaultReader = {
  /** Whether there is a chain to ask at all; it may still not answer. */
  readonly isConnected: boolean;
  isApprover(address: string): Promise<Known<boolean>>;
  requiredApprovals(asset: string, amount: bigint): Promise<Known<bigint>>;
  isConsumed(number: bigint): Promise<Known<boolean>>;
  isPaused(): Promise<Known<boolean>>;
  nativeBalance(address: string): Promise<Known<bigint>>;
  tokenBalance(token: string, address: string): Promise<Known<bigint>>;
  isContract(address: string): Promise<Known<boolean>>;
  /** ERC-1271; `false` when the contract refuses or answers anything but the magic value. */
  acceptsSignature(contract: string, digest: string, signature: string): Promise<Known<boolean>>;
};

const VAULT = new Interface(payoutVaultAbi);
const ERC20 = new Interface(["function balanceOf(address account) view returns (uint256)"]);
const ERC1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
const ERC1271_MAGIC = "0x1626ba7e";

const ANSWER_WITHIN_MS = 3_000;

class NoAnswer extends Error {}

/** ethers waits for its network without end when a node is down; a person who asks is told so instead. */
async function within<T>(question: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new NoAnswer(`no answer within ${ANSWER_WITHIN_MS / 1_000} s`)),
    ANSWER_WITHIN_MS,
  );
  try {
    return await Promise.race([question, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function noteOf(error: unknown): string {
  if (error instanceof NoAnswer) return `the chain gave ${error.message}`;
  if (isError(error, "BAD_DATA")) return "no vault answers at the configured address";
  if (isError(error, "CALL_EXCEPTION")) return "the contract on chain refused the question";
  return "the chain cannot be reached";
}

/** Reads through `provider`; without one, or without a vault, every answer is unknown and says why. */
export function createVaultReader(provider: Provider | null, vault: EvmAddress | null): VaultReader {
  async function ask<T>(question: (provider: Provider) => Promise<T>): Promise<Known<T>> {
    if (provider === null) return { known: false, note: "this process has no connection to the chain" };
    try {
      return { known: true, value: await within(question(provider)) };
    } catch (error) {
      return { known: false, note: noteOf(error) };
    }
  }

  async function view<T>(
    contract: string | null,
    abi: Interface,
    name: string,
    values: readonly unknown[],
  ): Promise<Known<T>> {
    if (contract === null) return { known: false, note: "no vault is configured" };
    return ask(async (chain) => {
      const data = await chain.call({ to: contract, data: abi.encodeFunctionData(name, values) });
      return abi.decodeFunctionResult(name, data)[0] as T;
    });
  }

  return {
    isConnected: provider !== null,
    isApprover: (address) => view(vault, VAULT, "isApprover", [address]),
    requiredApprovals: (asset, amount) => view(vault, VAULT, "requiredApprovals", [asset, amount]),
    isConsumed: (number) => view(vault, VAULT, "isConsumed", [number]),
    isPaused: () => view(vault, VAULT, "paused", []),
    nativeBalance: (address) => ask((chain) => chain.getBalance(address)),
    tokenBalance: (token, address) => view(token, ERC20, "balanceOf", [address]),
    isContract: (address) => ask(async (chain) => (await chain.getCode(address)) !== "0x"),
    acceptsSignature: (contract, digest, signature) =>
      ask(async (chain) => {
        const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
        try {
          const answer = await chain.call({ to: contract, data });
          return answer.length === 66 && answer.startsWith(ERC1271_MAGIC);
        } catch (error) {
          // A contract that reverts has answered: it does not accept.
          if (isError(error, "CALL_EXCEPTION")) return false;
          throw error;
        }
      }),
  };
}

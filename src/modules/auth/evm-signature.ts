import { hashMessage, Interface, type Provider, verifyMessage } from "ethers";
import type { EvmAddress } from "../../platform/evm-address.ts";
import { askChain } from "./ask-chain.ts";
import { signatureInvalid } from "./errors.ts";

const erc1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
const MAGIC_VALUE = `0x1626ba7e${"00".repeat(28)}`;

/** Enough for a passkey verified in Solidity or a large multisig; bounds what a hostile contract can make a node do. */
const GAS_LIMIT = 2_000_000n;

const EXECUTION_FAULT =
  /revert|invalid opcode|out of gas|invalid jump|stack (under|over)flow|stack limit|write protection|return data out of bounds/i;

/**
 * Accepts a personal_sign signature by the address's own key, or one that the contract at the address accepts
 * (ERC-1271). Throws `signature_invalid` when neither holds, and `chain_unavailable` when only the chain could tell and
 * does not answer.
 *
 * A wallet contract that is not deployed yet cannot sign in (ERC-6492 is not read).
 *
 * siwe's own `verify` is not used: it writes malformed signatures to the console and reports a chain that does not
 * answer as a wrong signature.
 */
export async function checkEvmSignature(
  provider: Provider | null,
  signed: { address: EvmAddress; message: string; signature: string },
): Promise<void> {
  const { address, message, signature } = signed;
  const signer = recover(message, signature);
  if (signer === address) return;
  const mismatch =
    signer === null ? "it is no valid signature of an account's key" : `${signer} signed this message`;
  if (provider === null) throw signatureInvalid(address, mismatch);

  const code = await askChain(provider.getCode(address));
  if (code === "0x") throw signatureInvalid(address, mismatch);
  const call = provider.call({
    to: address,
    data: erc1271.encodeFunctionData("isValidSignature", [hashMessage(message), signature]),
    gasLimit: GAS_LIMIT,
  });
  const result = await askChain(
    call.catch((error: unknown) => {
      if (isContractRefusal(error)) return "0x";
      throw error;
    }),
  );
  if (result.slice(0, MAGIC_VALUE.length) !== MAGIC_VALUE) {
    throw signatureInvalid(address, "the wallet contract at this address does not accept it (ERC-1271)");
  }
}

function recover(message: string, signature: string): string | null {
  try {
    return verifyMessage(message, signature);
  } catch {
    // Any length but 64 or 65 bytes, or a point that is not on the curve: perhaps a contract knows what it means.
    return null;
  }
}

/**
 * Whether the contract failed, rather than the way to it. ethers names every JSON-RPC error of an eth_call
 * CALL_EXCEPTION, a rate limit or a lagging node too; only revert data or the node's text tells them apart
 * (go-ethereum core/vm/errors.go; Hardhat's texts all contain "revert" or the same words).
 */
function isContractRefusal(error: unknown): boolean {
  const { code, data, info } = error as {
    code?: string;
    data?: string | null;
    info?: { error?: { message?: string } };
  };
  if (code !== "CALL_EXCEPTION") return false;
  if (typeof data === "string") return true;
  const text = info?.error?.message;
  return text === undefined || EXECUTION_FAULT.test(text);
}

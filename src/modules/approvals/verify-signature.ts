import type { EvmAddress } from "../../platform/evm-address.ts";
import {
  chainUnavailable,
  contractRefusedSignature,
  malformedSignature,
  wrongPayload,
  wrongSigner,
} from "./errors.ts";
import { readKeySignature, signerOf } from "./signature.ts";
import type { VaultReader } from "./vault.ts";

/** A contract account's signature may hold those of its owners: room for over a hundred. */
const MAX_CONTRACT_SIGNATURE_BYTES = 8_192;

/**
 * Checks `signature` over `digest` as the vault will: by key when the approver's address holds no code, by ERC-1271
 * when it does. Returns the bytes to hand to the vault. Without a chain only a key's signature can be checked.
 */
export async function verifySignature(
  vault: VaultReader,
  question: { approver: EvmAddress; approvers: readonly string[]; digest: string; signature: string },
): Promise<string> {
  const { approver, digest } = question;
  const isContract = await vault.isContract(approver);
  if (isContract.known && isContract.value) {
    const signature = question.signature.toLowerCase();
    if (!/^0x([0-9a-f]{2})+$/.test(signature) || signature.length > 2 + 2 * MAX_CONTRACT_SIGNATURE_BYTES) {
      throw malformedSignature(`it must be 0x and 1 to ${MAX_CONTRACT_SIGNATURE_BYTES} bytes in hex`);
    }
    const accepted = await vault.acceptsSignature(approver, digest, signature);
    if (!accepted.known) throw chainUnavailable(accepted.note);
    if (!accepted.value) throw contractRefusedSignature(approver, digest);
    return signature;
  }

  const read = readKeySignature(question.signature);
  const recovered = read.ok ? signerOf(digest, read.signature) : null;
  if (read.ok && recovered === approver) return read.signature;
  // It may be a contract's; only where no chain is configured can that be ruled out.
  if (!isContract.known && vault.isConnected) throw chainUnavailable(isContract.note);
  if (!read.ok) throw malformedSignature(read.fault);
  if (recovered !== null && question.approvers.includes(recovered)) throw wrongSigner(approver, recovered);
  throw wrongPayload(approver, digest, recovered);
}

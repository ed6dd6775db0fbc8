import type { Provider } from "ethers";
import { standingOf, type XrplKeys } from "../../platform/xrpl/keys.ts";
import { askChain } from "./ask-chain.ts";
import * as errors from "./errors.ts";
import { checkEvmSignature } from "./evm-signature.ts";
import { type Chain, chainOf, isEvmAddress, type WalletAddress } from "./wallet-address.ts";
import { type XrplProof, xrplSignerOf } from "./xrpl-signature.ts";

/** A signature as `personal_sign` returns it, or any bytes that a wallet contract takes for one (ERC-1271). */
export type EvmProof = { signature: string };

/** What a wallet returns for a message. */
export type WalletProof = EvmProof | XrplProof;

export type CheckProof = (claim: {
  address: WalletAddress;
  message: string;
  proof: WalletProof;
}) => Promise<void>;

/**
 * Checks that a wallet signed a message. Throws `signature_invalid` when it did not, and `chain_unavailable` when only
 * a chain could tell and does not answer. The signature is looked at before the XRP Ledger is asked, so whoever holds
 * none costs no question.
 */
export function createProofCheck(deps: { provider: Provider | null; xrplKeys: XrplKeys | null }): CheckProof {
  async function checkXrpl(account: string, message: string, proof: XrplProof): Promise<void> {
    if (deps.xrplKeys === null) throw errors.chainNotConfigured("xrpl");
    const outcome = xrplSignerOf({ account, message, proof });
    if ("fault" in outcome) throw errors.xrplProofInvalid(account, outcome.fault);
    const keys = await askChain(deps.xrplKeys.keysOf(account));
    const standing = standingOf(account, outcome.signer, keys);
    if (standing !== "may_sign") throw errors.xrplKeyRefused(account, outcome.signer, standing);
  }

  return async function checkProof({ address, message, proof }) {
    if (isEvmAddress(address) && isEvmProof(proof)) {
      return checkEvmSignature(deps.provider, { address, message, signature: proof.signature });
    }
    if (!isEvmAddress(address) && !isEvmProof(proof)) return checkXrpl(address, message, proof);
    throw errors.proofMalformed(chainOf(address), "proof");
  };
}

/** Throws unless a proof is of the form that wallets of this chain give; `field` names it in the refusal. */
export function requireProofOf(chain: Chain, proof: WalletProof, field: string): void {
  if (isEvmProof(proof) !== (chain === "flare")) throw errors.proofMalformed(chain, field);
}

function isEvmProof(proof: WalletProof): proof is EvmProof {
  return !("blob" in proof) && !("publicKey" in proof);
}

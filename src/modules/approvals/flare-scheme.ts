import type { Config } from "../../config.ts";
import type { EvmAddress } from "../../platform/evm-address.ts";
import { approversOn, payoutTypedData, typedDataDigest, vaultDomain } from "../payouts/index.ts";
import { malformedSignature, nothingToSign } from "./errors.ts";
import type { SigningScheme } from "./scheme.ts";
import { simulatePayout } from "./simulate.ts";
import type { VaultReader } from "./vault.ts";
import { verifySignature } from "./verify-signature.ts";

/** On Flare approvers sign EIP-712 typed data, which the vault checks. It never changes once the payout has a number. */
export function createFlareScheme(config: Pick<Config, "flare" | "auth">, vault: VaultReader): SigningScheme {
  const { chainId, vaultAddress } = config.flare;
  const approvers = approversOn("flare", config.auth.approvers);
  return {
    rail: "flare",
    approvers,

    async payloadOf(_q, payout) {
      if (payout.approvalsRequired === 0) throw nothingToSign(payout.id, "it needs no approvals");
      if (payout.number === null || payout.validUntil === null) {
        throw nothingToSign(payout.id, `it has no number yet (it is ${payout.status}, ${payout.source})`);
      }
      if (vaultAddress === null) throw nothingToSign(payout.id, "no vault is configured");
      const typedData = payoutTypedData(vaultDomain(chainId, vaultAddress), payout);
      return {
        typedData,
        digest: typedDataDigest(typedData),
        validUntil: payout.validUntil,
        multisign: null,
      };
    },

    async verify(approver, { digest }, { signature }) {
      if (signature === undefined) {
        throw malformedSignature("a payout on Flare is approved with signature, not with blob");
      }
      return verifySignature(vault, { approver: approver as EvmAddress, approvers, digest, signature });
    },

    isListed: (approver) => vault.isApprover(approver),

    async simulate(q, payout) {
      if (vaultAddress === null) throw nothingToSign(payout.id, "no vault is configured");
      return simulatePayout(q, vault, vaultAddress, payout);
    },
  };
}

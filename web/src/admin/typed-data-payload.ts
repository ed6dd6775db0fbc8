import type { TypedData } from "../api/types.ts";
import { sameAddress } from "../chain/wallet.ts";
import { differs, type ShownPayout } from "./shown-payout.ts";
import type { ApprovalSummary } from "./types.ts";

/** What EIP-712 data for the vault says otherwise than the page. */
export function typedDataFaults(
  { domain, message, primaryType }: TypedData,
  summary: Pick<ApprovalSummary, "expiresAt">,
  payout: ShownPayout,
  chain: { chainId: number; vault: string } | null,
): string[] {
  const faults: string[] = [];
  const compare = (what: string, signed: string, shown: string, isSame = signed === shown): void => {
    if (!isSame) faults.push(differs(what, signed, shown));
  };
  compare("kind", primaryType, "Payout");
  compare("amount", message.amount, payout.amount);
  compare("address", message.to, payout.to, sameAddress(message.to, payout.to));
  compare("number", message.number, payout.number ?? "none");
  // The payload has whole seconds.
  const shownSeconds = BigInt(Date.parse(summary.expiresAt)) / 1_000n;
  compare("expiry", message.validUntil, summary.expiresAt, BigInt(message.validUntil) === shownSeconds);
  if (chain === null) return [...faults, "the server names no vault to compare with"];
  compare("chain", `${domain.chainId}`, `${chain.chainId}`);
  const isOurVault = sameAddress(domain.verifyingContract, chain.vault);
  compare("vault", domain.verifyingContract, chain.vault, isOurVault);
  return faults;
}

import type { ClientConfig } from "../api/types.ts";
import { multisignFaults } from "./multisign-payload.ts";
import type { ShownPayout } from "./shown-payout.ts";
import { typedDataFaults } from "./typed-data-payload.ts";
import type { ApprovalView } from "./types.ts";

/**
 * What the payload to sign says otherwise than the page: an approver who reads one thing must not sign another. Empty
 * when both agree, which is the only time that a signature may be asked for.
 */
export function payloadFaults(
  { typedData, multisign, summary }: Pick<ApprovalView, "typedData" | "multisign" | "summary">,
  payout: ShownPayout,
  chains: ClientConfig["chains"],
): string[] {
  if (typedData !== null) return typedDataFaults(typedData, summary, payout, chains.flare ?? null);
  if (multisign !== null) return multisignFaults(multisign, payout, chains.xrpl ?? null);
  return ["the server gave nothing to sign"];
}

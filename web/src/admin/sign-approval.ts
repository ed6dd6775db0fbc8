import type { ClientConfig } from "../api/types.ts";
import { walletFor } from "../chain/connect.ts";
import { WalletRefused } from "../chain/wallet.ts";
import type { ApprovalView } from "./types.ts";

/** Another digest than the server says means that page and server do not speak of the same payment. */
class OtherPayload extends Error {
  constructor() {
    super("The payload has another digest than the server says. Nothing was signed.");
    this.name = "OtherPayload";
  }
}

/** What the API takes as the approval of whoever holds `address`. */
export async function signApproval(
  { typedData, multisign, digest }: Pick<ApprovalView, "typedData" | "multisign" | "digest">,
  address: string,
  config: ClientConfig,
): Promise<{ signature: string } | { blob: string }> {
  if (typedData !== null) {
    const wallet = await walletFor(address, config);
    const { digestOf } = await import("./digest.ts");
    if (digestOf(typedData) !== digest) throw new OtherPayload();
    return { signature: await wallet.signTypedData(typedData) };
  }
  if (multisign === null || config.chains.xrpl === undefined) {
    throw new WalletRefused("The server gave nothing to sign.");
  }
  const { openXrplToyWallet } = await import("../chain/xrpl-toy-wallet.ts");
  const toy = openXrplToyWallet(config.chains.xrpl);
  if (toy.address !== address) {
    throw new WalletRefused(`The toy wallet is at ${toy.address}, but this needs ${address}.`);
  }
  const { digestOf } = await import("../chain/xrpl-transactions.ts");
  if (digestOf(multisign.transaction) !== digest) throw new OtherPayload();
  return { blob: await toy.signShare(multisign.transaction) };
}

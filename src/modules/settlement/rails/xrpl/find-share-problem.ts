import { decode } from "xrpl";
import type { XrplClient } from "../../../../platform/xrpl/client.ts";
import { readAccountWithSigners, type SignerList, signerListOf } from "../../../../platform/xrpl/holder.ts";
import {
  createXrplKeys,
  standingAmongSigners,
  type XrplAccountKeys,
} from "../../../../platform/xrpl/keys.ts";
import { accountOfKey, type SignerShare } from "../../../../platform/xrpl/multisign.ts";

/** A share as it is kept: the signer, and the blob that its wallet made. */
export type KeptShare = { signer: string; blob: string };

/** Why the ledger would not take these shares together now, in words; null when it would. */
export async function findShareProblem(
  client: XrplClient,
  treasury: string,
  shares: readonly KeptShare[],
): Promise<string | null> {
  const keys = createXrplKeys(client);
  const [holder, accounts] = await Promise.all([
    readAccountWithSigners(client, treasury),
    Promise.all(shares.map(({ signer }) => keys.keysOf(signer))),
  ]);
  const signed = shares.map((share, index) => ({
    signer: share.signer,
    key: accountOfKey(shareIn(share.blob).SigningPubKey),
    account: accounts[index] ?? null,
  }));
  return quorumProblem(signerListOf(holder), signed);
}

/** Pure. Who left the list, whose key signs no longer, or what is missing to the quorum. */
export function quorumProblem(
  list: SignerList,
  signed: readonly { signer: string; key: string; account: XrplAccountKeys | null }[],
): string | null {
  const removed = signed.filter(({ signer }) => !list.weights.has(signer));
  if (removed.length > 0) {
    return `${removed.map(({ signer }) => signer).join(", ")} is no signer of the treasury any more`;
  }
  for (const { signer, key, account } of signed) {
    if (standingAmongSigners(signer, key, account) !== "may_sign")
      return `the key that ${signer} signed with is no key of that account any more`;
  }
  const weight = signed.reduce((sum, { signer }) => sum + (list.weights.get(signer) ?? 0), 0);
  return list.quorum === 0 || weight < list.quorum
    ? `the signatures weigh ${weight}, the quorum is ${list.quorum}`
    : null;
}

function shareIn(blob: string): SignerShare {
  const { Signers: signers } = decode(blob.toUpperCase()) as { Signers?: { Signer: SignerShare }[] };
  const [only] = signers ?? [];
  if (only === undefined) throw new Error("a share that was kept carries no signature");
  return only.Signer;
}

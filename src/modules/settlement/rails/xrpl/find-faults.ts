import { currencyName, parseAssetRef } from "../../../../platform/xrpl/amount.ts";
import type { XrplClient } from "../../../../platform/xrpl/client.ts";
import { readAccountWithSigners, type SignerList, signerListOf } from "../../../../platform/xrpl/holder.ts";

/** What the treasury must agree with: the configured approvers, and the policy of every asset that the rail pays. */
export type TreasuryRules = {
  approvers: readonly string[];
  assets: readonly { code: string; assetRef: string; tiers: readonly { approvals: number }[] }[];
};

type Line = { account: string; currency: string; balance: string };

/** What stands against sending anything, in words; `worker` is the key that must be the treasury's regular one. */
export async function findTreasuryFaults(
  client: XrplClient,
  expected: { treasury: string; worker: string; rules: TreasuryRules },
): Promise<string[]> {
  const { treasury, worker, rules } = expected;
  const account = await readAccountWithSigners(client, treasury);
  if (account === null) return [`the treasury ${treasury} is not on this ledger: fund it and run xrpl:setup`];
  const faults: string[] = [];
  const regular = account.account_data.RegularKey;
  if (regular !== worker) {
    faults.push(`the treasury's regular key is ${regular ?? "not set"}, XRPL_WORKER_SEED is of ${worker}`);
  }
  if (!account.account_flags.disableMasterKey) {
    faults.push(`the treasury's master key is not disabled: whoever has it pays without approvers`);
  }
  faults.push(...signerFaults(signerListOf(account), rules));
  for (const asset of rules.assets) faults.push(...(await lineFaults(client, treasury, asset)));
  return faults;
}

/** Pure: where the signer list and the policy would not come to the same end. */
export function signerFaults(list: SignerList, rules: TreasuryRules): string[] {
  const faults: string[] = [];
  const listed = [...list.weights.keys()];
  const missing = rules.approvers.filter((address) => !list.weights.has(address));
  const strange = listed.filter((address) => !rules.approvers.includes(address));
  if (missing.length > 0) faults.push(`the treasury's signer list lacks ${missing.join(", ")}`);
  if (strange.length > 0) {
    faults.push(`the treasury's signer list names ${strange.join(", ")}, who are no configured approvers`);
  }
  const ascending = [...list.weights.values()].sort((a, b) => a - b);
  for (const { code, tiers } of rules.assets) {
    for (const { approvals } of tiers) {
      const least = ascending.slice(0, approvals).reduce((sum, weight) => sum + weight, 0);
      if (ascending.length < approvals || least < list.quorum) {
        faults.push(
          `${code} asks for ${approvals} approvals, the treasury's quorum of ${list.quorum} may need more of its ${ascending.length} signers`,
        );
      }
    }
  }
  return faults;
}

async function lineFaults(
  client: XrplClient,
  treasury: string,
  asset: { code: string; assetRef: string },
): Promise<string[]> {
  const ref = parseAssetRef(asset.assetRef);
  if (ref.kind === "xrp") return [];
  const { lines } = await client.request<{ lines: Line[] }>({
    command: "account_lines",
    account: treasury,
    peer: ref.issuer,
    ledger_index: "validated",
  });
  const faults: string[] = [];
  if (!lines.some(({ currency }) => currencyName(currency) === currencyName(ref.currency))) {
    faults.push(`the treasury has no trust line for ${asset.code} of ${ref.issuer}: run xrpl:setup`);
  }
  const issuer = await client.request<{ account_data: { TransferRate?: number } }>({
    command: "account_info",
    account: ref.issuer,
    ledger_index: "validated",
  });
  if (issuer.account_data.TransferRate !== undefined) {
    faults.push(`${ref.issuer} takes a transfer fee on ${asset.code}, which payouts do not allow for`);
  }
  return faults;
}

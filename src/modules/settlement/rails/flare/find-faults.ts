import { type EvmRpc, EvmRpcUnavailable } from "../../../../platform/evm-rpc.ts";
import { domainSeparator, vaultInterface } from "./vault.ts";

/** What the vault must agree with: who approves, and from which amounts on how many must. */
export type VaultRules = {
  approvers: readonly string[];
  assets: readonly {
    code: string;
    assetRef: string;
    tiers: readonly { above: bigint; approvals: number }[];
  }[];
};

/** Everything that stands against sending from this vault, in words; empty when nothing does. */
export async function findVaultFaults(
  rpc: EvmRpc,
  expected: { vault: string; signer: string; rules: VaultRules },
): Promise<string[]> {
  const { vault, signer, rules } = expected;
  const code = await rpc.request<string>("eth_getCode", [vault, "latest"]);
  if (code === "0x") return [`there is no contract at the vault's address ${vault} on chain ${rpc.chainId}`];

  async function view(name: string, args: readonly unknown[] = []): Promise<unknown> {
    const data = vaultInterface.encodeFunctionData(name, args);
    const answer = await rpc.request<string>("eth_call", [{ to: vault, data }, "latest"]);
    return vaultInterface.decodeFunctionResult(name, answer)[0];
  }

  const faults: string[] = [];
  try {
    if ((await view("domainSeparator")) !== domainSeparator(rpc.chainId, vault)) {
      faults.push(
        `the contract at ${vault} signs for another domain than CoinClicker PayoutVault 1 on chain ${rpc.chainId}`,
      );
    }
    const operator = (await view("operator")) as string;
    if (operator !== signer) faults.push(`the vault's operator is ${operator}, our key is ${signer}`);
    if ((await view("paused")) === true) faults.push("the vault is paused on chain; its owner can resume it");
    faults.push(...approverFaults([...((await view("approvers")) as string[])], rules.approvers));
    for (const asset of rules.assets) {
      const limits = (await view("limits", [asset.assetRef])) as {
        tiers: { above: bigint; approvals: bigint }[];
      };
      const onChain = limits.tiers.map(({ above, approvals }) => `${above}:${approvals}`).join(", ");
      const policy = asset.tiers.map(({ above, approvals }) => `${above}:${approvals}`).join(", ");
      if (onChain !== policy) {
        faults.push(
          `${asset.code}: the vault's tiers are [${onChain}], the policy's [${policy}] (from:approvals)`,
        );
      }
    }
  } catch (error) {
    if (error instanceof EvmRpcUnavailable) throw error;
    faults.push(
      `the contract at ${vault} does not answer as a PayoutVault does: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return faults;
}

function approverFaults(onChain: readonly string[], configured: readonly string[]): string[] {
  const missing = configured.filter((address) => !onChain.includes(address));
  const unknown = onChain.filter((address) => !configured.includes(address));
  return [
    ...(missing.length > 0 ? [`the vault does not know the configured approvers ${missing.join(", ")}`] : []),
    ...(unknown.length > 0
      ? [`the vault also accepts the approvers ${unknown.join(", ")}, which are not configured`]
      : []),
  ];
}

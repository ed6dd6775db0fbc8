import type { ClientConfig, Rail } from "../api/types.ts";

export const LOCAL_CHAIN_ID = 31_337;
export const LOCAL_XRPL_NETWORK_ID = 21_337;

type Network = { name: string; currency: string; rpcUrl: string | null; explorer: string | null };

const KNOWN: Readonly<Record<number, Network>> = {
  14: {
    name: "Flare",
    currency: "FLR",
    rpcUrl: "https://flare-api.flare.network/ext/C/rpc",
    explorer: "https://flare-explorer.flare.network",
  },
  114: {
    name: "Flare Coston2",
    currency: "C2FLR",
    rpcUrl: "https://coston2-api.flare.network/ext/C/rpc",
    explorer: "https://coston2-explorer.flare.network",
  },
  [LOCAL_CHAIN_ID]: { name: "Local Flare chain", currency: "FLR", rpcUrl: null, explorer: null },
};

export function networkOf(chainId: number): Network {
  return KNOWN[chainId] ?? { name: `Chain ${chainId}`, currency: "FLR", rpcUrl: null, explorer: null };
}

/** Networks of the XRP Ledger, by their network ids. */
const XRPL_NETWORKS: Readonly<Record<number, { name: string; explorer: string | null }>> = {
  0: { name: "XRP Ledger", explorer: "https://livenet.xrpl.org" },
  1: { name: "XRP Ledger Testnet", explorer: "https://testnet.xrpl.org" },
  2: { name: "XRP Ledger Devnet", explorer: "https://devnet.xrpl.org" },
  [LOCAL_XRPL_NETWORK_ID]: { name: "Local XRP Ledger", explorer: null },
};

/** A rail's network in words. `id` is its chain id, or its network id on the XRP Ledger. */
export function networkName(rail: string, id: number): string {
  if (rail !== "xrpl") return networkOf(id).name;
  return XRPL_NETWORKS[id]?.name ?? `XRP Ledger, network ${id}`;
}

/** Where others show it; null where nobody does, as on local chains. */
export function explorerLink(
  { flare, xrpl }: ClientConfig["chains"],
  rail: Rail,
  kind: "tx" | "address",
  value: string,
): string | null {
  if (rail === "xrpl") {
    const explorer = xrpl === undefined ? null : (XRPL_NETWORKS[xrpl.networkId]?.explorer ?? null);
    return explorer === null ? null : `${explorer}/${kind === "tx" ? "transactions" : "accounts"}/${value}`;
  }
  const explorer = flare === undefined ? null : networkOf(flare.chainId).explorer;
  return explorer === null ? null : `${explorer}/${kind}/${value}`;
}

import { useQuery } from "@tanstack/react-query";
import { useConfig } from "../api/queries.ts";
import { LOCAL_XRPL_NETWORK_ID } from "./networks.ts";
import { hasToy, XRPL_TOY_SEED } from "./toy-keys.ts";

/** The address of this browser's toy wallet on the local XRP Ledger; null where there is none. */
export function useXrplToyAddress(): string | null {
  const { chains } = useConfig();
  const isLocal = chains.xrpl?.networkId === LOCAL_XRPL_NETWORK_ID;
  const { data } = useQuery({
    queryKey: ["xrpl-toy"],
    queryFn: async () => (await import("./xrpl-toy-seed.ts")).readToyKey().address,
    enabled: isLocal && hasToy(XRPL_TOY_SEED),
    staleTime: 0,
  });
  return data ?? null;
}

import { useConfig } from "../api/queries.ts";
import { explorerLink } from "../chain/networks.ts";
import { railOf, splitTag } from "../chain/rails.ts";
import { Copyable } from "./copyable.tsx";

/** An address or a transaction of a chain: to copy and, where the chain has an explorer, to follow. */
export function OnChain(props: { kind: "address" | "tx"; value: string; what: string; whole?: boolean }) {
  const { kind, value } = props;
  const { chains } = useConfig();
  // Explorers know accounts, not the tags that may stand behind them.
  const known = kind === "address" ? splitTag(value).address : value;
  return <Copyable {...props} href={explorerLink(chains, railOf(value), kind, known)} />;
}

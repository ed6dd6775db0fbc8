import type { ClientConfig } from "../api/types.ts";

/** What `source` can be turned into, with the minor units that one of its minor units becomes. */
export function payableWith(
  { assets, rates }: Pick<ClientConfig, "assets" | "rates">,
  source: string,
): { code: string; rate: bigint }[] {
  const isKnown = (code: string): boolean => assets.some((asset) => asset.code === code);
  // A balance of a settled asset leaves as it is.
  const isPaid = rates.some(({ to }) => to === source);
  return [
    ...rates
      .filter(({ from, to }) => from === source && isKnown(to))
      .map(({ to, rate }) => ({ code: to, rate: BigInt(rate) })),
    ...(isPaid ? [{ code: source, rate: 1n }] : []),
  ];
}

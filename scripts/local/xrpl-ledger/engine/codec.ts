import * as xrpl from "xrpl";

/** The library types what it encodes by its own models; this ledger encodes metadata and whatever clients send as well. */
type Encodable = Parameters<typeof xrpl.encode>[0];

export const encodeObject = (value: object): string => xrpl.encode(value as Encodable);
export const decodeObject = (blob: string): Record<string, unknown> =>
  xrpl.decode(blob) as Record<string, unknown>;

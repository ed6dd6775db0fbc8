import type { Mismatch } from "./errors.ts";

/** What a message that was read says, by field. */
export type ReadMessage = {
  nonce: string;
  fields: Readonly<Record<string, unknown>>;
};

/** Where a message speaks for somebody else: another site, resource, chain or version. Compared exactly. */
export function foreignParts(
  { fields }: ReadMessage,
  ours: Readonly<Record<string, string | number>>,
): Mismatch[] {
  return Object.entries(ours)
    .filter(([field, expected]) => fields[field] !== expected)
    .map(([field, expected]) => ({ field, expected, received: shorten(fields[field]) }));
}

/**
 * Where a message differs from the one that was issued for its nonce; empty only when both are the same text. Says
 * which fields, not what they should be: the challenge may be somebody else's.
 */
export function editedParts(
  message: { text: string; read: ReadMessage },
  issued: { text: string; read: ReadMessage | null },
): Mismatch[] {
  if (message.text === issued.text) return [];
  const [fields, original] = [message.read.fields, issued.read?.fields ?? {}];
  const names = new Set([...Object.keys(original), ...Object.keys(fields)]);
  const edited = [...names].filter((name) => JSON.stringify(fields[name]) !== JSON.stringify(original[name]));
  return (edited.length > 0 ? edited : ["text"]).map((field) => ({ field }));
}

function shorten(value: unknown): string | number {
  return typeof value === "number" ? value : String(value ?? "").slice(0, 200);
}

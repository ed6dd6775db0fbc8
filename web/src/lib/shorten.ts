/** `0x7099…79C8`: enough to recognise; the whole is in the title and in the copy. Destination tags stay whole. */
export function shorten(text: string): string {
  if (text.startsWith("demo:")) return `demo ${text.slice(5, 9)}…${text.slice(-4)}`;
  const [, address, tag] = /^(r[1-9A-HJ-NP-Za-km-z]+)(:[0-9]+)$/.exec(text) ?? [];
  if (address !== undefined && tag !== undefined) return `${shorten(address)}${tag}`;
  return text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-4)}` : text;
}

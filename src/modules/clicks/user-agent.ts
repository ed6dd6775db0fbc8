const AGENT_LENGTH = 160;

/**
 * A user agent as it is stored: printable, without the minor versions that make every release a new string, bounded.
 * Clicks refer to it by number, so there must be few of them.
 */
export function normalizeUserAgent(userAgent: string | undefined): string {
  return (userAgent ?? "")
    .slice(0, 4 * AGENT_LENGTH)
    .replace(/[^\x20-\x7e]+/g, " ")
    .replace(/(\d+)(?:[._][\w.+-]*)/g, "$1")
    .trim()
    .slice(0, AGENT_LENGTH);
}

/**
 * One line of CSV (RFC 4180). Every cell is quoted, and one that a spreadsheet would run as a formula gets an apostrophe
 * in front, which spreadsheets show as plain text (OWASP, "CSV Injection"): also behind blanks that an import may trim,
 * and for the full-width forms that some locales accept.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: string): string {
  const safe =
    /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(value) || /^[\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

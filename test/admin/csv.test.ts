import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "../../src/modules/admin/csv.ts";

/** Reads one RFC 4180 line back, as a spreadsheet would. */
function cellsOf(line: string): string[] {
  const cells = [...line.matchAll(/"((?:[^"]|"")*)"(,|\r\n$)/gs)];
  expect(cells.map((match) => match[0]).join("")).toBe(line);
  return cells.map((match) => (match[1] ?? "").replaceAll('""', '"'));
}

describe("a line of CSV", () => {
  it("gives every cell back, whatever is in it, but for the apostrophe before a formula", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (cells) => {
        const read = cellsOf(csvLine(cells));
        expect(read.length).toBe(cells.length);
        read.forEach((cell, i) => {
          expect([cells[i], `'${cells[i]}`]).toContain(cell);
        });
      }),
    );
  });

  it.each([
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\n x",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    '=HYPERLINK("http://x","y")',
  ])("keeps %j from running as a formula", (text) => {
    expect(cellsOf(csvLine([text]))).toEqual([`'${text}`]);
  });

  it("leaves harmless text alone", () => {
    expect(csvLine(["payout:1", '{"a":"b, c"}', ""])).toBe('"payout:1","{""a"":""b, c""}",""\r\n');
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { buildWeb } from "../../scripts/build-web.ts";

const DIST = join(import.meta.dirname, "../../web/dist");
const BUDGET_BYTES = 250_000;

type Chunk = { file: string; isEntry?: boolean; imports?: string[]; dynamicImports?: string[] };

let manifest: Record<string, Chunk>;

beforeAll(async () => {
  await buildWeb();
  manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
});

/** A chunk with everything that the browser fetches with it. */
function closure(name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (chunk === undefined || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const imported of chunk.imports ?? []) closure(imported, seen);
  return seen;
}

const zipped = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length, 0);

describe("the first load", () => {
  it("takes at most 250 kB of compressed JavaScript, the coin included", () => {
    const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry === true) ?? "";
    const files = closure(entry);
    expect(files.size).toBeGreaterThan(0);
    expect(zipped(files)).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it("brings no library of a chain and no ABI, which load when something is signed", () => {
    const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry === true) ?? "";
    const text = [...closure(entry)].map((file) => readFileSync(join(DIST, file), "utf8")).join("\n");
    expect(text).not.toContain("withdrawCredit");
    expect(text).not.toContain("secp256k1");
    expect(text).not.toContain("TxnSignature");
  });

  it("runs no script inline, as the content policy demands", () => {
    const page = readFileSync(join(DIST, "index.html"), "utf8");
    expect(page.match(/<script(?![^>]*\bsrc=)[^>]*>/g)).toBeNull();
    expect(page).not.toMatch(/\son[a-z]+=/);
  });
});

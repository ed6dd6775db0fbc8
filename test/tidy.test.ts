import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** From the bottom up: a module may import those to its left, through their faces only. */
const ORDER = [
  "platform",
  "ledger",
  "auth",
  "payouts",
  "approvals",
  "settlement",
  "clicks",
  "reports",
  "feed",
  "admin",
  "app",
] as const;
type Part = (typeof ORDER)[number];

const ROOT = resolve(import.meta.dirname, "..");
const files = globSync(["{src,scripts,test,ignition}/**/*.{ts,mjs}", "web/src/**/*.{ts,tsx}"], { cwd: ROOT })
  .filter((path) => !path.startsWith("src/generated/"))
  .map((path) => path.replaceAll("\\", "/"))
  .sort();
const sources = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));

type Import = { from: string; to: string };

function importsOf(path: string): Import[] {
  const text = sources.get(path) ?? "";
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g);
  return [...specifiers].map((match) => ({
    from: path,
    to: relative(ROOT, resolve(ROOT, dirname(path), match[1] ?? "")).replaceAll("\\", "/"),
  }));
}

/** The part of the house that a file of `src` belongs to. */
function partOf(path: string): Part | "shared" {
  const module = /^src\/modules\/([^/]+)\//.exec(path)?.[1];
  if (module !== undefined) return module as Part;
  if (path.startsWith("src/platform/")) return "platform";
  // Settings and generated code carry no behaviour: everybody may read them.
  if (/^src\/config(-\w+)?\.ts$/.test(path) || path.startsWith("src/generated/")) return "shared";
  return "app";
}

const imports = files.flatMap(importsOf);
const inSource = imports.filter((edge) => edge.from.startsWith("src/"));

describe("the house is tidy", () => {
  it("knows every module of src/modules", () => {
    const parts = new Set(files.filter((path) => path.startsWith("src/modules/")).map(partOf));
    expect([...parts].filter((part) => !ORDER.some((known) => known === part))).toEqual([]);
  });

  it("imports nothing upwards", () => {
    const upward = inSource.filter(({ from, to }) => {
      const [a, b] = [partOf(from), partOf(to)];
      if (b === "shared" || a === b) return false;
      if (a === "shared") return true;
      return ORDER.indexOf(b) >= ORDER.indexOf(a);
    });
    expect(upward).toEqual([]);
  });

  it("imports a module through its index.ts only", () => {
    const past = imports.filter(({ from, to }) => {
      const module = /^src\/modules\/([^/]+)\/(.+)$/.exec(to);
      if (module === null || partOf(from) === module[1]) return false;
      // A module's own tests may look inside it; nobody else's may.
      if (from.startsWith(`test/${module[1]}/`)) return false;
      return module[2] !== "index.ts";
    });
    expect(past).toEqual([]);
  });

  it("imports only files that exist", () => {
    const known = new Set([...files, ...globSync("src/generated/**/*.ts", { cwd: ROOT })]);
    expect(imports.filter(({ to }) => /\.(ts|tsx|mjs)$/.test(to) && !known.has(to))).toEqual([]);
  });

  it("keeps no file of src that nothing imports", () => {
    const imported = new Set(imports.map((edge) => edge.to));
    const entries = new Set(["src/server.ts"]);
    expect(
      files.filter((path) => path.startsWith("src/") && !imported.has(path) && !entries.has(path)),
    ).toEqual([]);
  });

  const banned: { pattern: RegExp; why: string; allowed?: RegExp }[] = [
    { pattern: /\bMath\.random\(/, why: "unguessable ids come from node:crypto" },
    {
      pattern: /\bDate\.now\(|\bnew Date\(\)/,
      why: "time comes from the clock",
      allowed: /^src\/platform\/clock\.ts$/,
    },
    { pattern: /\bNumber\([^)]*(amount|balance|wei|drops)/i, why: "money is bigint" },
    { pattern: /\bparseFloat\(/, why: "money is bigint" },
    { pattern: /\bas any\b|: any\b|@ts-ignore|@ts-nocheck/, why: "types are not switched off" },
    { pattern: /\bconsole\./, why: "the product logs through its logger", allowed: /^src\/server\.ts$/ },
    { pattern: /\b(TODO|FIXME|XXX)\b/, why: "what is not done is not in main" },
  ];
  it.each(banned)("has no $pattern in src: $why", ({ pattern, allowed }) => {
    const hits = files
      .filter((path) => path.startsWith("src/") && allowed?.test(path) !== true)
      .flatMap((path) =>
        (sources.get(path) ?? "")
          .split("\n")
          .map((line, index) => ({ at: `${path}:${index + 1}`, line: line.trim() }))
          .filter(({ line }) => !line.startsWith("*") && !line.startsWith("//") && pattern.test(line)),
      );
    expect(hits).toEqual([]);
  });

  it("gives every prepared statement a name of its own: a connection holds one text for each", () => {
    const names = files
      .filter((path) => path.startsWith("src/"))
      .flatMap((path) => [...(sources.get(path) ?? "").matchAll(/\bname: "(\w+)",\s*text:/g)])
      .map((match) => match[1] ?? "");
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("skips no test and runs none alone", () => {
    const hits = files.filter((path) =>
      /\b(it|test|describe)\.(skip|only|todo)\(/.test(sources.get(path) ?? ""),
    );
    expect(hits.filter((path) => path !== "test/tidy.test.ts")).toEqual([]);
  });
});

import { readdir } from "node:fs/promises";
import type { Bench } from "./bench/harness.ts";

// `npm run bench` lists what there is, `npm run bench ledger clicks` runs those, `npm run bench all` runs everything.
const directory = new URL("./bench/", import.meta.url);
const benches = new Map<string, Bench>();
for (const file of (await readdir(directory)).filter((name) => name.endsWith(".ts")).sort()) {
  const exported: Partial<Bench> = await import(new URL(file, directory).href);
  const { name, describe, run } = exported;
  if (name !== undefined && describe !== undefined && run !== undefined)
    benches.set(name, { name, describe, run });
}

// Ending by process.exit lets databases and chains be ended too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => name !== "all" && !benches.has(name));
if (wanted.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`there is no benchmark ${name}`);
  console.log(
    [
      "usage: npm run bench <name …|all>",
      ...[...benches.values()].map((b) => `  ${b.name.padEnd(10)} ${b.describe}`),
    ].join("\n"),
  );
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  for (const bench of benches.values()) {
    if (!wanted.includes("all") && !wanted.includes(bench.name)) continue;
    console.log(`\n${bench.name}: ${bench.describe}`);
    await bench.run();
  }
}

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { type FuzzReport, fuzz } from "./fuzz/run.ts";

// `npm run fuzz -- --requests 100000` rains requests on the product, built from its own OpenAPI document and spoilt;
// `--seed` repeats a run, and `--only` one request of it.
const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "5000" },
    minutes: { type: "string" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    only: { type: "string" },
  },
});
// Ending by process.exit lets the database and the chains be ended too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const report = await fuzz({
  requests: Number.parseInt(values.requests, 10),
  seed: Number.parseInt(values.seed, 10),
  ...(values.minutes === undefined ? {} : { minutes: Number.parseInt(values.minutes, 10) }),
  ...(values.only === undefined ? {} : { only: Number.parseInt(values.only, 10) }),
  onProgress: (text) => console.log(`  ${text}`),
});
print(report);
process.exitCode = report.findings.length === 0 ? 0 : 1;

function rarest(successes: ReadonlyMap<string, number>): [string, number][] {
  return [...successes].sort(([, a], [, b]) => a - b).slice(0, 5);
}

function print({
  seed,
  requests,
  socketEvents,
  seconds,
  statuses,
  successes,
  heapBytes,
  findings,
}: FuzzReport): void {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  const byStatus = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  console.log(
    [
      "",
      `seed ${seed}: ${requests - socketEvents} requests and ${socketEvents} socket events in ${seconds.toFixed(0)} s`,
      `answers     ${byStatus.join("  ")}`,
      `heap        ${megabytes(heapBytes.before)} before, ${megabytes(heapBytes.after)} after`,
      `operations  ${successes.size}, of which ${[...successes.values()].filter((count) => count > 0).length} succeeded as the schema has them`,
      ...rarest(successes).map(([name, count]) => `            ${String(count).padStart(4)} × ${name}`),
      `faults      ${findings.length}`,
      ...findings.map(
        ({ kind, where, detail, times, first, smallest }) =>
          `\n${kind}, ${where}, ${times} times, first as --only ${first}\n  ${detail}\n  ${smallest.slice(0, 2_000)}`,
      ),
    ].join("\n"),
  );
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createDatabase, type Database, migrate } from "../../src/platform/db/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { startPostgres } from "../local/postgres.ts";
import { makeTempDir } from "../local/temp-dir.ts";
import { percentile } from "./percentile.ts";

/** What a file in this directory exports to be run by `npm run bench [name]`. */
export type Bench = {
  name: string;
  describe: string;
  run(): Promise<void>;
};

/** One way of doing the work. `operation` does one piece of it and resolves when that is durable. */
export type Contender = {
  name: string;
  /** `caller` counts from 0: callers that must not share state keep it under this number. */
  operation(caller: number): Promise<unknown>;
};

export type CompareOptions = {
  title: string;
  /** How many callers at once, each in a closed loop: the next operation starts when the last one has ended. */
  callers: number;
  /** The first is the baseline of the ratios. */
  contenders: readonly Contender[];
  runs?: number;
  seconds?: number;
};

export type Measurement = {
  name: string;
  perSecond: number;
  /** Of the baseline in the same comparison. */
  ratio: number;
  p50Ms: number;
  p99Ms: number;
  /** How much of one core this process used, load generator included; near 1 it is the limit itself. */
  coresHere: number;
};

/**
 * Medians of several runs. The contenders take turns, so that a slow minute of the machine hits all of them, after one
 * run each that does not count.
 */
export async function compare(options: CompareOptions): Promise<Measurement[]> {
  const { callers, contenders, runs = 5, seconds = 1 } = options;
  for (const contender of contenders) await measure(contender, callers, seconds / 2);
  const samples = contenders.map((): Sample[] => []);
  for (let run = 0; run < runs; run += 1) {
    for (const [i, contender] of contenders.entries()) {
      samples[i]?.push(await measure(contender, callers, seconds));
    }
  }
  const rates = samples.map((list) => median(list.map((sample) => sample.perSecond)));
  const measurements = contenders.map((contender, i) => ({
    name: contender.name,
    perSecond: rates[i] ?? 0,
    ratio: (rates[i] ?? 0) / (rates[0] ?? 1),
    p50Ms: median((samples[i] ?? []).map((sample) => sample.p50Ms)),
    p99Ms: median((samples[i] ?? []).map((sample) => sample.p99Ms)),
    coresHere: median((samples[i] ?? []).map((sample) => sample.coresHere)),
  }));
  printTable(
    options.title,
    ["", "per second", "ratio", "p50 ms", "p99 ms", "cores here"],
    measurements.map((m) => [
      m.name,
      Math.round(m.perSecond).toLocaleString("en"),
      `${m.ratio.toFixed(2)}×`,
      m.p50Ms.toFixed(1),
      m.p99Ms.toFixed(1),
      m.coresHere.toFixed(2),
    ]),
  );
  return measurements;
}

type Sample = Pick<Measurement, "perSecond" | "p50Ms" | "p99Ms" | "coresHere">;

export async function measure(contender: Contender, callers: number, seconds: number): Promise<Sample> {
  const latencies: number[] = [];
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const end = start + seconds * 1_000;
  await Promise.all(
    Array.from({ length: callers }, async (_unused, caller) => {
      for (let now = performance.now(); now < end; ) {
        await contender.operation(caller);
        const done = performance.now();
        latencies.push(done - now);
        now = done;
      }
    }),
  );
  const elapsedSeconds = (performance.now() - start) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    perSecond: latencies.length / elapsedSeconds,
    p50Ms: percentile(latencies, 0.5),
    coresHere: (cpu.user + cpu.system) / 1e6 / elapsedSeconds,
    p99Ms: percentile(latencies, 0.99),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0);
}

export function printTable(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = header.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
  console.log(`\n${title}\n${line(header)}\n${rows.map(line).join("\n")}`);
}

/** Says whether a target was met, and remembers in the exit code when one was not. */
export function target(text: string, measured: number, atLeast: number): void {
  const met = measured >= atLeast;
  console.log(`${met ? "met   " : "MISSED"} ${text}: ${measured.toFixed(2)}× (target ${atLeast}×)`);
  if (!met) process.exitCode = 1;
}

/** The same where less is better: bytes, milliseconds, seconds. */
export function targetAtMost(text: string, measured: number, atMost: number, unit: string): void {
  const met = measured <= atMost;
  console.log(
    `${met ? "met   " : "MISSED"} ${text}: ${measured.toFixed(1)} ${unit} (target ${atMost} ${unit})`,
  );
  if (!met) process.exitCode = 1;
}

/** Runs `work` on a migrated database in a PostgreSQL of its own, as durable as in production, and removes it after. */
export async function withDurableDatabase(
  work: (db: Database) => Promise<void>,
  options: { maxConnections?: number; settings?: Record<string, string> } = {},
): Promise<void> {
  const base = makeTempDir("bench");
  const postgres = await startPostgres({
    dataDir: join(base, "postgres"),
    // Memory for all that a run writes, and no checkpoint in the middle of one contender's turn.
    settings: {
      shared_buffers: "1GB",
      max_wal_size: "8GB",
      checkpoint_timeout: "30min",
      ...options.settings,
    },
  });
  try {
    await migrate(postgres.url);
    const db = createDatabase({
      url: postgres.url,
      maxConnections: options.maxConnections ?? 40,
      log: createLogger({ level: "error" }),
    });
    await work(db).finally(() => db.close());
  } finally {
    await postgres.stop();
    await rm(base, { recursive: true, force: true });
  }
}

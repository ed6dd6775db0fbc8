import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import type { Database } from "../../src/platform/db/index.ts";

/** The kernel counts a process's time in these (`sysconf(_SC_CLK_TCK)`, 100 on every Linux that Node runs on). */
const TICKS_PER_SECOND = 100;

export type Cores = {
  server: number;
  postgres: number;
  /** Everything on the machine, ours or not. */
  machine: number;
};

/**
 * How many cores this process, the database's processes and the whole machine keep busy while `work` runs; 0 for the
 * database without /proc.
 */
export async function meterCpu<T>(
  db: Database,
  work: () => Promise<T>,
): Promise<{ result: T; cores: Cores }> {
  const before = await postgresSeconds(db);
  const busyBefore = machineSeconds();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const result = await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const machine = (machineSeconds() - busyBefore) / seconds;
  const after = await postgresSeconds(db);
  let postgres = 0;
  for (const [pid, used] of after) postgres += used - (before.get(pid) ?? 0);
  const server = (user + system) / 1e6 / seconds;
  return { result, cores: { server, postgres: postgres / seconds, machine } };
}

function machineSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000;
}

async function postgresSeconds(db: Database): Promise<Map<number, number>> {
  const { rows } = await db.pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL",
  );
  return new Map(rows.map(({ pid }) => [pid, secondsOf(pid)]));
}

/** What a process has used so far; 0 where there is no /proc. */
export function secondsOf(pid: number): number {
  try {
    // After the name, which may hold anything, user and system time are the 12th and 13th fields (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

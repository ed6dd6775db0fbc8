import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { loadGenesis } from "../../scripts/local/chain-genesis.ts";
import { startPostgres } from "../../scripts/local/postgres.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { migrate } from "../../src/platform/db/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The migrated database that every test file copies. */
    templateUrl: string;
  }
}

/** One PostgreSQL for the run, with a migrated template; `test/kit/database.ts` copies it for each file. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Compiled once here on a fresh clone, or the first test that starts a chain would wait beyond its time.
  await loadGenesis(() => undefined);
  const base = makeTempDir("test");
  const postgres = await startPostgres({ dataDir: join(base, "postgres"), volatile: true });
  try {
    await migrate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide("templateUrl", postgres.url);
  return async () => {
    await postgres.stop();
    await rm(base, { recursive: true, force: true });
  };
}

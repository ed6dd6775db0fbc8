import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm";
import pg from "pg";

const PRISMA_DIR = fileURLToPath(new URL("../../../prisma/", import.meta.url));
const LOCKFILE = "migration_lock.toml";

/**
 * Prisma's adapter cuts a script at every semicolon, inside function bodies and comments too (seen in
 * `@prisma/adapter-pg` 7.10 `executeScript`). Sent whole, a migration is also one transaction: all of it or nothing.
 */
class WholeScripts extends PrismaPg {
  readonly #pool: pg.Pool;
  constructor(pool: pg.Pool) {
    super(pool);
    this.#pool = pool;
  }

  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.#pool.query(script);
    };
    return adapter;
  }
}

/** Any constant will do, as long as every process takes the same one. */
const MIGRATION_LOCK = 4_207_001;

export type MigrationSummary = {
  /** Names of the migrations that this call applied; empty when the database was up to date. */
  applied: string[];
};

/** Every `*.prisma` file, as the schema engine takes them: `[path, content]`. */
export async function readSchemas(): Promise<[path: string, content: string][]> {
  const names = (await readdir(`${PRISMA_DIR}schema`)).filter((name) => name.endsWith(".prisma")).sort();
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name,
        await readFile(`${PRISMA_DIR}schema/${name}`, "utf8"),
      ],
    ),
  );
}

/**
 * Applies the migrations that are missing, exactly as `prisma migrate deploy` would (it keeps `_prisma_migrations`),
 * with the same engine compiled to WebAssembly, so that nothing has to be downloaded. Safe to call from several
 * processes at once: the others wait.
 */
export async function migrate(url: string): Promise<MigrationSummary> {
  const directories = (await readdir(`${PRISMA_DIR}migrations`, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const migrationDirectories = await Promise.all(
    directories.map(async (path) => ({
      path,
      migrationFile: {
        path: "migration.sql",
        content: {
          tag: "ok" as const,
          value: await readFile(`${PRISMA_DIR}migrations/${path}/migration.sql`, "utf8"),
        },
      },
    })),
  );
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const lock = await pool.connect();
  try {
    await lock.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const schemaEngine = await engine.SchemaEngine.new(
      { datamodels: await readSchemas() },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool)),
    );
    const result = await schemaEngine.applyMigrations({
      migrationsList: {
        baseDir: `${PRISMA_DIR}migrations`,
        lockfile: { path: LOCKFILE, content: await readFile(`${PRISMA_DIR}migrations/${LOCKFILE}`, "utf8") },
        shadowDbInitScript: "",
        migrationDirectories,
      },
      filters: { externalTables: [], externalEnums: [] },
    });
    return { applied: result.appliedMigrationNames };
  } finally {
    // Closing the session gives the lock back, whatever state it is in.
    lock.release(true);
    await pool.end();
  }
}

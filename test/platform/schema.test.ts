import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm";
import { expect, it } from "vitest";
import type { Database } from "../../src/platform/db/index.ts";
import { migrate, readSchemas } from "../../src/platform/db/migrate.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();

it("the Prisma schema describes exactly the tables that the migrations make", async () => {
  const migrated = await describeTables(db);
  // Prisma's own DDL for the schema, beside the migrated tables in the same database.
  await db.transaction(async (tx) => {
    await tx.query("CREATE SCHEMA described");
    await tx.query("SET LOCAL search_path TO described");
    await tx.query(await prismaDdl());
  });
  const described = await describeTables(db, "described");
  expect(described).toEqual(migrated.filter(({ table }) => table !== "_prisma_migrations"));
});

it("applying the migrations again applies nothing", async () => {
  expect(await migrate(db.url)).toEqual({ applied: [] });
});

async function prismaDdl(): Promise<string> {
  const schemas = await readSchemas();
  const schemaEngine = await engine.SchemaEngine.new(
    { datamodels: schemas },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: db.url })),
  );
  const { stdout } = await schemaEngine.diff({
    from: { tag: "empty" },
    to: { tag: "schemaDatamodel", files: schemas.map(([path, content]) => ({ path, content })) },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  return (stdout ?? "").replaceAll('CREATE SCHEMA IF NOT EXISTS "public";', "");
}

type Column = { table: string; column: string; type: string; required: boolean; key: boolean };

function describeTables(database: Database, schema = "public"): Promise<Column[]> {
  return database.pool
    .query<Column>(
      `SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
              -- Prisma cannot say of a list that it is never null.
              a.attnotnull OR format_type(a.atttypid, NULL) LIKE '%[]' AS required, coalesce(a.attnum = ANY (k.conkey), false) AS key
         FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
        WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
        ORDER BY c.relname, a.attname`,
      [schema],
    )
    .then(({ rows }) => rows);
}

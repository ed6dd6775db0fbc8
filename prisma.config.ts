import { defineConfig } from "prisma/config";

// Prisma 7 keeps the connection here rather than in the schema. `prisma migrate deploy` reads it on a connected
// machine; the product itself applies the same migrations through src/platform/db/migrate.ts.
export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
});

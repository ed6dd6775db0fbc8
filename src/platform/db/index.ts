export { createDatabase, type Database, type Queryable, type Tx } from "./database.ts";
export { type Listener, listen } from "./listen.ts";
export { type MigrationSummary, migrate } from "./migrate.ts";
export { runAgain } from "./run-again.ts";
export { isSerializationFailure, isUniqueViolation, sqlState } from "./sql-state.ts";

import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../../generated/prisma/client.ts";
import { InvariantError } from "../errors.ts";
import type { Logger } from "../log.ts";

/** Anything that runs SQL: the pool, for a statement that stands alone, or a `Tx`. */
export type Queryable = Pick<pg.ClientBase, "query">;

declare const inTransaction: unique symbol;

/** A connection inside a transaction. Functions that must be part of one take a `Tx`, never a `Queryable`. */
export type Tx = Queryable & { readonly [inTransaction]: true };

export type Database = {
  /** Hot paths and everything transactional: SQL with named statements. */
  readonly pool: pg.Pool;
  /** Ordinary reads and writes on the same pool, each a transaction of its own. */
  readonly prisma: PrismaClient;
  /** For LISTEN, which needs a connection that stays. */
  readonly url: string;
  /** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

/** int8 and numeric come back as bigint; a fraction in a numeric is an error, so that none can slip in as money. */
function integerParser(text: string): bigint {
  if (!/^-?[0-9]+$/.test(text)) {
    throw new InvariantError(`a numeric came back as ${text}: cast what is not an integer in SQL`);
  }
  return BigInt(text);
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary" && (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC)) {
      return integerParser;
    }
    return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};

/** Nothing that we do in a transaction takes this long between two statements. */
const GIVEN_UP_AFTER_MS = 10_000;

export function createDatabase(options: {
  url: string;
  maxConnections: number;
  log: Logger;
  /** For tests; the default is right. */
  givenUpAfterMs?: number;
}): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    types,
    connectionTimeoutMillis: 5_000,
    // A process that is frozen in the middle of a transaction holds its locks, and with them everybody else, until
    // PostgreSQL gives it up. When it goes on it finds its connection gone and its transaction undone.
    idle_in_transaction_session_timeout: options.givenUpAfterMs ?? GIVEN_UP_AFTER_MS,
    application_name: "coinclicker",
  });
  // An idle connection that the server closes is replaced on the next use; without a listener it would end the process.
  pool.on("error", (error) => options.log.warn({ err: error }, "an idle database connection was lost"));
  // The same for a connection in use: its query rejects, the event beside that needs a listener too.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });

  async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query("BEGIN");
      const result = await work(client as unknown as Tx);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch((rollbackError: Error) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      // A connection that could not roll back is in an unknown state: it is closed, not reused.
      client.release(broken);
    }
  }

  return {
    pool,
    prisma,
    url: options.url,
    transaction,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

import pg from "pg";
import { describe, expect, it } from "vitest";
import { toAppError } from "../../src/platform/http/index.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();

describe("a database that goes away in the middle of a request", () => {
  it("is unavailable, whichever of the request's statements meets it first", async () => {
    const client = new pg.Client({ connectionString: db.url });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const running = client.query("SELECT pg_sleep(60)").catch((error: Error) => error);
    await db.pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    const told: unknown[] = [await running];
    // The connection is known to be lost from here on, and the driver says so in words of its own.
    for (let next = 0; next < 2; next += 1)
      told.push(await client.query("SELECT 1").catch((error: Error) => error));
    await client.end().catch(() => undefined);
    told.push(await client.query("SELECT 1").catch((error: Error) => error));
    for (const error of told) {
      expect(error).toBeInstanceOf(Error);
      expect(toAppError(error as Error), String(error)).toMatchObject({
        kind: "unavailable",
        code: "database_unavailable",
      });
    }
  });

  it("is not what a wrong statement means", () => {
    expect(toAppError(new Error("something else"))).toMatchObject({ kind: "internal" });
  });
});

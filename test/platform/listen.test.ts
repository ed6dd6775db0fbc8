import { expect, it } from "vitest";
import { listen } from "../../src/platform/db/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { until } from "../kit/until.ts";

const db = await createTestDatabase();

it("hears what is committed on its channel, also after its connection was lost, and says when it begins to", async () => {
  const heard: (string | null)[] = [];
  const say = (payload: string) => db.pool.query("SELECT pg_notify('news', $1)", [payload]);
  const listener = listen({
    name: "coinclicker-test",
    url: db.url,
    channel: "news",
    log: silentLog,
    heard: (payload) => heard.push(payload),
  });
  await until(() => heard.length === 1);
  await db.pool.query("SELECT pg_notify('other', 'nothing')");
  await say("first");
  await until(() => heard.length === 2);
  await db.pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coinclicker-test' AND datname = current_database()",
  );
  await until(() => heard.length === 3);
  await say("second");
  await until(() => heard.length === 4);
  expect(heard).toEqual([null, "first", null, "second"]);
  await listener.close();
  const { rows } = await db.pool.query(
    "SELECT FROM pg_stat_activity WHERE application_name = 'coinclicker-test' AND datname = current_database()",
  );
  expect(rows).toEqual([]);
});

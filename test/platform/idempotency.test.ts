import { describe, expect, it } from "vitest";
import { runIdempotently, type StoredReply } from "../../src/platform/http/idempotency.ts";
import { createTestDatabase } from "../kit/database.ts";

const db = await createTestDatabase();
const ask = (key: string, body: unknown, work: () => Promise<StoredReply>) =>
  runIdempotently(db, { scope: "player-1", key, route: "POST /things", body }, work);

describe("Idempotency-Key", () => {
  it("gives the first reply again, whatever the order of the body's members", async () => {
    let runs = 0;
    const work = async () => ({ status: 202, body: { run: ++runs } });
    const first = await ask("key-replay", { a: 1, b: { c: 2, d: 3 } }, work);
    const second = await ask("key-replay", { b: { d: 3, c: 2 }, a: 1 }, work);
    expect(first).toEqual({ status: 202, body: { run: 1 }, replayed: false });
    expect(second).toEqual({ status: 202, body: { run: 1 }, replayed: true });
  });

  it("refuses the same key for another body", async () => {
    const work = async () => ({ status: 202, body: {} });
    await ask("key-other-body", { a: 1 }, work);
    await expect(ask("key-other-body", { a: 2 }, work)).rejects.toMatchObject({
      code: "idempotency_key_reused",
    });
  });

  it("answers request_in_flight while the first is under way, and runs once", async () => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const running = Promise.withResolvers<void>();
    const first = ask("key-in-flight", {}, async () => {
      runs += 1;
      running.resolve();
      await gate.promise;
      return { status: 202, body: {} };
    });
    await running.promise;
    await expect(ask("key-in-flight", {}, async () => ({ status: 202, body: {} }))).rejects.toMatchObject({
      code: "request_in_flight",
    });
    gate.resolve();
    await first;
    expect(runs).toBe(1);
  });

  it("keeps nothing of a refusal, so that the same key can be tried again", async () => {
    const refused = ask("key-refused", {}, async () => {
      throw new Error("no");
    });
    await expect(refused).rejects.toThrow("no");
    expect(await ask("key-refused", {}, async () => ({ status: 202, body: {} }))).toMatchObject({
      replayed: false,
    });
  });
});

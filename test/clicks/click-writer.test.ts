import { describe, expect, it } from "vitest";
import { ClickWriter } from "../../src/modules/clicks/click-writer.ts";
import { silentLog } from "../kit/log.ts";

type Item = { id: string; poison?: boolean };

/** A store that numbers what it records, each id once, and can lose its connection before or after a commit. */
class Store {
  readonly recorded = new Map<string, number>();
  readonly groups: number[] = [];
  failures: ("before" | "after")[] = [];
  async record(items: readonly Item[]): Promise<number[]> {
    await new Promise((done) => setTimeout(done, 2));
    this.groups.push(items.length);
    const failure = this.failures.shift();
    if (failure === "before") throw Object.assign(new Error("Connection terminated unexpectedly"));
    if (items.some(({ poison }) => poison === true))
      throw Object.assign(new Error("bad row"), { code: "22003" });
    const results = items.map(({ id }) => {
      const known = this.recorded.get(id);
      if (known !== undefined) return known;
      this.recorded.set(id, this.recorded.size + 1);
      return this.recorded.size;
    });
    if (failure === "after") throw Object.assign(new Error("read"), { code: "ECONNRESET" });
    return results;
  }
}

function writerOn(store: Store, patienceMs = 10_000) {
  return new ClickWriter<Item, number>({
    record: (items) => store.record(items),
    log: silentLog,
    patienceMs,
  });
}

describe("the click writer", () => {
  it("puts what arrives together, and what arrives during a commit, into one group each, of at most a thousand", async () => {
    const store = new Store();
    const writer = writerOn(store);
    const first = Array.from({ length: 3 }, (_unused, i) => writer.submit({ id: `a${i}` }));
    await new Promise((done) => setTimeout(done, 0));
    const second = Array.from({ length: 2_500 }, (_unused, i) => writer.submit({ id: `b${i}` }));
    expect(await Promise.all([...first, ...second])).toEqual(
      Array.from({ length: 2_503 }, (_unused, i) => i + 1),
    );
    expect(store.groups).toEqual([3, 1_000, 1_000, 500]);
  });

  it("sends the next group before it answers the one before", async () => {
    const order: string[] = [];
    const writer = new ClickWriter<Item, string>({
      async record(items) {
        const ids = items.map(({ id }) => id).join();
        order.push(`sent ${ids}`);
        await new Promise((done) => setTimeout(done, 2));
        return items.map(({ id }) => id);
      },
      onRecorded: (_items, results) => order.push(`recorded ${results.join()}`),
      log: silentLog,
    });
    const submit = (id: string) => writer.submit({ id }).then((result) => order.push(`answered ${result}`));
    const first = submit("a");
    await new Promise((done) => setTimeout(done, 0));
    await Promise.all([first, submit("b"), submit("c")]);
    expect(order).toEqual([
      "sent a",
      "sent b,c",
      "recorded a",
      "answered a",
      "recorded b,c",
      "answered b",
      "answered c",
    ]);
  });

  it("gives the one result to everybody who submits the same click at the same time", async () => {
    const store = new Store();
    const writer = writerOn(store);
    expect(await Promise.all(Array.from({ length: 10 }, () => writer.submit({ id: "same" })))).toEqual(
      Array(10).fill(1),
    );
    expect(store.groups).toEqual([1]);
  });

  it("finds out what became of a commit whose answer was lost, and does not do it again", async () => {
    const store = new Store();
    store.failures = ["after", "before", "after"];
    const writer = writerOn(store);
    expect(await Promise.all([writer.submit({ id: "a" }), writer.submit({ id: "b" })])).toEqual([1, 2]);
    expect(store.recorded.size).toBe(2);
  });

  it("lets one click that cannot be recorded fail alone", async () => {
    const store = new Store();
    const writer = writerOn(store);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_unused, i) => writer.submit({ id: `${i}`, poison: i === 7 })),
    );
    expect(results.flatMap((result, i) => (result.status === "rejected" ? [i] : []))).toEqual([7]);
    expect(results[7]).toMatchObject({ reason: { code: "22003" } });
    expect(store.recorded.size).toBe(19);
  });

  it("says that the outcome is unknown when the database stays away, and takes the same click again after", async () => {
    const store = new Store();
    store.failures = Array(1_000).fill("before");
    const writer = writerOn(store, 60);
    await expect(writer.submit({ id: "a" })).rejects.toMatchObject({
      kind: "unavailable",
      code: "click_outcome_unknown",
      retryAfterSeconds: 2,
    });
    store.failures = [];
    expect(await writer.submit({ id: "a" })).toBe(1);
  });

  it("refuses what it could not record in time rather than let everybody wait", async () => {
    const writer = writerOn(new Store());
    const results = await Promise.allSettled(
      Array.from({ length: 20_500 }, (_unused, i) => writer.submit({ id: `${i}` })),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(500);
    expect(refused[0]?.reason).toMatchObject({ kind: "unavailable", code: "overloaded" });
  });

  it("drains: everything submitted has its result", async () => {
    const store = new Store();
    const writer = writerOn(store);
    let answered = 0;
    for (let i = 0; i < 1_500; i += 1) void writer.submit({ id: `${i}` }).then(() => (answered += 1));
    await writer.drain();
    expect(answered).toBe(1_500);
  });
});

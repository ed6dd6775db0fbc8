import { expect, it } from "vitest";
import { fuzz } from "../../scripts/fuzz/run.ts";

// `npm run fuzz -- --requests 100000` is the same for as long as one likes, with another seed each time.
it("answers 5,000 requests built from its own OpenAPI document and spoilt, none of them wrongly", async () => {
  const asked = process.env.FC_SEED ?? "49180";
  const seed = asked === "random" ? Math.trunc(performance.timeOrigin) % 2 ** 31 : Number.parseInt(asked, 10);
  const report = await fuzz({ requests: 5_000, seed, onProgress: () => undefined });
  expect(report.findings, `npm run fuzz -- --requests 5000 --seed ${seed}`).toEqual([]);
  // What never gets past the first check has not been tried: each route was also used as it is meant to be.
  const unreached = [...report.successes].filter(([, count]) => count === 0).map(([name]) => name);
  expect(unreached).toEqual([]);
  expect(report.socketEvents).toBeGreaterThanOrEqual(500);
});

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { policyOf } from "../../src/modules/payouts/index.ts";
import { formatUnits } from "../../src/platform/amounts.ts";
import { createTestDatabase } from "../kit/database.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(ROOT, "docs/security.md"), "utf8");
/** A test is named by its title, in code, and linked to its file. */
const named = [...text.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)]+)\)/g)].map(([, title = "", file = ""]) => ({
  title,
  file,
}));

describe("docs/security.md", () => {
  it("names tests for what it says", () => {
    expect(named.length).toBeGreaterThan(40);
  });

  it.each(named)("does not make up $title", ({ title, file }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const source = readFileSync(join(ROOT, file), "utf8");
    if (file.endsWith(".sol")) expect(source).toMatch(new RegExp(`function ${title}\\(`));
    else expect(source).toContain(title);
  });

  it("gives the limits that a deployment starts with", async () => {
    const example = JSON.parse(readFileSync(join(ROOT, "ignition/parameters/example.json"), "utf8")) as {
      PayoutVault: {
        delaySeconds: number;
        assets: { limits: { bucketCapacity: string; bucketRefill: string; tiers: { above: string }[] } }[];
      };
    };
    const { assets, delaySeconds } = example.PayoutVault;
    const limits = assets[0]?.limits;
    const flr = (wei = "") => `${grouped(formatUnits(BigInt(wei.replace("n", "")), 18))} FLR`;
    expect(text).toContain(`bucket ${flr(limits?.bucketCapacity)}`);
    expect(text).toContain(`refill ${flr(limits?.bucketRefill)} a second`);
    for (const tier of limits?.tiers ?? []) expect(text).toContain(flr(tier.above));
    expect(text).toContain(`${grouped(String(delaySeconds))} seconds`);
    const db = await createTestDatabase();
    for (const [asset, scale] of [
      ["FLR", 18],
      ["XRP", 6],
      ["RLUSD", 6],
    ] as const) {
      const policy = await policyOf(db.pool, asset);
      expect(text).toContain(`${grouped(formatUnits(policy?.assetDailyCap ?? 0n, scale))} ${asset}`);
    }
  });
});

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { sameSecret } from "../../src/platform/same-secret.ts";
import { createTestApp } from "../kit/app.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const HELPER = "src/platform/same-secret.ts";
const lines = globSync("src/**/*.ts", { cwd: ROOT })
  .filter((path) => !path.startsWith("src/generated/") && path !== HELPER)
  .flatMap((path) =>
    readFileSync(join(ROOT, path), "utf8")
      .split("\n")
      .map((text, index) => ({ at: `${path}:${index + 1}`, text: text.trim() })),
  );

/** What is secret is named so. */
const SECRET = String.raw`(?:\w*mac|\w*secret|password|signingKey|(?:access|refresh|metrics)?token)`;
const COMPARED = new RegExp(
  String.raw`(?:^|[^\w])${SECRET} [!=]==? |[!=]==? (?:[\w.]+\.)?${SECRET}\b(?![.(])|\b${SECRET}\.(?:equals|compare|startsWith|localeCompare)\(`,
  "i",
);
/** Whether it is there at all may be asked in any way. */
const PRESENCE = /(?:typeof )?[\w.]+ [!=]== (?:undefined|null|""|"string")/g;

function comparesSecret(text: string): boolean {
  return COMPARED.test(text.replace(PRESENCE, ""));
}

describe("a secret", () => {
  it("is compared by one helper only", () => {
    expect(lines.filter(({ text }) => /\btimingSafeEqual\b/.test(text))).toEqual([]);
    expect(lines.filter(({ text }) => comparesSecret(text))).toEqual([]);
  });

  it.each([
    "if (mac === expected) return true;",
    "return given.refreshToken !== stored.refreshToken;",
    "if (expected == metricsToken) return;",
    "if (token.equals(other)) return;",
  ])("would be found in: %s", (text) => {
    expect(comparesSecret(text)).toBe(true);
  });

  it("is the same as itself, as text or as bytes, and as nothing else", () => {
    expect(sameSecret("correct horse", "correct horse")).toBe(true);
    expect(sameSecret(Buffer.from("correct horse"), "correct horse")).toBe(true);
    for (const other of ["", "correct hors", "correct horse ", "Correct horse", "correct\u0000horse"])
      expect(sameSecret(other, "correct horse")).toBe(false);
  });

  it("opens the metrics to whoever has it, from any machine, and to nobody else", async () => {
    const app = await createTestApp({ ROLE: "api", METRICS_TOKEN: "metrics-token-of-the-test" });
    const ask = async (authorization?: string) =>
      (
        await app.app.http.inject({
          method: "GET",
          url: "/metrics",
          remoteAddress: "203.0.113.7",
          headers: authorization === undefined ? {} : { authorization },
        })
      ).statusCode;
    expect(await ask("Bearer metrics-token-of-the-test")).toBe(200);
    for (const wrong of [
      undefined,
      "Bearer ",
      "Bearer metrics-token-of-the-tes",
      "Bearer metrics-token-of-the-test2",
    ])
      expect(await ask(wrong)).toBe(403);
  });
});

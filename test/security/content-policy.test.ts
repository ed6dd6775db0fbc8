import { describe, expect, it } from "vitest";
import { createTestApp } from "../kit/app.ts";

const app = await createTestApp({ ROLE: "api" });

/** The policy of an answer by directive. */
async function policyOf(path: string, headers: Record<string, string> = {}): Promise<Map<string, string>> {
  const answer = await fetch(`${app.url}${path}`, { headers, redirect: "manual" });
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("x-frame-options")).toBe("SAMEORIGIN");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  expect(answer.headers.get("x-powered-by")).toBeNull();
  const text = answer.headers.get("content-security-policy") ?? "";
  return new Map(
    text.split(";").map((directive) => {
      const [name = "", ...sources] = directive.trim().split(" ");
      return [name, sources.join(" ")];
    }),
  );
}

describe("the content policy", () => {
  it.each([
    ["the page", "/"],
    ["a route of the page", "/wallet"],
    ["the API's reference", "/docs"],
    ["an answer", "/api/v1/config"],
    ["a refusal", "/api/v1/auth/session"],
    ["what is not there", "/api/v1/nothing"],
  ])("of %s lets no script run but our files, and nobody frame it", async (_what, path) => {
    const policy = await policyOf(path, { accept: "text/html" });
    expect(policy.get("default-src")).toBe("'self'");
    expect(policy.get("script-src")).toBe("'self'");
    expect(policy.get("script-src-attr")).toBe("'none'");
    expect(policy.get("object-src")).toBe("'none'");
    expect(policy.get("base-uri")).toBe("'self'");
    expect(policy.get("form-action")).toBe("'self'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
  });

  it("needs no exception: the API's reference has no script, handler or address of script in it", async () => {
    const html = await (await fetch(`${app.url}/docs`)).text();
    const inline = [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)].filter(
      ([, attributes = "", text = ""]) => !/\bsrc=/.test(attributes) && text.trim() !== "",
    );
    expect(inline).toEqual([]);
    expect(html).not.toMatch(/\son\w+\s*=/i);
    expect(html).not.toMatch(/javascript:/i);
    expect(html).toContain('<script src="/docs/scalar.js"></script>');
  });
});

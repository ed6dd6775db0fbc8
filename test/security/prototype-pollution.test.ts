import { describe, expect, it } from "vitest";
import { createTestApp, randomWallet, signIn } from "../kit/app.ts";
import { ask, operationsOf } from "./operations.ts";

const app = await createTestApp({ ROLE: "api" });
const token = await signIn(app, randomWallet());
const operations = operationsOf(app);

/** The app runs in this very process: what it did to the prototypes shows here. */
function polluted(): string[] {
  const known = ["polluted", "isAdmin", "roles", "account"];
  return known.filter((key) => key in {} || key in [] || key in (() => undefined));
}

const BODIES = [
  '{"__proto__":{"polluted":true,"isAdmin":true,"roles":["admin"]}}',
  '{"constructor":{"prototype":{"polluted":true,"roles":["admin"]}}}',
  '{"a":{"__proto__":{"polluted":true}}}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '[{"__proto__":{"polluted":true}}]',
];

describe("the prototypes of everything", () => {
  it.each(operations)("are as they were after $method $path", async ({ method, path }) => {
    const query = "__proto__[polluted]=1&constructor[prototype][polluted]=1&__proto__.polluted=1&__proto__=1";
    for (const body of BODIES) {
      const answer = await ask(app, method, `${path}?${query}`, {
        token: path.endsWith("/auth/logout") ? "none" : token,
        body,
        headers: {
          cookie: "__proto__=1; constructor=2; prototype[polluted]=3",
          "idempotency-key": "prototype-1",
        },
      });
      expect(answer.status).toBeLessThan(500);
      // Nobody is more than they were for it.
      if (path.startsWith("/admin/")) expect([403, 404]).toContain(answer.status);
    }
    expect(polluted()).toEqual([]);
  });

  it("would be seen to change", () => {
    Object.defineProperty(Object.prototype, "polluted", { value: true, configurable: true });
    expect(polluted()).toEqual(["polluted"]);
    Reflect.deleteProperty(Object.prototype, "polluted");
  });
});

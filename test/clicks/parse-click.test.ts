import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clickId } from "../../src/modules/clicks/click-id.ts";
import { parseClick } from "../../src/modules/clicks/parse-click.ts";
import { normalizeUserAgent } from "../../src/modules/clicks/user-agent.ts";

describe("a click's input", () => {
  it("counts once unless told", () => {
    expect(parseClick({ clientNonce: "a" })).toEqual({ clientNonce: "a", count: 1 });
    expect(parseClick({ clientNonce: "a", count: 50 })).toEqual({ clientNonce: "a", count: 50 });
  });

  it.each([
    [undefined, /object/],
    [null, /object/],
    ["a", /object/],
    [[{ clientNonce: "a" }], /object/],
    [{}, /clientNonce/],
    [{ clientNonce: "" }, /clientNonce/],
    [{ clientNonce: 7 }, /clientNonce/],
    [{ clientNonce: "with space" }, /clientNonce/],
    [{ clientNonce: "é" }, /clientNonce/],
    [{ clientNonce: "x".repeat(65) }, /clientNonce/],
    [{ clientNonce: "a", count: 0 }, /count/],
    [{ clientNonce: "a", count: -1 }, /count/],
    [{ clientNonce: "a", count: 1.5 }, /count/],
    [{ clientNonce: "a", count: 51 }, /count/],
    [{ clientNonce: "a", count: Number.NaN }, /count/],
    [{ clientNonce: "a", count: "1" }, /count/],
    [{ clientNonce: "a", count: null }, /count/],
    [{ clientNonce: "a", energy: 1_000 }, /"energy"/],
  ])("refuses %j and says why", (input, why) => {
    expect(() => parseClick(input)).toThrow(
      expect.objectContaining({ code: "invalid_click", message: expect.stringMatching(why) }),
    );
  });

  it("never fails in another way, whatever comes over a socket", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (input) => {
          try {
            expect(parseClick(input).count).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toMatchObject({ code: "invalid_click" });
          }
        },
      ),
    );
  });
});

describe("a click's id", () => {
  const session = fc.uuid();
  const nonce = fc.string({ minLength: 1, maxLength: 64 });

  it("is one UUIDv8 for one session and nonce, and another for any other", () => {
    fc.assert(
      fc.property(session, nonce, session, nonce, (s1, n1, s2, n2) => {
        expect(clickId(s1, n1)).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        expect(clickId(s1, n1) === clickId(s2, n2)).toBe(s1 === s2 && n1 === n2);
      }),
    );
  });

  it("begins alike for one session, so that its clicks lie together in the index", () => {
    const prefixes = new Set(
      Array.from({ length: 100 }, (_unused, i) => clickId("session", `n${i}`).slice(0, 13)),
    );
    expect(prefixes.size).toBe(1);
  });
});

describe("a user agent", () => {
  it("is stored without what changes with every release", () => {
    const chrome = (version: string) =>
      `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;
    expect(normalizeUserAgent(chrome("126.0.6478.127"))).toBe(normalizeUserAgent(chrome("126.1.2")));
    expect(normalizeUserAgent(chrome("126.0"))).not.toBe(normalizeUserAgent(chrome("127.0")));
    expect(normalizeUserAgent(undefined)).toBe("");
    expect(normalizeUserAgent(`a\u0000b${"x".repeat(1_000)}`)).toMatch(/^a bx{157}$/);
  });
});

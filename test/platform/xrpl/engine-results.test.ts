import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import {
  classifyFinal,
  isOfOtherTransactions,
  isProvisionalRefusal,
} from "../../../src/platform/xrpl/engine-results.ts";

/** The codec that xrpl signs with knows every result of the ledger by name. */
const codec = createRequire(createRequire(import.meta.url).resolve("xrpl")).resolve("ripple-binary-codec");
const definitions = JSON.parse(
  readFileSync(codec.replace(/index\.js$/, "enums/definitions.json"), "utf8"),
) as { TRANSACTION_RESULTS: Record<string, number> };
const results = Object.keys(definitions.TRANSACTION_RESULTS);
const finals = results.filter((name) => /^te[sc]/.test(name));

describe("engine results", () => {
  it("knows every result that can be final, each once", () => {
    expect(finals.length).toBeGreaterThan(80);
    const unknown = finals.filter((name) =>
      classifyFinal(name).text.startsWith("a result that this version"),
    );
    expect(unknown).toEqual([]);
    const twice = finals.filter(
      (name) => isOfOtherTransactions(name) && !classifyFinal(name).text.startsWith("no payment"),
    );
    expect(twice).toEqual([]);
  });

  it("calls nothing but tesSUCCESS paid", () => {
    expect(finals.filter((name) => classifyFinal(name).effect === "success")).toEqual(["tesSUCCESS"]);
    for (const name of ["tecNEW_ONE", "tesNEW", "", "toString", "terQUEUED", "temBAD_FEE"])
      expect(classifyFinal(name).effect, name).toBe("operator");
  });

  it.each([
    ["tecDST_TAG_NEEDED", "payee"],
    ["tecNO_DST_INSUF_XRP", "payee"],
    ["tecNO_PERMISSION", "payee"],
    ["tecPATH_DRY", "payee"],
    ["tecUNFUNDED_PAYMENT", "operator"],
    ["tecTOO_SOON", "later"],
    ["tecXCHAIN_SELF_COMMIT", "operator"],
  ])("%s is for the %s", (name, effect) => {
    expect(classifyFinal(name).effect).toBe(effect);
    expect(isProvisionalRefusal(name)).toBe(false);
  });

  it("takes no refusal of a submit for final", () => {
    const provisional = results.filter(isProvisionalRefusal);
    expect(provisional).toEqual(results.filter((name) => !/^te[sc]/.test(name)));
    expect(provisional).toEqual(
      expect.arrayContaining(["tefPAST_SEQ", "terQUEUED", "telINSUF_FEE_P", "temREDUNDANT", "tefMAX_LEDGER"]),
    );
  });
});

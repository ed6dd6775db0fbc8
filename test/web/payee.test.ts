import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeXAddress } from "xrpl";
import { hardhatWallets, localXrplAccounts } from "../../src/config.ts";
import { parseXrplDestination } from "../../src/platform/xrpl/address.ts";
import { ApiProblem, sentenceOf, Unreachable } from "../../web/src/api/problem.ts";
import { refusedField } from "../../web/src/api/refusal-field.ts";
import type { LinkedWallet } from "../../web/src/api/types.ts";
import { ownWallet } from "../../web/src/cash-out/own-wallet.ts";
import { payableWith } from "../../web/src/cash-out/payable.ts";
import { explorerLink } from "../../web/src/chain/networks.ts";
import { isWhole, readPayee } from "../../web/src/chain/payee-text.ts";
import { railOf, splitTag } from "../../web/src/chain/rails.ts";
import { sameAddress } from "../../web/src/chain/wallet.ts";
import { shorten } from "../../web/src/lib/shorten.ts";

const R = localXrplAccounts().player.address;
const EVM = hardhatWallets()[1]?.address ?? "";

describe("a payee that somebody types", () => {
  it("is an EVM address on Flare, whole", () => {
    expect(readPayee("flare", ` ${EVM} `, "").value).toEqual({ to: EVM });
    for (const text of ["", "0x", EVM.slice(0, -1), `${EVM}0`, R]) {
      expect(readPayee("flare", text, "").fault?.field).toBe("to");
    }
  });

  it("is an address of the XRP Ledger in any form that the server reads, with a tag beside it or without", () => {
    const account = Uint8Array.from(Buffer.alloc(20, 7));
    const x = encodeXAddress(account, 5, true);
    for (const text of [R, `${R}:7`, x]) {
      expect(readPayee("xrpl", text, "")).toEqual({ value: { to: text }, fault: null });
      expect(parseXrplDestination(text, { networkId: 21_337 }).address).toMatch(/^r/);
    }
    expect(readPayee("xrpl", R, "0").value).toEqual({ to: R, destinationTag: 0 });
    expect(readPayee("xrpl", R, " 4294967295 ").value).toEqual({ to: R, destinationTag: 4_294_967_295 });
  });

  it.each(["4294967296", "1.5", "-1", "abc", "99999999999"])("has no tag %s", (tag) => {
    expect(readPayee("xrpl", R, tag).fault?.field).toBe("tag");
  });

  it("is told apart from one of the other chain, in words", () => {
    expect(readPayee("xrpl", EVM, "").fault?.text).toContain("address of Flare");
    expect(readPayee("xrpl", "r", "").fault?.field).toBe("to");
  });

  it("is judged once it is long enough, not while its first letters are typed", () => {
    expect([isWhole("r"), isWhole(R), isWhole("0x12"), isWhole(EVM)]).toEqual([false, true, false, true]);
  });
});

describe("addresses", () => {
  it("tell their chain by their shape, as hashes of transactions do", () => {
    expect([railOf(EVM), railOf(R), railOf(`0x${"a".repeat(64)}`), railOf("A".repeat(64))]).toEqual([
      "flare",
      "xrpl",
      "flare",
      "xrpl",
    ]);
  });

  it("are the same in any case on Flare, and only to the letter on the XRP Ledger", () => {
    expect(sameAddress(EVM, EVM.toLowerCase())).toBe(true);
    expect(sameAddress(R, R.toLowerCase())).toBe(false);
    expect(sameAddress(R, R)).toBe(true);
  });

  it("are shortened so that both ends are seen, and part from their tags", () => {
    expect(shorten(R)).toBe(`${R.slice(0, 6)}…${R.slice(-4)}`);
    expect(shorten(`${R}:4711`)).toBe(`${R.slice(0, 6)}…${R.slice(-4)}:4711`);
    expect(splitTag(`${R}:0`)).toEqual({ address: R, tag: "0" });
    expect(splitTag(R)).toEqual({ address: R, tag: null });
  });

  it("lead to where others show them, and nowhere from local chains", () => {
    const main = { flare: { chainId: 14, vault: EVM }, xrpl: { networkId: 0, treasury: R } };
    const local = { flare: { chainId: 31_337, vault: EVM }, xrpl: { networkId: 21_337, treasury: R } };
    expect(explorerLink(main, "xrpl", "tx", "AB")).toBe("https://livenet.xrpl.org/transactions/AB");
    expect(explorerLink(main, "xrpl", "address", R)).toBe(`https://livenet.xrpl.org/accounts/${R}`);
    expect(explorerLink(main, "flare", "address", EVM)).toContain(`/address/${EVM}`);
    expect(explorerLink(local, "xrpl", "tx", "AB")).toBeNull();
    expect(explorerLink({}, "xrpl", "tx", "AB")).toBeNull();
  });
});

describe("a refusal", () => {
  const problem = (code: string, status = 422, details: Record<string, unknown> = {}): ApiProblem =>
    new ApiProblem(status, { code, detail: "why", details }, null);

  it.each([
    ["amount_too_small", "amount", {}],
    ["player_daily_cap", "amount", {}],
    ["destination_tag_required", "tag", { to: R }],
    ["no_wallet_on_rail", "to", {}],
    ["destination_unfunded", "to", { to: R }],
    ["trust_line_missing", "to", { to: R }],
    ["a_reason_that_was_added_later", "to", { to: R }],
    ["treasury_short", null, {}],
  ] as const)("%s stands beside the field %s", (code, field, details) => {
    expect(refusedField(problem(code, 422, details))).toBe(field);
  });

  it("of a server that is away or paused is about no field", () => {
    expect(refusedField(problem("rail_paused", 503, { to: R }))).toBeNull();
    expect(refusedField(new Unreachable(null))).toBeNull();
  });

  it("begins as a sentence does, but an address stays as it is", () => {
    expect(sentenceOf("the payout is paused")).toBe("The payout is paused.");
    expect(sentenceOf("to, and nothing else")).toBe("To, and nothing else.");
    expect(sentenceOf(`${R} does not exist`)).toBe(`${R} does not exist.`);
    expect(sentenceOf("0xabc is reserved")).toBe("0xabc is reserved.");
    expect(sentenceOf("Paid.")).toBe("Paid.");
  });
});

describe("what a balance is paid in", () => {
  const assets = ["COIN", "FLR", "XRP"].map((code) => ({ code, scale: 0, kind: "", tiers: [] }));
  const rates = [
    { from: "COIN", to: "FLR", rate: "1000000000000000" },
    { from: "COIN", to: "XRP", rate: "1000" },
    { from: "COIN", to: "RLUSD", rate: "1000" },
  ];

  it("is every asset with a rate that is known here", () => {
    expect(payableWith({ assets, rates }, "COIN")).toEqual([
      { code: "FLR", rate: 10n ** 15n },
      { code: "XRP", rate: 1_000n },
    ]);
  });

  it("is itself for an asset that leaves as it is, and nothing for a point without a rate", () => {
    expect(payableWith({ assets, rates }, "XRP")).toEqual([{ code: "XRP", rate: 1n }]);
    expect(payableWith({ assets, rates }, "CHIPS")).toEqual([]);
  });
});

describe("where an account is paid", () => {
  const wallet = (address: string, payTo: boolean): LinkedWallet => ({
    address,
    chain: railOf(address),
    payTo,
    linkedAt: "",
    isFirst: false,
  });

  it("is the wallet that was chosen on that chain", () => {
    const wallets = [wallet(EVM, true), wallet("rOther", false), wallet(R, true)];
    expect(ownWallet(wallets, { account: EVM }, "xrpl")).toBe(R);
    expect(ownWallet(wallets, { account: EVM }, "flare")).toBe(EVM);
  });

  it("is the account's own address on its own chain while wallets are not known, and nowhere on the other", () => {
    expect(ownWallet(undefined, { account: R }, "xrpl")).toBe(R);
    expect(ownWallet(undefined, { account: R }, "flare")).toBeNull();
    expect(ownWallet([wallet(EVM, true)], { account: EVM }, "xrpl")).toBeNull();
  });
});

describe("hex of a text", () => {
  it("is that of its bytes", async () => {
    const { hexOf } = await import("../../web/src/lib/hex.ts");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(hexOf(text)).toBe(Buffer.from(text, "utf8").toString("hex"));
      }),
    );
  });
});

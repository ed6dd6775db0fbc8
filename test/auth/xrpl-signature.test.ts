import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, type Transaction } from "xrpl";
import { xrplSignerOf } from "../../src/modules/auth/xrpl-signature.ts";
import { standingOf } from "../../src/platform/xrpl/keys.ts";
import { ALGORITHMS, memos, multiSignedBlob, newXrplWallet, signInBlob, signMessage } from "./xrpl-wallet.ts";

const MESSAGE = "a message\nof two lines, with é and 🎲";

describe.each(ALGORITHMS)("a proof by %s", (algorithm) => {
  const wallet = newXrplWallet(algorithm);
  const other = newXrplWallet(algorithm);
  const account = wallet.classicAddress;
  const good = signMessage(wallet, MESSAGE);
  const payment = wallet.sign({
    TransactionType: "Payment",
    Account: account,
    Destination: other.classicAddress,
    Amount: "1",
    Fee: "12",
    Sequence: 1,
    Memos: memos(MESSAGE),
  });
  const accountSet = wallet.sign({
    TransactionType: "AccountSet",
    Account: account,
    Fee: "12",
    Sequence: 1,
    Memos: memos(MESSAGE),
  });
  const multiSigned = decode(multiSignedBlob(wallet, MESSAGE).blob);
  const { blob } = signInBlob(wallet, MESSAGE);
  const without = (field: string) => {
    const { [field]: _left, ...rest } = decode(blob);
    return { blob: encode(rest as unknown as Transaction) };
  };
  const instead = (fields: object) => ({
    blob: encode({ ...decode(blob), ...fields } as unknown as Transaction),
  });
  const signerOf = (proof: Parameters<typeof xrplSignerOf>[0]["proof"]) =>
    xrplSignerOf({ account, message: MESSAGE, proof });

  it("names whose key signed, bare and in a blob, in either case", () => {
    for (const proof of [good, { blob }]) {
      expect(signerOf(proof)).toEqual({ signer: account });
      const lower = Object.fromEntries(
        Object.entries(proof).map(([key, value]) => [key, value.toLowerCase()]),
      );
      expect(signerOf(lower as typeof proof)).toEqual({ signer: account });
    }
    expect(signerOf(signMessage(other, MESSAGE))).toEqual({ signer: other.classicAddress });
  });

  it("names whose key signed a blob for the account, when that is another's", () => {
    const foreign = signInBlob(other, MESSAGE, { Account: account });
    expect(signerOf(foreign)).toEqual({ signer: other.classicAddress });
  });

  it.each([
    ["another message", signMessage(wallet, `${MESSAGE}.`), "wrong_signature"],
    ["another key", { ...good, publicKey: other.publicKey }, "wrong_signature"],
    ["a key that is no point", { ...good, publicKey: `02${"f".repeat(64)}` }, "wrong_signature"],
    ["an ed25519 key that is no point", { ...good, publicKey: `ED${"f".repeat(64)}` }, "wrong_signature"],
    ["a key of no kind", { ...good, publicKey: `07${"1".repeat(64)}` }, "wrong_signature"],
    ["no key", { ...good, publicKey: "" }, "wrong_signature"],
    ["half a signature", { ...good, signature: good.signature.slice(0, 64) }, "wrong_signature"],
    ["a signature of zeros", { ...good, signature: "0".repeat(128) }, "wrong_signature"],
    ["no signature", { ...good, signature: "" }, "wrong_signature"],
    ["a signed payment", { blob: payment.tx_blob }, "blob_is_transaction"],
    ["a signed AccountSet", { blob: accountSet.tx_blob }, "blob_is_transaction"],
    [
      "a payment whose type is one that no ledger knows",
      { blob: encode({ ...decode(payment.tx_blob), TransactionType: "Invalid" } as never) },
      "blob_malformed",
    ],
    [
      "a payment without its type",
      (() => {
        const { TransactionType: _type, ...rest } = decode(payment.tx_blob);
        return { blob: encode(rest as unknown as Transaction) };
      })(),
      "wrong_signature",
    ],
    ["a multi-signed blob", multiSignedBlob(wallet, MESSAGE), "blob_multi_signed"],
    ["one that is signed both ways", instead({ Signers: multiSigned.Signers }), "blob_multi_signed"],
    ["no signing key", without("SigningPubKey"), "wrong_signature"],
    ["no signature in it", without("TxnSignature"), "wrong_signature"],
    ["another account", signInBlob(other, MESSAGE), "blob_of_another_account"],
    ["no account", without("Account"), "blob_of_another_account"],
    ["another memo", signInBlob(wallet, `${MESSAGE}.`), "blob_without_message"],
    ["an exchanged memo", instead({ Memos: memos("other") }), "blob_without_message"],
    ["no memo", signInBlob(wallet, MESSAGE, { Memos: undefined }), "blob_without_message"],
    ["a second memo", signInBlob(wallet, MESSAGE, { Memos: memos(MESSAGE, "more") }), "blob_without_message"],
    [
      "a memo before it",
      signInBlob(wallet, MESSAGE, { Memos: memos("more", MESSAGE) }),
      "blob_without_message",
    ],
    [
      "the message as the memo's type",
      signInBlob(wallet, MESSAGE, { Memos: [{ Memo: { MemoType: memos(MESSAGE)[0]?.Memo.MemoData } }] }),
      "blob_without_message",
    ],
    ["an edited field", instead({ Sequence: 7 }), "wrong_signature"],
    ["bytes behind it", { blob: `${blob}00` }, "blob_malformed"],
    ["half of it", { blob: blob.slice(0, blob.length / 2) }, "blob_malformed"],
    ["a field twice", { blob: `${blob}2200000000` }, "blob_malformed"],
    ["nothing", { blob: "" }, "blob_of_another_account"],
    ["zeros", { blob: "00".repeat(200) }, "blob_malformed"],
    ["very deep nesting", { blob: "F9EA".repeat(4_000) }, "blob_malformed"],
  ])("is none with %s", (_name, proof, fault) => {
    expect(signerOf(proof)).toEqual({ fault });
  });

  it("is broken by any change of a byte, and never throws", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        for (const [field, proof] of [
          ["blob", { blob }],
          ["signature", good],
          ["publicKey", good],
        ] as const) {
          const bytes = Buffer.from((proof as Record<string, string>)[field] ?? "", "hex");
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ mask;
          const changed = { ...proof, [field]: bytes.toString("hex") };
          expect(signerOf(changed as typeof proof)).not.toEqual({ signer: account });
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is none in any bytes", () => {
    const hex = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    fc.assert(
      fc.property(hex, hex, (one, two) => {
        expect(signerOf({ signature: one, publicKey: two })).toHaveProperty("fault");
        expect(signerOf({ signature: one, publicKey: wallet.publicKey })).toHaveProperty("fault");
        expect(signerOf({ blob: one })).toHaveProperty("fault");
      }),
    );
  });
});

it("a SignIn that Xaman signed has the form that is read here", () => {
  // The example of github.com/XRPL-Labs/verify-xrpl-signature: signed by Xaman, with no memo to bind it to anything.
  const blob =
    "2280000000240000000268400000000000000C73210333C718C9CB716E0575454F4A343D46B284ED51151B9C7383524B82C10B262095744730450221009A4D99017F8FD6881D888047E2F9F90C068C09EC9308BC8526116B539D6DD44102207FAA7E8756F67FE7EE1A88884F120A00A8EC37E7D3E5ED3E02FEA7B1D97AA05581146C0994D3FCB140CAB36BAE9465137448883FA487";
  const account = "rwiETSee2wMz3SBnAG8hkMsCgvGy9LWbZ1";
  expect(decode(blob)).toMatchObject({ Account: account });
  expect(decode(blob)).not.toHaveProperty("TransactionType");
  expect(xrplSignerOf({ account, message: MESSAGE, proof: { blob } })).toEqual({
    fault: "blob_without_message",
  });
});

describe("which keys speak for an account", () => {
  const keys = (masterDisabled: boolean, regularKey: string | null) => ({ masterDisabled, regularKey });
  it.each([
    ["the master key of an account that is not there", "rA", null, "may_sign"],
    ["another key of an account that is not there", "rB", null, "not_a_key"],
    ["the master key", "rA", keys(false, null), "may_sign"],
    ["the master key beside a regular one", "rA", keys(false, "rB"), "may_sign"],
    ["the regular key", "rB", keys(false, "rB"), "may_sign"],
    ["the regular key once the master key is disabled", "rB", keys(true, "rB"), "may_sign"],
    ["the master key once it is disabled", "rA", keys(true, "rB"), "master_disabled"],
    ["the master key once it is disabled and there is no other", "rA", keys(true, null), "master_disabled"],
    ["a master key that is the regular key too", "rA", keys(true, "rA"), "may_sign"],
    ["another key", "rC", keys(false, "rB"), "not_a_key"],
  ] as const)("%s: %s with %o: %s", (_name, signer, known, standing) => {
    expect(standingOf("rA", signer, known)).toBe(standing);
  });
});

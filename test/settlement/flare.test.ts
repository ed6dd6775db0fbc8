import { getAddress, Interface, ZeroAddress } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import { gasToOffer } from "../../src/modules/settlement/rails/flare/gas.ts";
import {
  broadcastResult,
  isSignerOutOfFunds,
  isStateMissing,
  isTooMuchGas,
} from "../../src/modules/settlement/rails/flare/node-errors.ts";
import {
  decodePayments,
  encodeInstruction,
  packEntry,
  refusalOf,
  unpackEntry,
  vaultInterface,
} from "../../src/modules/settlement/rails/flare/vault.ts";
import { EvmRpcError } from "../../src/platform/evm-rpc.ts";

const VAULT = "0x0165878A594ca255338adfa4d48449f69242Eb8F";
const says = (message: string) =>
  new EvmRpcError("eth_sendRawTransaction", "http://node", { code: -32_000, message });

describe("what nodes say about a transaction", () => {
  const table: [text: string, result: string][] = [
    ["already known", "known"],
    ["Known transaction: 0x5b0f", "known"],
    ["nonce too low", "nonce_consumed"],
    ["nonce too low: next nonce 7, tx nonce 5", "nonce_consumed"],
    [
      "Nonce too low. Expected nonce to be 7 but got 5. Note that transactions can't be queued when automining.",
      "nonce_consumed",
    ],
    ["Transaction nonce too low. Expected nonce to be at least 7 but got 5.", "nonce_consumed"],
    ["replacement transaction underpriced", "underpriced"],
    ["transaction underpriced: tip needed 1, tip permitted 0", "underpriced"],
    [
      "Replacement transaction underpriced. A gasPrice/maxFeePerGas of at least 3 is necessary",
      "underpriced",
    ],
    ["Nonce too high. Expected nonce to be 5 but got 7.", "rejected"],
    ["insufficient funds for gas * price + value", "rejected"],
  ];
  it.each(table)("%s: %s", (text, result) => {
    expect(broadcastResult(says(text)).result).toBe(result);
  });

  it("is told apart where simulations fail", () => {
    expect(isTooMuchGas(says("gas required exceeds allowance (15000000)"))).toBe(true);
    expect(isTooMuchGas(says("execution reverted"))).toBe(false);
    expect(isSignerOutOfFunds(says("insufficient funds for gas * price + value: balance 0"))).toBe(true);
    expect(
      isSignerOutOfFunds(says("Sender doesn't have enough funds to send tx. The max upfront cost is: 1")),
    ).toBe(true);
    expect(isStateMissing(says("missing trie node 1234 (path )"))).toBe(true);
    expect(isStateMissing(says("execution reverted"))).toBe(false);
  });
});

describe("a batch's entries", () => {
  const payment = fc.record({
    number: fc.bigInt({ min: 1n, max: (1n << 40n) - 1n }),
    to: fc
      .uint8Array({ minLength: 20, maxLength: 20 })
      .map((bytes) => getAddress(`0x${Buffer.from(bytes).toString("hex")}`)),
    amount: fc.bigInt({ min: 1n, max: (1n << 96n) - 1n }),
  });

  it("come back from their words as they went in", () => {
    fc.assert(
      fc.property(payment, (one) => {
        expect(unpackEntry(one.number, packEntry(one))).toEqual(one);
      }),
    );
    expect(packEntry(null)).toBe(0n);
    expect(unpackEntry(1n, 0n)).toBeNull();
  });

  it("come back from the call that pays them, with the numbers to close", () => {
    fc.assert(
      fc.property(fc.array(fc.option(payment), { minLength: 1, maxLength: 20 }), (entries) => {
        const payments = entries.map((one, index) =>
          one === null ? null : { ...one, number: 7n + BigInt(index) },
        );
        const data = encodeInstruction({ kind: "push", assetRef: ZeroAddress, firstNumber: 7n, payments });
        const words = payments.map(packEntry);
        expect(data).toBe(vaultInterface.encodeFunctionData("payBatch", [ZeroAddress, 7n, words]));
        expect(decodePayments({ to: VAULT.toLowerCase(), data: data ?? "" }, VAULT)).toEqual(payments);
        expect(decodePayments({ to: ZeroAddress, data: data ?? "" }, VAULT)).toBeNull();
      }),
    );
  });

  it("come back from a call that is laid out as nobody does, as the vault would read it", () => {
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    const selector = new Interface(payoutVaultAbi).getFunction("payBatch")?.selector ?? "";
    const one = { number: 7n, to: VAULT, amount: 5n };
    // Another word lies between the arguments and the entries.
    const words = [0n, 7n, 0x80n, 9n, 2n, packEntry(one), 0n].map(word).join("");
    expect(decodePayments({ to: VAULT, data: selector + words }, VAULT)).toEqual([one, null]);
    // One word after the entries, which belongs to nothing.
    const longer = [0n, 7n, 0x60n, 1n, packEntry(one), 9n].map(word).join("");
    expect(decodePayments({ to: VAULT, data: selector + longer }, VAULT)).toEqual([one]);
  });

  it("refuse amounts that no word can hold", () => {
    const one = { number: 1n, to: VAULT };
    expect(() => packEntry({ ...one, amount: 0n })).toThrow("uint96");
    expect(() => packEntry({ ...one, amount: 1n << 96n })).toThrow("uint96");
  });
});

describe("a refusal of the vault", () => {
  const errors = new Interface(payoutVaultAbi);
  const table: [name: string, args: unknown[], effect: string][] = [
    ["NumberAlreadyConsumed", [7n], "word"],
    ["VaultPaused", [], "wait"],
    ["InsufficientVaultBalance", [ZeroAddress, 5n, 3n], "wait"],
    ["BucketExhausted", [ZeroAddress, 5n, 3n], "wait"],
    ["BucketExhausted", [ZeroAddress, 11n, 3n], "split"],
    ["Expired", [1n], "wait"],
    ["BadSignature", [VAULT], "wait"],
    ["NotOperator", [VAULT], "pause"],
    ["AmountNotBelowCap", [7n, 5n, 3n], "pause"],
    ["WrongSeries", [7n], "pause"],
  ];
  for (const [name, args, effect] of table) {
    it(`${name}(${args.map(String).join(", ")}) means ${effect}`, () => {
      const refusal = refusalOf(errors.encodeErrorResult(name, args), 10n);
      expect(refusal).toMatchObject({ effect, code: name });
    });
  }

  it("that it does not define waits", () => {
    expect(refusalOf("0x", 10n).effect).toBe("wait");
    expect(refusalOf("0xdeadbeef", 10n).effect).toBe("wait");
  });
});

describe("the gas that is offered", () => {
  const push = (count: number) => ({
    kind: "push" as const,
    assetRef: ZeroAddress,
    firstNumber: 1n,
    payments: Array.from({ length: count }, (_unused, i) => ({
      number: BigInt(i + 1),
      to: VAULT,
      amount: 1n,
    })),
  });

  it("covers payees that burn all they get, up to three tenths of a block", () => {
    expect(gasToOffer(40_000n, push(1), 30_000_000n)).toBe(250_000n);
    expect(gasToOffer(5_000_000n, push(500), 30_000_000n)).toBe(9_000_000n);
  });

  it("is never less than the estimate with a quarter on top", () => {
    expect(gasToOffer(14_000_000n, push(500), 30_000_000n)).toBe(17_500_000n);
  });
});

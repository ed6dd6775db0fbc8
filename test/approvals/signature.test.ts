import { hexlify, randomBytes, SigningKey, toBeHex, Wallet } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readKeySignature, signerOf } from "../../src/modules/approvals/signature.ts";

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const key = new SigningKey(`0x${"11".repeat(32)}`);
const address = new Wallet(key).address;
const digest = hexlify(randomBytes(32));

function join(r: string, s: string, v: string): string {
  return `0x${r.slice(2)}${s.slice(2)}${v}`;
}

describe("a key's signature", () => {
  it("is taken as the wallet made it and recovers to its signer", () => {
    const signed = key.sign(digest).serialized;
    const read = readKeySignature(signed);
    expect(read).toEqual({ ok: true, signature: signed });
    expect(signerOf(digest, signed)).toBe(address);
  });

  it("of a wallet that writes v as 0 or 1 becomes what the vault's ecrecover takes", () => {
    const { r, s, yParity, serialized } = key.sign(digest);
    expect(readKeySignature(join(r, s, yParity === 0 ? "00" : "01"))).toEqual({
      ok: true,
      signature: serialized,
    });
  });

  it("is refused in its malleated form, which recovers to the same signer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const signature = key.sign(hexlify(bytes));
        const malleated = join(
          signature.r,
          toBeHex(N - BigInt(signature.s), 32),
          signature.yParity === 0 ? "1c" : "1b",
        );
        expect(readKeySignature(malleated)).toMatchObject({
          ok: false,
          fault: expect.stringContaining("EIP-2"),
        });
      }),
      { numRuns: 50 },
    );
  });

  it("has an s of at most half the order, to the unit", () => {
    const { r } = key.sign(digest);
    const half = N / 2n;
    expect(readKeySignature(join(r, toBeHex(half, 32), "1b")).ok).toBe(true);
    expect(readKeySignature(join(r, toBeHex(half + 1n, 32), "1b")).ok).toBe(false);
  });

  it("is refused when a part cannot be of this curve", () => {
    const { r, s } = key.sign(digest);
    const zero = toBeHex(0n, 32);
    for (const bad of [
      "0x",
      "no hex",
      `0x${"00".repeat(64)}`,
      join(r, s, "1d"),
      join(r, s, "1b00"),
      join(zero, s, "1b"),
      join(r, zero, "1b"),
      join(toBeHex(N, 32), s, "1b"),
    ]) {
      expect(readKeySignature(bad).ok, bad).toBe(false);
    }
  });

  it("whose r is on no point of the curve is nobody's", () => {
    // x = 5 has no y on secp256k1.
    expect(signerOf(digest, join(toBeHex(5n, 32), key.sign(digest).s, "1b"))).toBeNull();
  });
});

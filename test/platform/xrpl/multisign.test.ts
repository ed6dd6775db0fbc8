import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, type Transaction, Wallet } from "xrpl";
import { readShare } from "../../../src/platform/xrpl/multisign.ts";

const approver = Wallet.generate();
const offered = {
  TransactionType: "Payment",
  Account: Wallet.generate().address,
  Destination: Wallet.generate().address,
  Amount: "500000000",
  Fee: "90",
  Sequence: 0,
  TicketSequence: 13,
  LastLedgerSequence: 21_623,
  NetworkID: 21_337,
} as unknown as Transaction;
const body = JSON.stringify(offered);
const { tx_blob: blob } = approver.sign({ ...offered, SigningPubKey: "" } as Transaction, true);

type Entry = Record<string, Record<string, unknown>>;

/** The same blob with something else as its only signer. */
function withEntry(change: (signer: Record<string, unknown>) => Entry): string {
  const decoded = decode(blob) as unknown as Record<string, unknown> & {
    Signers: { Signer: Record<string, unknown> }[];
  };
  const [entry] = decoded.Signers;
  if (entry === undefined) throw new Error("the blob carries no signer");
  return encode({ ...decoded, Signers: [change(entry.Signer)] } as unknown as Transaction);
}

describe("a share of a multi-signature", () => {
  it("is read from what a wallet signed", () => {
    expect(readShare(body, blob, approver.address)).toMatchObject({
      ok: true,
      share: { Account: approver.address, SigningPubKey: approver.publicKey },
    });
  });

  it.each([
    ["is called something else", (signer: Record<string, unknown>) => ({ Majority: signer })],
    ["names no account", ({ Account: _gone, ...rest }: Record<string, unknown>) => ({ Signer: rest })],
    ["has no key", ({ SigningPubKey: _gone, ...rest }: Record<string, unknown>) => ({ Signer: rest })],
    ["has no signature", ({ TxnSignature: _gone, ...rest }: Record<string, unknown>) => ({ Signer: rest })],
    [
      "has more than a signer has",
      (signer: Record<string, unknown>) => ({ Signer: { ...signer, Flags: 1 } }),
    ],
  ])("is malformed when its entry %s", (_name, change: (signer: Record<string, unknown>) => Entry) => {
    expect(readShare(body, withEntry(change), approver.address)).toMatchObject({
      ok: false,
      fault: { code: "malformed_share" },
    });
  });

  it("is refused, and never throws, with any bit of it turned", () => {
    for (let bit = 0; bit < blob.length * 4; bit += 1) {
      const bytes = Buffer.from(blob, "hex");
      const at = bit >> 3;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
      expect(readShare(body, bytes.toString("hex"), approver.address).ok, `bit ${bit}`).toBe(false);
    }
  });

  it("is refused, and never throws, with any bytes replaced, cut or added", () => {
    const bytes = Buffer.from(blob, "hex");
    fc.assert(
      fc.property(
        fc.nat({ max: bytes.length - 1 }),
        fc.nat({ max: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        (from, cut, insert) => {
          const made = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + cut)]);
          fc.pre(!made.equals(bytes));
          expect(readShare(body, made.toString("hex"), approver.address).ok).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

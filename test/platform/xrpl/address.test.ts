import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classicAddressToXAddress, decodeAccountID, decodeXAddress, encodeAccountID, Wallet } from "xrpl";
import { AppError } from "../../../src/platform/errors.ts";
import {
  formatXrplDestination,
  parseXrplAddress,
  parseXrplDestination,
} from "../../../src/platform/xrpl/address.ts";

const MAIN = 0;
const TEST = 1;
const ADDRESS = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
const BLACK_HOLES = [
  "rrrrrrrrrrrrrrrrrrrrrhoLvTp",
  "rrrrrrrrrrrrrrrrrrrrBZbvji",
  "rrrrrrrrrrrrrrrrrNAMEtxvNvQ",
  "rrrrrrrrrrrrrrrrrrrn5RM1rHd",
];
/** From the specification of X-addresses (XLS-5): one account without a tag, and with two. */
const SPECIFIED = [
  { x: "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb", tag: null },
  { x: "XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc", tag: 0 },
  { x: "XVLhHMPHU98es4dbozjVtdWzVrDjtV8xvjGQTYPiAx6gwDC", tag: 1 },
];
const SPECIFIED_ACCOUNT = "rGWrZyQqhTp9Xu7G5Pkayo7bXjH4k4QYpf";

const accounts = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => encodeAccountID(bytes));
const tags = fc.oneof(fc.constantFrom(null, 0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError && error.kind === "invalid") return error.code;
    throw error;
  }
  return "accepted";
}

describe("an XRP Ledger address", () => {
  it("is taken as it is", () => {
    expect(parseXrplAddress(ADDRESS)).toBe(ADDRESS);
    expect(parseXrplAddress(Wallet.generate().classicAddress)).toMatch(/^r/);
  });

  it.each([
    ["nothing", ""],
    ["a wrong checksum", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTj"],
    ["another case", ADDRESS.toLowerCase()],
    ["an EVM address", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
    ["a secret", "snoPBrXtMeMyMHUVTgbuqAfg1SUTb"],
    ["an X-address", classicAddressToXAddress(ADDRESS, false, false)],
    ["a tag behind it", `${ADDRESS}:1`],
    ["a space behind it", `${ADDRESS} `],
    ["a line break behind it", `${ADDRESS}\n`],
  ])("is not %s", (_name, text) => {
    expect(refusal(() => parseXrplAddress(text))).toBe("invalid_address");
  });

  it.each(BLACK_HOLES)("is not %s, which nobody can spend from", (text) => {
    expect(refusal(() => parseXrplAddress(text))).toBe("black_hole_address");
    expect(refusal(() => parseXrplDestination(text, { networkId: MAIN }))).toBe("black_hole_address");
    const x = classicAddressToXAddress(text, 7, false);
    expect(refusal(() => parseXrplDestination(x, { networkId: MAIN }))).toBe("black_hole_address");
  });

  it("is refused without delay however long the text is", () => {
    const long = "r".repeat(1_000_000);
    for (const text of [long, `X${long}`, `${long}:1`])
      expect(refusal(() => parseXrplDestination(text, { networkId: MAIN }))).toBe("invalid_address");
  });

  it("names the field that was wrong", () => {
    expect(() => parseXrplAddress("no", "payee")).toThrow(/^payee must be a classic address/);
  });
});

describe("an XRP Ledger destination", () => {
  it.each(SPECIFIED)("reads $x as the specification does", ({ x, tag }) => {
    expect(parseXrplDestination(x, { networkId: MAIN })).toEqual({ address: SPECIFIED_ACCOUNT, tag });
  });

  it("is the same in every form, and written in one", () => {
    fc.assert(
      fc.property(accounts, tags, fc.boolean(), (classic, tag, isMain) => {
        fc.pre(!BLACK_HOLES.includes(classic));
        const networkId = isMain ? MAIN : TEST;
        const x = classicAddressToXAddress(classic, tag ?? false, !isMain);
        const plain = tag === null ? classic : `${classic}:${tag}`;
        const expected = { address: classic, tag };
        expect(parseXrplDestination(x, { networkId })).toEqual(expected);
        expect(parseXrplDestination(plain, { networkId })).toEqual(expected);
        expect(parseXrplDestination(plain, { networkId, destinationTag: tag })).toEqual(expected);
        expect(parseXrplDestination(classic, { networkId, destinationTag: tag })).toEqual(expected);
        expect(formatXrplDestination(parseXrplDestination(x, { networkId }))).toBe(plain);
      }),
    );
  });

  it("keeps tag 0 apart from no tag", () => {
    expect(parseXrplDestination(ADDRESS, { networkId: MAIN }).tag).toBeNull();
    expect(parseXrplDestination(`${ADDRESS}:0`, { networkId: MAIN }).tag).toBe(0);
    expect(parseXrplDestination(ADDRESS, { networkId: MAIN, destinationTag: 0 }).tag).toBe(0);
    const x = classicAddressToXAddress(ADDRESS, 0, false);
    expect(parseXrplDestination(x, { networkId: MAIN }).tag).toBe(0);
    expect(refusal(() => parseXrplDestination(x, { networkId: MAIN, destinationTag: 1 }))).toBe(
      "destination_tag_contradicts",
    );
  });

  it("refuses another network's X-address and takes its own", () => {
    fc.assert(
      fc.property(accounts, tags, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (classic, tag, networkId) => {
        fc.pre(!BLACK_HOLES.includes(classic));
        const [own, other] = [networkId !== MAIN, networkId === MAIN].map((test) =>
          classicAddressToXAddress(classic, tag ?? false, test),
        );
        expect(parseXrplDestination(own ?? "", { networkId }).address).toBe(classic);
        expect(refusal(() => parseXrplDestination(other ?? "", { networkId }))).toBe("wrong_network_address");
      }),
    );
  });

  it("refuses a tag beside it that is not its own", () => {
    fc.assert(
      fc.property(tags, tags, (own, given) => {
        fc.pre(own !== null && given !== null && own !== given);
        for (const text of [`${ADDRESS}:${own}`, classicAddressToXAddress(ADDRESS, own ?? 0, false)]) {
          expect(refusal(() => parseXrplDestination(text, { networkId: MAIN, destinationTag: given }))).toBe(
            "destination_tag_contradicts",
          );
        }
      }),
    );
  });

  it.each(["", "-1", "+1", "1.0", "1e3", "01", " 1", "1 ", "4294967296", "99999999999", "0x1", "1:2", "١"])(
    'refuses the tag "%s" behind a colon',
    (digits) => {
      expect(refusal(() => parseXrplDestination(`${ADDRESS}:${digits}`, { networkId: MAIN }))).toBe(
        "invalid_destination_tag",
      );
    },
  );

  it.each([-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses the tag %s beside it",
    (destinationTag) => {
      expect(refusal(() => parseXrplDestination(ADDRESS, { networkId: MAIN, destinationTag }))).toBe(
        "invalid_destination_tag",
      );
    },
  );

  it("never fails on any text but by refusing it", () => {
    const near = fc
      .tuple(
        fc.constantFrom(ADDRESS, `${ADDRESS}:7`, ...SPECIFIED.map(({ x }) => x)),
        fc.nat({ max: 50 }),
        fc.string({ maxLength: 3, unit: "binary" }),
      )
      .map(([text, at, insert]) => text.slice(0, at) + insert + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), near), (text) => {
        const outcome = refusal(() => parseXrplDestination(text, { networkId: MAIN }));
        if (outcome !== "accepted") return;
        const read = parseXrplDestination(text, { networkId: MAIN });
        expect(parseXrplDestination(formatXrplDestination(read), { networkId: MAIN })).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses an X-address whose tag is longer than 32 bits, rather than cutting it", () => {
    const parts = [
      Buffer.from([0x05, 0x44]),
      decodeAccountID(ADDRESS),
      Buffer.from([1, 7, 0, 0, 0, 1, 0, 0, 0]),
    ];
    const text = base58Check(Buffer.concat(parts));
    expect(text).toMatch(/^X/);
    expect(decodeXAddress(text).tag).toBe(7);
    expect(refusal(() => parseXrplDestination(text, { networkId: MAIN }))).toBe("invalid_address");
  });
});

function base58Check(payload: Uint8Array): string {
  const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const bytes = Buffer.concat([payload, sha(sha(payload)).subarray(0, 4)]);
  const alphabet = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
  let text = "";
  for (let rest = BigInt(`0x${bytes.toString("hex")}`); rest > 0n; rest /= 58n) {
    text = `${alphabet[Number(rest % 58n)]}${text}`;
  }
  return text;
}
